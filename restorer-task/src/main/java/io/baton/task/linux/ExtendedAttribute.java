package io.baton.task.linux;

import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** A named text beside a file. Source: {@code xattr(7)}. */
public final class ExtendedAttribute {
    private static final int CREATE = 1;
    private static final int LONGEST = 1024;

    private ExtendedAttribute() {}

    /** Sets one that is not there yet; whether it was not. */
    public static boolean create(final Fd file, final String name, final String value) {
        final byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
        try (Memory memory = Memory.allocate(bytes.length)) {
            memory.buffer().putBytes(0, bytes);
            final long result = SystemCall.call(
                    SyscallNumber.FSETXATTR,
                    file.number(),
                    Scratch.get().path(name),
                    memory.address(),
                    bytes.length,
                    CREATE);
            if (result == -Errno.EEXIST) {
                return false;
            }
            SystemCall.check(result, SyscallNumber.FSETXATTR, name);
            return true;
        }
    }

    /** Its value; null if there is none. */
    public static @Nullable String get(final Fd file, final String name) {
        try (Memory memory = Memory.allocate(LONGEST)) {
            final long result = SystemCall.call(
                    SyscallNumber.FGETXATTR, file.number(), Scratch.get().path(name), memory.address(), LONGEST);
            if (result == -Errno.ENODATA) {
                return null;
            }
            final int length = (int) SystemCall.check(result, SyscallNumber.FGETXATTR, name);
            return Memory.readString(memory.buffer(), 0, length);
        }
    }

    /** Removes it; whether it was there. */
    public static boolean remove(final Fd file, final String name) {
        final long result = SystemCall.call(
                SyscallNumber.FREMOVEXATTR, file.number(), Scratch.get().path(name));
        if (result == -Errno.ENODATA) {
            return false;
        }
        SystemCall.check(result, SyscallNumber.FREMOVEXATTR, name);
        return true;
    }
}
