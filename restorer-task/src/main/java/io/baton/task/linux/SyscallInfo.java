package io.baton.task.linux;

import java.util.ArrayList;
import java.util.List;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * The system call a stopped task is at.
 *
 * @param stop one of {@code NONE}, {@code ENTRY}, {@code EXIT}, {@code SECCOMP}.
 * @param number of the call at entry; the result at exit.
 * @param arguments six at entry, none otherwise.
 */
public record SyscallInfo(
        int stop, int architecture, long instructionPointer, long stackPointer, long number, List<Long> arguments) {
    public static final int NONE = 0;
    public static final int ENTRY = 1;
    public static final int EXIT = 2;
    public static final int SECCOMP = 3;
    /** The architecture of 64-bit calls; a task may also make 32-bit ones. */
    public static final int AUDIT_ARCH_X86_64 = 0xc000_003e;

    static SyscallInfo decode(final UnsafeBuffer info) {
        final int stop = info.getByte(0);
        final List<Long> arguments = new ArrayList<>(6);
        for (int i = 0; i < (stop == ENTRY || stop == SECCOMP ? 6 : 0); i++) {
            arguments.add(info.getLong(32 + 8 * i));
        }
        final long number = stop == NONE ? -1 : info.getLong(24);
        return new SyscallInfo(stop, info.getInt(4), info.getLong(8), info.getLong(16), number, arguments);
    }
}
