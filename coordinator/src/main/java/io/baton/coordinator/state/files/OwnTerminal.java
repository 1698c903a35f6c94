package io.baton.coordinator.state.files;

import io.baton.mktree.image.proto.FileEntry;
import io.baton.task.linux.FileStatus;
import io.baton.task.linux.Files;
import io.baton.task.linux.Identity;
import io.baton.task.linux.LinuxException;
import io.baton.task.linux.ProcFs;
import org.jspecify.annotations.Nullable;

/** The name of our controlling terminal, by which tasks that share it can open it too. */
final class OwnTerminal {
    /** Works for everyone whose terminal it is, but keeps that name, and has a device number of its own. */
    private static final String ANY = "/dev/tty";

    private static final int FIRST_PTY_MAJOR = 136;
    private static final int LAST_PTY_MAJOR = 143;
    private static final int VIRTUAL = 4;
    private static final int MINORS = 256;
    private static final int TERMINAL = 7;

    private OwnTerminal() {}

    /** How to open it for a description that once had that name. */
    static String path(@Nullable FileEntry saved) {
        if (saved != null && saved.getReg().getName().equals(ANY)) {
            return ANY;
        }
        try (ProcFs proc = new ProcFs()) {
            long device = proc.stat(Identity.pid()).field(TERMINAL);
            String name = name(FileStatus.major(device), FileStatus.minor(device));
            return Files.statusAt(Files.AT_FDCWD, name, 0).rdev() == device ? name : ANY;
        } catch (LinuxException e) {
            return ANY;
        }
    }

    private static String name(int major, int minor) {
        if (major >= FIRST_PTY_MAJOR && major <= LAST_PTY_MAJOR) {
            return "/dev/pts/" + ((major - FIRST_PTY_MAJOR) * MINORS + minor);
        }
        return major == VIRTUAL ? "/dev/tty" + minor : ANY;
    }
}
