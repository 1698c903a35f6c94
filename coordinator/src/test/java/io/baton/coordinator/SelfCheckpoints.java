package io.baton.coordinator;

import io.baton.task.suspend.Checkpoint;
import io.baton.task.suspend.CheckpointException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

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
        // With a freezer group: the hierarchy that our parent is the root of; we are not in it.
        Path group = arguments.length > 4 ? Path.of(arguments[4]) : null;
        int root = group == null
                ? 0
                : (int) ProcessHandle.current().parent().orElseThrow().pid();
        Checkpoint.Options options = new Checkpoint.Options(root, arguments[0], List.of("--no-journal", "-v1"));
        while (group != null
                && Files.readAllLines(group.resolve("cgroup.procs")).size() < 3) {
            Thread.sleep(1);
        }
        for (int round = 0; round < Integer.parseInt(arguments[3]); round++) {
            String result;
            freeze(group, true);
            try {
                result = Integer.toString(Checkpoint.self(Path.of(arguments[2], Integer.toString(round)), options));
            } catch (CheckpointException e) {
                result = "failed: " + e.getMessage();
            }
            freeze(group, false);
            Files.writeString(log, round + " " + result + "\n", StandardOpenOption.APPEND);
        }
        Thread.sleep(Long.MAX_VALUE);
    }

    private static void freeze(@Nullable Path group, boolean frozen) throws Exception {
        if (group == null) {
            return;
        }
        boolean old = Files.exists(group.resolve("freezer.state"));
        if (old) {
            Files.writeString(group.resolve("freezer.state"), frozen ? "FROZEN" : "THAWED");
        } else {
            Files.writeString(group.resolve("cgroup.freeze"), frozen ? "1" : "0");
        }
        Path state = group.resolve(old ? "freezer.state" : "cgroup.events");
        while (frozen && !Files.readString(state).contains(old ? "FROZEN" : "frozen 1")) {
            Thread.sleep(1);
        }
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
