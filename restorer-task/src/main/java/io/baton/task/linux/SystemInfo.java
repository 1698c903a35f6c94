package io.baton.task.linux;

import org.agrona.concurrent.UnsafeBuffer;

/** The kernel and the machine. Source: {@code uname(2)}, {@code sysinfo(2)}. */
public final class SystemInfo {
    private static final int NAME_LENGTH = 65;

    private SystemInfo() {}

    /** Names of the kernel and the host. */
    public record Names(String system, String node, String release, String version, String machine, String domain) {}

    /**
     * State of the machine.
     *
     * @param uptime in seconds.
     * @param totalMemory in bytes, as are the others.
     * @param tasks threads there are.
     */
    public record Usage(long uptime, long totalMemory, long freeMemory, long totalSwap, long freeSwap, int tasks) {}

    public static Names names() {
        final Scratch scratch = Scratch.get();
        SystemCall.check(SystemCall.call(SyscallNumber.UNAME, scratch.address()), SyscallNumber.UNAME);
        final UnsafeBuffer buffer = scratch.structure();
        return new Names(
                Memory.readCString(buffer, 0, NAME_LENGTH),
                Memory.readCString(buffer, NAME_LENGTH, NAME_LENGTH),
                Memory.readCString(buffer, 2 * NAME_LENGTH, NAME_LENGTH),
                Memory.readCString(buffer, 3 * NAME_LENGTH, NAME_LENGTH),
                Memory.readCString(buffer, 4 * NAME_LENGTH, NAME_LENGTH),
                Memory.readCString(buffer, 5 * NAME_LENGTH, NAME_LENGTH));
    }

    public static Usage usage() {
        final Scratch scratch = Scratch.get();
        SystemCall.check(SystemCall.call(SyscallNumber.SYSINFO, scratch.address()), SyscallNumber.SYSINFO);
        final UnsafeBuffer buffer = scratch.structure();
        final long unit = buffer.getInt(104);
        return new Usage(
                buffer.getLong(0),
                buffer.getLong(32) * unit,
                buffer.getLong(40) * unit,
                buffer.getLong(64) * unit,
                buffer.getLong(72) * unit,
                buffer.getShort(80) & 0xffff);
    }
}
