package io.baton.coordinator.state.namespaces;

import io.baton.task.linux.Errno;
import io.baton.task.linux.Fd;
import io.baton.task.linux.Files;
import io.baton.task.linux.LinuxException;
import io.baton.task.linux.Memory;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.program.ProgramBuilder;
import java.nio.charset.StandardCharsets;

/** Values below {@code /proc/sys}; of a namespace the reader's own. */
final class Sysctl {
    private static final String FOLDER = "/proc/sys/";
    private static final int AT_FDCWD = -100;
    private static final int O_WRONLY = 1;
    private static final int OPENED = 0;

    private Sysctl() {}

    /** A value without its end of line; empty if this kernel has none. */
    static String read(String name) {
        try {
            return VirtualFile.text(FOLDER + name).strip();
        } catch (LinuxException e) {
            if (e.errno() == Errno.ENOENT) {
                return "";
            }
            throw e;
        }
    }

    /** Writes a value at once. */
    static void write(String name, String value) {
        byte[] bytes = value.getBytes(StandardCharsets.US_ASCII);
        try (Fd file = Files.open(FOLDER + name, Files.O_WRONLY | Files.O_CLOEXEC);
                Memory memory = Memory.allocate(bytes.length)) {
            memory.buffer().putBytes(0, bytes);
            Files.write(file.number(), memory.address(), bytes.length);
        }
    }

    /** Writes a value. */
    static void write(String name, String value, ProgramBuilder program) {
        int path = program.string(FOLDER + name);
        int text = program.string(value);
        program.call(SyscallNumber.OPENAT)
                .value(AT_FDCWD)
                .data(path)
                .value(O_WRONLY)
                .value(0)
                .store(OPENED);
        program.call(SyscallNumber.WRITE)
                .register(OPENED)
                .data(text)
                .value(value.length())
                .expect(value.length());
        program.call(SyscallNumber.CLOSE).register(OPENED);
    }
}
