package io.baton.task.linux;

import org.agrona.concurrent.UnsafeBuffer;

/** Capability sets of a thread, bit n for capability n. Source: {@code capget(2)}. */
public record Capabilities(long effective, long permitted, long inheritable) {
    public static final int CAP_KILL = 5;
    public static final int CAP_SETPCAP = 8;
    public static final int CAP_NET_ADMIN = 12;
    public static final int CAP_SYS_PTRACE = 19;
    public static final int CAP_SYS_CHROOT = 18;
    public static final int CAP_SYS_ADMIN = 21;
    public static final int CAP_SYS_RESOURCE = 24;
    public static final int CAP_CHECKPOINT_RESTORE = 40;

    private static final int VERSION_3 = 0x2008_0522;

    /** Those of a thread, 0 for the caller. */
    public static Capabilities of(final int tid) {
        final Scratch scratch = Scratch.get();
        final UnsafeBuffer buffer = header(scratch, tid);
        final long result = SystemCall.call(SyscallNumber.CAPGET, scratch.address(), scratch.address() + 8);
        SystemCall.check(result, SyscallNumber.CAPGET, "tid", tid);
        return new Capabilities(word(buffer, 8), word(buffer, 12), word(buffer, 16));
    }

    public boolean has(final int capability) {
        return (effective >>> capability & 1) != 0;
    }

    /** Makes these the calling thread's own, as far as it may. */
    public void apply() {
        final Scratch scratch = Scratch.get();
        final UnsafeBuffer buffer = header(scratch, 0);
        putWord(buffer, 8, effective);
        putWord(buffer, 12, permitted);
        putWord(buffer, 16, inheritable);
        final long result = SystemCall.call(SyscallNumber.CAPSET, scratch.address(), scratch.address() + 8);
        SystemCall.check(result, SyscallNumber.CAPSET);
    }

    private static UnsafeBuffer header(final Scratch scratch, final int tid) {
        final UnsafeBuffer buffer = scratch.structure();
        buffer.putInt(0, VERSION_3);
        buffer.putInt(4, tid);
        return buffer;
    }

    /** The kernel has the low halves of the three sets first, then the high ones. */
    private static long word(final UnsafeBuffer buffer, final int offset) {
        return (buffer.getInt(offset) & 0xffff_ffffL) | (long) buffer.getInt(offset + 12) << 32;
    }

    private static void putWord(final UnsafeBuffer buffer, final int offset, final long word) {
        buffer.putInt(offset, (int) word);
        buffer.putInt(offset + 12, (int) (word >>> 32));
    }
}
