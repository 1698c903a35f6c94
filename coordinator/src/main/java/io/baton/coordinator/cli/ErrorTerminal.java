package io.baton.coordinator.cli;

import io.baton.task.linux.Files;
import io.baton.task.linux.LinuxException;
import io.baton.task.linux.Memory;

/** The terminal that standard error leads to, if it does. */
final class ErrorTerminal {
    private static final int STDERR = 2;
    private static final int TIOCGWINSZ = 0x5413;
    private static final int COLUMNS = 2;
    private static final int USUAL = 80;

    private ErrorTerminal() {}

    /** Its width in characters; 0: it is no terminal. */
    static int columns() {
        try (Memory size = Memory.allocate(Long.BYTES)) {
            Files.ioctl(STDERR, TIOCGWINSZ, size.address());
            int columns = size.buffer().getShort(COLUMNS) & 0xffff;
            return columns == 0 ? USUAL : columns;
        } catch (LinuxException e) {
            return 0;
        }
    }
}
