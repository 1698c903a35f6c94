package io.baton.coordinator.restore;

import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.error.ErrorCode;
import io.baton.coordinator.state.memory.AddressSpace;
import io.baton.mktree.image.proto.PstreeEntry;
import io.baton.mktree.launch.Helper;
import io.baton.mktree.tree.TreeFromImage;
import io.baton.task.linux.ProcFs;
import io.baton.task.linux.VanishedException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** The living processes of an image, read once, and the addresses they use. */
final class Processes {
    private static final long PAUSE_NANOS = 50_000;
    private static final long HELPER_NANOS = TimeUnit.SECONDS.toNanos(5);

    private final SavedTree tree;
    private final @Nullable SavedProcess[] read;
    private final AddressSpace addresses = new AddressSpace();

    Processes(final SavedTree tree) {
        this.tree = tree;
        this.read = new SavedProcess[tree.entries().size()];
    }

    /** The process of that row of the tree. */
    SavedProcess process(final int entry) {
        SavedProcess process = read[entry];
        if (process == null) {
            process = SavedProcess.read(tree, entry);
            read[entry] = process;
        }
        return process;
    }

    /** The union of all address ranges in use. */
    AddressSpace addresses() {
        return addresses;
    }

    /** Waits until every task that has to become a zombie is one. */
    static void awaitZombies(final SavedTree tree, final Operation operation) {
        try (ProcFs proc = new ProcFs()) {
            for (final PstreeEntry entry : tree.entries()) {
                if (TreeFromImage.isZombie(entry)) {
                    operation.await(() -> isDead(proc, operation.ids().of(entry.getPid())), () -> {
                        LockSupport.parkNanos(PAUSE_NANOS); // a death rings no bell
                        return true;
                    });
                }
            }
        }
    }

    private static boolean isDead(final ProcFs proc, final int pid) {
        try {
            return proc.stat(pid).isZombie();
        } catch (final VanishedException e) {
            throw new BatonException(
                    ErrorCode.TASK_FAILED, "pid " + pid + ": the zombie was reaped by its parent", "", e);
        }
    }

    /** Waits for the helper's end after the gate. */
    static void awaitHelper(final Helper helper) {
        final long until = System.nanoTime() + HELPER_NANOS;
        while (helper.poll() == null) {
            if (System.nanoTime() - until > 0) {
                throw new BatonException(ErrorCode.TIMEOUT, "the helper does not end", "");
            }
            LockSupport.parkNanos(PAUSE_NANOS);
        }
    }
}
