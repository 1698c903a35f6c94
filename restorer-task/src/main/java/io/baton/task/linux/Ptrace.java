package io.baton.task.linux;

import org.agrona.concurrent.UnsafeBuffer;

/**
 * Seizes tasks and examines and changes them while they are stopped. Source: {@code ptrace(2)}.
 *
 * <p><b>One thread only.</b> The kernel holds the <em>thread</em> that seized a task to be its tracer: requests, and
 * waits for the task, made by any other thread of this JVM fail with ESRCH and ECHILD. When that thread ends, its
 * tasks are let go (or killed, under {@link #O_EXITKILL}). All but {@link #seize} and {@link #interrupt} need the
 * task stopped, and give ESRCH if it runs.
 */
public final class Ptrace {
    public static final int O_TRACESYSGOOD = 1;
    public static final int O_TRACEFORK = 1 << 1;
    public static final int O_TRACEVFORK = 1 << 2;
    public static final int O_TRACECLONE = 1 << 3;
    public static final int O_TRACEEXEC = 1 << 4;
    public static final int O_TRACEVFORKDONE = 1 << 5;
    public static final int O_TRACEEXIT = 1 << 6;
    public static final int O_TRACESECCOMP = 1 << 7;
    public static final int O_EXITKILL = 1 << 20;
    public static final int O_SUSPEND_SECCOMP = 1 << 21;

    public static final int EVENT_FORK = 1;
    public static final int EVENT_VFORK = 2;
    public static final int EVENT_CLONE = 3;
    public static final int EVENT_EXEC = 4;
    public static final int EVENT_VFORK_DONE = 5;
    public static final int EVENT_EXIT = 6;
    public static final int EVENT_SECCOMP = 7;
    /** Stopped by {@link #interrupt}, or by a group stop; then the stop signal says which one. */
    public static final int EVENT_STOP = 128;

    /** General registers, {@link UserRegs}. */
    public static final int NT_PRSTATUS = 1;
    /** All extended state, in the CPU's own XSAVE layout. */
    public static final int NT_X86_XSTATE = 0x202;

    /** Address of a shadow stack; there is none where the set cannot be had. */
    public static final int NT_X86_SHSTK = 0x204;

    private static final int PEEKUSER = 3;
    private static final int POKEUSER = 6;
    private static final int CONT = 7;
    private static final int SINGLESTEP = 9;
    private static final int DETACH = 17;
    private static final int SYSCALL = 24;
    private static final int SETOPTIONS = 0x4200;
    private static final int GETEVENTMSG = 0x4201;
    private static final int GETSIGINFO = 0x4202;
    private static final int SETSIGINFO = 0x4203;
    private static final int GETREGSET = 0x4204;
    private static final int SETREGSET = 0x4205;
    private static final int SEIZE = 0x4206;
    private static final int INTERRUPT = 0x4207;
    private static final int LISTEN = 0x4208;
    private static final int PEEKSIGINFO = 0x4209;
    private static final int GETSIGMASK = 0x420a;
    private static final int SETSIGMASK = 0x420b;
    private static final int SECCOMP_GET_FILTER = 0x420c;
    private static final int SECCOMP_GET_METADATA = 0x420d;
    private static final int GET_SYSCALL_INFO = 0x420e;
    private static final int GET_RSEQ_CONFIGURATION = 0x420f;

    private static final int PEEKSIGINFO_SHARED = 1;
    private static final int SIGNAL_MASK_LENGTH = 8;
    private static final int SYSCALL_INFO_LENGTH = 88;
    private static final int RSEQ_LENGTH = 24;
    private static final int SECCOMP_METADATA_LENGTH = 16;

    private Ptrace() {}

    /**
     * A thread's registration for restartable sequences.
     *
     * @param address of its area, 0 if it has none.
     */
    public record RseqConfiguration(long address, int size, int signature, int flags) {}

    /** Becomes the tracer of a task without stopping it; {@code options} of {@code O_...}. */
    public static void seize(final int tid, final int options) {
        check(request(SEIZE, tid, 0, options), "seize", tid);
    }

    /** Asks a seized task to stop; the stop is then waited for, with {@link #EVENT_STOP}. */
    public static void interrupt(final int tid) {
        check(request(INTERRUPT, tid, 0, 0), "interrupt", tid);
    }

    /** Lets a task run; {@code signal} is delivered to it, 0 for none. */
    public static void resume(final int tid, final int signal) {
        check(request(CONT, tid, 0, signal), "cont", tid);
    }

    /** Lets a task run until it enters or leaves a system call. */
    public static void resumeToSyscall(final int tid, final int signal) {
        check(request(SYSCALL, tid, 0, signal), "syscall", tid);
    }

    public static void step(final int tid, final int signal) {
        check(request(SINGLESTEP, tid, 0, signal), "singlestep", tid);
    }

    /** Leaves a task in its group stop, yet told of when it ends. */
    public static void listen(final int tid) {
        check(request(LISTEN, tid, 0, 0), "listen", tid);
    }

    /** Lets a stopped task go for good. */
    public static void detach(final int tid, final int signal) {
        check(request(DETACH, tid, 0, signal), "detach", tid);
    }

    public static void setOptions(final int tid, final int options) {
        check(request(SETOPTIONS, tid, 0, options), "setoptions", tid);
    }

    /**
     * Reads a set of registers.
     *
     * @param type such as {@link #NT_PRSTATUS}.
     * @param address here to put it.
     * @param length room there is.
     * @return bytes the set took.
     */
    public static int getRegisterSet(final int tid, final int type, final long address, final int length) {
        final UnsafeBuffer vector = vector(address, length);
        check(request(GETREGSET, tid, type, vector.addressOffset()), "getregset", tid);
        return (int) vector.getLong(8);
    }

