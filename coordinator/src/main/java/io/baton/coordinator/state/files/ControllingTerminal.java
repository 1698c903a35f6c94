package io.baton.coordinator.state.files;

import io.baton.coordinator.state.ProcessRestore;
import io.baton.mktree.image.proto.FileEntry;
import io.baton.mktree.image.proto.PstreeEntry;
import io.baton.mktree.image.proto.TtyInfoEntry;
import io.baton.task.linux.Files;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.program.ProgramBuilder;
import org.jspecify.annotations.Nullable;

/**
 * A session's terminal, where the tree has its master: the session's leader takes it, and says which group is in the
 * foreground. As soon as the master is there, for others of the session may open {@code /dev/tty}.
 */
final class ControllingTerminal {
    private static final int OPENED = 0;

    private ControllingTerminal() {}

    /** The terminal that a process is to take; null if it leads no session that had one. */
    static @Nullable TtyInfoEntry of(ProcessRestore process) {
        PstreeEntry row = process.pstree();
        if (row.getSid() != row.getPid()) {
            return null;
        }
        ImageFiles image = RestoredFiles.of(process).image();
        for (FileEntry master : image.masters()) {
            TtyInfoEntry info = image.terminal(master.getTty().getTtyInfoId());
            if (info != null && image.settings(info.getPty().getIndex()).getSid() == row.getSid()) {
                return image.settings(info.getPty().getIndex());
            }
        }
        return null;
    }

    /** Adds the instructions. All signals are blocked, so that job control stops nobody. */
    static void emit(TtyInfoEntry info, ProgramBuilder block) {
        int path = block.string(PseudoTerminal.SLAVES + info.getPty().getIndex());
        block.call(SyscallNumber.OPENAT)
                .value(Files.AT_FDCWD)
                .data(path)
                .value(Files.O_RDWR | Files.O_NOCTTY | Files.O_CLOEXEC)
                .value(0)
                .store(OPENED);
        block.call(SyscallNumber.IOCTL)
                .register(OPENED)
                .value(PseudoTerminal.TIOCSCTTY)
                .value(0);
        int group = block.ints(info.getPgrp());
        if (info.getPgrp() > 0) {
            // A group that is gone has left the terminal to nobody.
            block.call(SyscallNumber.IOCTL)
                    .register(OPENED)
                    .value(PseudoTerminal.TIOCSPGRP)
                    .data(group)
                    .expectAnything();
        }
        block.call(SyscallNumber.CLOSE).register(OPENED);
    }
}
