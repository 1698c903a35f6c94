package io.baton.coordinator.state.files;

import io.baton.mktree.image.proto.FownEntry;
import io.baton.task.linux.Files;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.program.ProgramBuilder;

/** Flags of file descriptions: which of them open(2) takes, and which only fcntl(2) sets. */
final class FileFlags {
    static final int F_SETFD = 2;
    static final int F_SETFL = 4;
    static final int F_DUPFD_CLOEXEC = 1030;
    static final int F_SETPIPE_SZ = 1031;

    /** What F_SETFL can change (SETFL_MASK of the kernel's fs/fcntl.c). */
    private static final int SETTABLE =
            Files.O_APPEND | Files.O_NONBLOCK | Files.O_DIRECT | Files.O_NOATIME | Files.FASYNC;

    private static final int CREATING = Files.O_CREAT | Files.O_EXCL | Files.O_TRUNC;
    /** The bit that makes O_TMPFILE of O_DIRECTORY. */
    private static final int TEMPORARY = Files.O_TMPFILE & ~Files.O_DIRECTORY;

    private FileFlags() {}

    static int access(int flags) {
        return flags & Files.O_ACCMODE;
    }

    static boolean isReadable(int flags) {
        return access(flags) != Files.O_WRONLY && !isPath(flags);
    }

    static boolean isWritable(int flags) {
        return access(flags) != Files.O_RDONLY && !isPath(flags);
    }

    static boolean isPath(int flags) {
        return (flags & Files.O_PATH) != 0;
    }

    /** The flags to open it again with: nothing is made or cut, and no terminal is taken. */
    static int reopen(int flags, boolean closeOnExec) {
        // FASYNC is left to F_SETFL: open(2) would store it without ever asking the driver to send signals.
        int kept = flags & ~(CREATING | Files.FASYNC);
        if ((kept & TEMPORARY) != 0) {
            kept &= ~Files.O_TMPFILE; // it has got a name since
        }
        return kept | Files.O_NOCTTY | (closeOnExec ? Files.O_CLOEXEC : 0);
    }

    /** Brings a description to its saved flags and owner; {@code opened} are the flags it has now. */
    static void settle(TaskDescriptors task, int fd, int opened, int wanted, FownEntry owner) {
        if (isPath(wanted)) {
            return;
        }
        SignalOwner.compile(task.process(), task.block(), fd, owner);
        // After the owner: with FASYNC and none, signals would go to nobody.
        if (((opened ^ wanted) & SETTABLE) != 0) {
            ProgramBuilder block = task.block();
            block.call(SyscallNumber.FCNTL).value(fd).value(F_SETFL).value(wanted & SETTABLE);
        }
    }
}
