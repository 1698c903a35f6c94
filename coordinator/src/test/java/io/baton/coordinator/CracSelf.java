package io.baton.coordinator;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.crac.Context;
import org.crac.Core;
import org.crac.Resource;

/** A JVM that checkpoints itself by org.crac. Argument: a file to append to what happens. */
final class CracSelf implements Resource {
    private static Path log = Path.of("");

    private final String name;

    private CracSelf(String name) {
        this.name = name;
    }

    @SuppressWarnings("deprecation") // what programs use
    public static void main(String[] arguments) throws Exception {
        log = Path.of(arguments[0]);
        CracSelf first = new CracSelf("first");
        CracSelf second = new CracSelf("second");
        Core.getGlobalContext().register(first);
        Core.getGlobalContext().register(second);
        try {
            Core.checkpointRestore();
            say("back");
        } catch (org.crac.CheckpointException e) {
            say("not done: " + e.getSuppressed()[0]);
        }
        Thread.sleep(Long.MAX_VALUE);
        say(first.name + second.name);
    }

    private static void say(String what) throws IOException {
        Files.writeString(log, what + "\n", StandardOpenOption.APPEND);
    }

    @Override
    public void beforeCheckpoint(Context<? extends Resource> context) throws IOException {
        say("before " + name);
    }

    @Override
    public void afterRestore(Context<? extends Resource> context) throws IOException {
        say("after " + name);
    }
}
