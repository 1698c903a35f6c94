package io.baton.task.crac;

import io.baton.task.suspend.Checkpoint;
import io.baton.task.suspend.Suspend;
import java.nio.file.Path;
import java.util.List;

/**
 * The coordination service; as {@code org.crac.Core}. The first resource that is registered makes this JVM one that is asked
 * before a dump. A resource that throws is against the dump: then all are told that the JVM runs on, and it is halted
 * with those that were not asked; {@code baton dump --suspend-required} leaves off instead.
 */
public final class Core {
    /** Names the directory that {@link #checkpointRestore} writes its image to. */
    private static final String IMAGES = "baton.task.checkpointTo";

    /** Names the launcher that writes it, if it is not found as {@link Checkpoint} finds it. */
    private static final String LAUNCHER = "baton.task.launcher";

    /** As of a process that a CRaC JVM has checkpointed: killed. */
    private static final int CHECKPOINTED = 137;

    private static final GlobalContext GLOBAL = new GlobalContext(() -> Suspend.register(Core::suspend));
    private static final Object BUSY = new Object();

    private Core() {}

    /** The global context. */
    public static Context<Resource> getGlobalContext() {
        return GLOBAL;
    }

    /**
     * Checkpoints this JVM into the directory that the system property {@code baton.task.checkpointTo} names, and ends it;
     * returns in the one that was restored.
     *
     * @throws CheckpointException if a resource was against it or there is no image; this JVM runs on
     * @throws RestoreException if a resource could not go on; this JVM is the restored one
     * @throws UnsupportedOperationException if the property is not set
     */
    public static void checkpointRestore() throws CheckpointException, RestoreException {
        String images = System.getProperty(IMAGES);
        if (images == null) {
            throw new UnsupportedOperationException("-D" + IMAGES + "=DIRECTORY is not given");
        }
        synchronized (BUSY) {
            CheckpointException failure = new CheckpointException();
            try {
                GLOBAL.beforeCheckpoint(GLOBAL);
                if (Checkpoint.self(Path.of(images), options()) > 0) {
                    Runtime.getRuntime().halt(CHECKPOINTED);
                }
                failure = null;
            } catch (CheckpointException e) {
                failure = e;
            } catch (RuntimeException e) {
                failure.addSuppressed(e);
            }
            runOn(failure);
        }
    }

    private static Checkpoint.Options options() {
        return new Checkpoint.Options(0, System.getProperty(LAUNCHER), List.of());
    }

    private static void runOn(@org.jspecify.annotations.Nullable CheckpointException failure)
            throws CheckpointException, RestoreException {
        try {
            GLOBAL.afterRestore(GLOBAL);
        } catch (RestoreException e) {
            if (failure == null) {
                throw e;
            }
            for (Throwable suppressed : e.getSuppressed()) {
                failure.addSuppressed(suppressed);
            }
        }
        if (failure != null) {
            throw failure;
        }
    }

    /** START SUSPEND, and all that follows. */
    private static boolean suspend() {
        synchronized (BUSY) {
            boolean willing = true;
            try {
                GLOBAL.beforeCheckpoint(GLOBAL);
                Suspend.complete();
            } catch (CheckpointException e) {
                willing = false;
                report(e);
                Suspend.reason(e.getSuppressed()[0].toString());
            }
            try {
                GLOBAL.afterRestore(GLOBAL);
            } catch (RestoreException e) {
                report(e);
            }
            return willing;
        }
    }

    /** Nobody has called us who could be told. */
    private static void report(Exception e) {
        for (Throwable suppressed : e.getSuppressed()) {
            System.err.println("org.crac: " + suppressed);
        }
    }
}
