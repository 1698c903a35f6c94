package io.baton.coordinator.state.files;

import io.baton.task.linux.Fd;
import io.baton.task.linux.FileStatus;
import io.baton.task.linux.Files;
import io.baton.task.linux.Memory;

/** Pseudo terminals by the numbers of the kernel's admin-guide/devices.txt and {@code ioctl_tty(2)}. */
final class PseudoTerminal {
    static final long TIOCSCTTY = 0x540e;
    static final long TIOCSPGRP = 0x5410;
    static final long TIOCSWINSZ = 0x5414;
    static final long TIOCPKT = 0x5420;
    static final long TIOCEXCL = 0x540c;
    static final long TIOCSPTLCK = 0x40045431L;
    static final long TIOCGPTN = 0x80045430L;
    static final long TIOCGPKT = 0x80045438L;
    static final long TIOCGPTLCK = 0x80045439L;
    /** The highest number there can be (pty.max of the kernel's sysctl is 4096). */
    static final int MOST = 1 << 15;

    static final String MULTIPLEXER = "/dev/ptmx";
    static final String SLAVES = "/dev/pts/";

    private static final int ALTERNATE = 5;
    private static final int MULTIPLEXER_MINOR = 2;
    private static final int FIRST_SLAVE = 136;
    private static final int LAST_SLAVE = 143;
    private static final int MINORS = 256;

    private PseudoTerminal() {}

    /** Whether it is what masters are opened by. */
    static boolean isMaster(long device) {
        return FileStatus.major(device) == ALTERNATE && FileStatus.minor(device) == MULTIPLEXER_MINOR;
    }

    static boolean isSlave(long device) {
        int major = FileStatus.major(device);
        return major >= FIRST_SLAVE && major <= LAST_SLAVE;
    }

    /** The number of a slave, as in its name. */
    static int index(long device) {
        return (FileStatus.major(device) - FIRST_SLAVE) * MINORS + FileStatus.minor(device);
    }

    /** The device of a slave. */
    static long device(int index) {
        return FileStatus.device(FIRST_SLAVE + index / MINORS, index % MINORS);
    }

    /** The number of the slave that belongs to a master. */
    static int index(Fd master) {
        return read(master, TIOCGPTN);
    }

    /** What an ioctl tells in an int. */
    static int read(Fd terminal, long request) {
        try (Memory memory = Memory.allocate(Long.BYTES)) {
            Files.ioctl(terminal.number(), request, memory.address());
            return memory.buffer().getInt(0);
        }
    }
}
