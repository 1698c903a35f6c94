package io.baton.coordinator.state.namespaces;

import io.baton.task.linux.Fd;
import io.baton.task.linux.Files;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.linux.SystemCall;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.function.Supplier;

/**
 * Looks at things from inside a namespace, on a thread that enters it and ends there: in the kernel it is threads that are
 * in namespaces, and ours are to stay where they are.
 */
public final class Visit {
    private Visit() {}

    /** Something done in the namespace of that task. */
    public static <T> T of(int task, Namespace namespace, Supplier<T> look) {
        return onThread(() -> {
            try (Fd fd = Files.open("/proc/" + task + "/" + namespace.link(), Files.O_RDONLY | Files.O_CLOEXEC)) {
                check(SystemCall.call(SyscallNumber.SETNS, fd.number(), namespace.flag()), SyscallNumber.SETNS);
            }
            return look.get();
        });
    }

    /** Something done in a new namespace, which is gone afterwards. */
    static <T> T ofNew(Namespace namespace, Supplier<T> look) {
        return onThread(() -> {
            check(SystemCall.call(SyscallNumber.UNSHARE, namespace.flag()), SyscallNumber.UNSHARE);
            return look.get();
        });
    }

    /** The thread of a visit becomes another user; to the kernel, users are the thread's. */
    static void become(int user) {
        check(SystemCall.call(SyscallNumber.SETRESUID, -1, user, -1), SyscallNumber.SETRESUID);
    }

    private static void check(long result, int number) {
        SystemCall.check(result, number);
    }

    private static <T> T onThread(Supplier<T> look) {
        FutureTask<T> task = new FutureTask<>(look::get);
        Thread thread = new Thread(task, "namespace");
        thread.setDaemon(true);
        thread.start();
        try {
            return task.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RuntimeException failure) {
                throw failure;
            }
            throw new IllegalStateException(e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
    }
}
