package io.baton.task.linux;

/**
 * Where a thread keeps the list of robust futexes the kernel is to release at its death.
 *
 * @param head address in the thread's memory, 0 if it has none.
 * @param length of the head.
 */
public record RobustList(long head, long length) {
    /** Asks of a thread, 0 for the caller. */
    public static RobustList of(final int tid) {
        final Scratch scratch = Scratch.get();
        final long address = scratch.address();
        final long result = SystemCall.call(SyscallNumber.GET_ROBUST_LIST, tid, address, address + 8);
        if (result == -Errno.ESRCH) {
            throw new VanishedException("get_robust_list", Errno.ESRCH, "tid=" + tid);
        }
        SystemCall.check(result, SyscallNumber.GET_ROBUST_LIST, "tid", tid);
        return new RobustList(
                scratch.structure().getLong(0), scratch.structure().getLong(8));
    }
}
