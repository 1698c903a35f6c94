package io.baton.coordinator.state.identity;

import io.baton.task.linux.Files;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.program.ProgramBuilder;
import java.nio.charset.StandardCharsets;

/** Instructions by which a task writes a file of its own below {@code /proc/self}; before it changes its root. */
final class OwnProcFile {
    private static final int FILE = 0;

    private OwnProcFile() {}

    static void write(String name, String text, ProgramBuilder program) {
        int path = program.string("/proc/self/" + name);
        int content = program.string(text);
        int length = text.getBytes(StandardCharsets.US_ASCII).length;
        program.call(SyscallNumber.OPENAT)
                .value(Files.AT_FDCWD)
                .data(path)
                .value(Files.O_WRONLY)
                .value(0)
                .store(FILE);
        program.call(SyscallNumber.WRITE)
                .register(FILE)
                .data(content)
                .value(length)
                .expect(length);
        program.call(SyscallNumber.CLOSE).register(FILE);
    }
}
