package io.baton.coordinator;

import io.baton.task.suspend.Checkpoint;
import io.baton.task.suspend.CheckpointException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/** A JVM that checkpoints itself, with garbage being made and collected; arguments as {@code task-checkpoints} has them. */
final class SelfCheckpoints {
    private static final int BLOCK = 10_000;
    private static final int KEPT = 500;

    private SelfCheckpoints() {}

    public static void main(String[] arguments) throws Exception {
        Path log = Path.of(arguments[1]);
        Thread garbage = new Thread(SelfCheckpoints::makeGarbage, "garbage");
        garbage.setDaemon(true);
        garbage.start();
        Checkpoint.Options options = new Checkpoint.Options(0, arguments[0], List.of("--no-journal", "-v1"));
        for (int round = 0; round < Integer.parseInt(arguments[3]); round++) {
            String result;
            try {
                result = Integer.toString(Checkpoint.self(Path.of(arguments[2], Integer.toString(round)), options));
            } catch (CheckpointException e) {
                result = "failed: " + e.getMessage();
            }
            Files.writeString(log, round + " " + result + "\n", StandardOpenOption.APPEND);
        }
        Thread.sleep(Long.MAX_VALUE);
    }

    private static void makeGarbage() {
        List<byte[]> kept = new ArrayList<>();
        while (true) {
            kept.add(new byte[BLOCK]);
            if (kept.size() > KEPT) {
                kept = new ArrayList<>();
            }
        }
    }
}