    /** Writes a set of registers, as {@link #getRegisterSet} gave it. */
    public static void setRegisterSet(final int tid, final int type, final long address, final int length) {
        check(request(SETREGSET, tid, type, vector(address, length).addressOffset()), "setregset", tid);
    }

    public static void getRegisters(final int tid, final UserRegs registers) {
        getRegisterSet(tid, NT_PRSTATUS, registers.address(), UserRegs.LENGTH);
    }

    public static void setRegisters(final int tid, final UserRegs registers) {
        setRegisterSet(tid, NT_PRSTATUS, registers.address(), UserRegs.LENGTH);
    }

    /** A word of the kernel's {@code struct user}; the raw call, unlike the C library's, puts it into memory. */
    public static long peekUser(final int tid, final int offset) {
        final Scratch scratch = Scratch.get();
        check(request(PEEKUSER, tid, offset, scratch.address()), "peekuser", tid);
        return scratch.structure().getLong(0);
    }

    public static void pokeUser(final int tid, final int offset, final long value) {
        check(request(POKEUSER, tid, offset, value), "pokeuser", tid);
    }

    /** Blocked signals, bit 0 for signal 1. */
    public static long getSignalMask(final int tid) {
        final Scratch scratch = Scratch.get();
        check(request(GETSIGMASK, tid, SIGNAL_MASK_LENGTH, scratch.address()), "getsigmask", tid);
        return scratch.structure().getLong(0);
    }

    public static void setSignalMask(final int tid, final long mask) {
        final Scratch scratch = Scratch.get();
        scratch.structure().putLong(0, mask);
        check(request(SETSIGMASK, tid, SIGNAL_MASK_LENGTH, scratch.address()), "setsigmask", tid);
    }

    /** The signal a task stopped for, {@link SignalInfo#LENGTH} bytes. */
    public static void getSignalInfo(final int tid, final long address) {
        check(request(GETSIGINFO, tid, 0, address), "getsiginfo", tid);
    }

    public static void setSignalInfo(final int tid, final long address) {
        check(request(SETSIGINFO, tid, 0, address), "setsiginfo", tid);
    }

    /**
     * Reads queued signals and leaves them queued.
     *
     * @param shared those sent to the process instead of the thread.
     * @param offset index of the first.
     * @param address for {@code count} times {@link SignalInfo#LENGTH} bytes.
     * @return how many there were, at most {@code count}.
     */
    public static int peekSignals(
            final int tid, final boolean shared, final long offset, final int count, final long address) {
        final Scratch scratch = Scratch.get();
        scratch.structure().putLong(0, offset);
        scratch.structure().putInt(8, shared ? PEEKSIGINFO_SHARED : 0);
        scratch.structure().putInt(12, count);
        return (int) check(request(PEEKSIGINFO, tid, scratch.address(), address), "peeksiginfo", tid);
    }

    /** What goes with the event a task stopped at: the new pid, or the exit status. */
    public static long getEventMessage(final int tid) {
        final Scratch scratch = Scratch.get();
        check(request(GETEVENTMSG, tid, 0, scratch.address()), "geteventmsg", tid);
        return scratch.structure().getLong(0);
    }

    /**
     * The n-th seccomp filter of a task, the first it installed being 0, as classic BPF instructions of 8 bytes.
     *
     * @param address for the instructions, or 0 to only count them.
     * @return how many there are; 0 if there is no n-th filter.
     */
    public static int getSeccompFilter(final int tid, final int index, final long address) {
        final long result = request(SECCOMP_GET_FILTER, tid, index, address);
        return result == -Errno.ENOENT ? 0 : (int) check(result, "seccomp_get_filter", tid);
    }

    /** The {@code SECCOMP_FILTER_FLAG_...} of the n-th filter, as far as the kernel tells. */
    public static long getSeccompFlags(final int tid, final int index) {
        final Scratch scratch = Scratch.get();
        scratch.structure().putLong(0, index);
        check(
                request(SECCOMP_GET_METADATA, tid, SECCOMP_METADATA_LENGTH, scratch.address()),
                "seccomp_get_metadata",
                tid);
        return scratch.structure().getLong(8);
    }

    public static SyscallInfo getSyscallInfo(final int tid) {
        final Scratch scratch = Scratch.get();
        check(request(GET_SYSCALL_INFO, tid, SYSCALL_INFO_LENGTH, scratch.address()), "get_syscall_info", tid);
        return SyscallInfo.decode(scratch.structure());
    }

    public static RseqConfiguration getRseqConfiguration(final int tid) {
        final Scratch scratch = Scratch.get();
        check(request(GET_RSEQ_CONFIGURATION, tid, RSEQ_LENGTH, scratch.address()), "get_rseq_configuration", tid);
        final UnsafeBuffer rseq = scratch.structure();
        return new RseqConfiguration(rseq.getLong(0), rseq.getInt(8), rseq.getInt(12), rseq.getInt(16));
    }

    private static long request(final int request, final int tid, final long address, final long data) {
        return SystemCall.call(SyscallNumber.PTRACE, request, tid, address, data);
    }

    private static long check(final long result, final String request, final int tid) {
        if (result < 0) {
            throw new LinuxException("ptrace ".concat(request), (int) -result, "tid=".concat(Integer.toString(tid)));
        }
        return result;
    }

    private static UnsafeBuffer vector(final long address, final int length) {
        final UnsafeBuffer vector = Scratch.get().structure();
        vector.putLong(0, address);
        vector.putLong(8, length);
        return vector;
    }
}
