package io.baton.coordinator.state.files;

import io.baton.coordinator.state.OwnState;
import io.baton.task.linux.Capabilities;
import io.baton.task.linux.Files;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.program.ProgramBuilder;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Root directories that are nowhere in the file system, in which a task gives sockets names that are deleted, or somebody
 * else's by now: what is there stays as it is, whenever we may be killed. They lie in a file system of our own in memory,
 * which is gone with the last file that is open in it.
 */
final class UnixPlaces {
    /** Where names count that are what they seem to be. */
    static final int REAL = -1;

    private static final int FSOPEN_CLOEXEC = 1;
    private static final int FSCONFIG_CMD_CREATE = 6;
    private static final int FSMOUNT_CLOEXEC = 1;
    /** For whoever a socket's connection is made as. */
    private static final int PERMISSIONS = 0755;

    private final TaskDescriptors task;
    private final List<UnixName> names = new ArrayList<>();
    private @Nullable Handle memory;
    private @Nullable Handle root;

    UnixPlaces(TaskDescriptors task) {
        this.task = task;
    }

    /** Whether we may make such places. */
    static boolean arePossible(OwnState own) {
        return own.has(Capabilities.CAP_SYS_ADMIN) && own.has(Capabilities.CAP_SYS_CHROOT);
    }

    /** Makes one that has the directories of a path; the path loses its name in {@link #close}. */
    int make(UnixName name) {
        Handle fileSystem = memory;
        if (fileSystem == null) {
            fileSystem = open();
            memory = fileSystem;
        }
        String path = Integer.toString(names.size());
        names.add(name);
        ProgramBuilder block = task.nextBlock();
        directory(block, fileSystem, path);
        for (String part : name.directories()) {
            path += "/" + part;
            directory(block, fileSystem, path);
        }
        return names.size() - 1;
    }

    private static void directory(ProgramBuilder block, Handle fileSystem, String path) {
        int name = block.string(path);
        block.call(SyscallNumber.MKDIRAT).value(fileSystem.fd()).data(name).value(PERMISSIONS);
    }

    private Handle open() {
        ProgramBuilder block = task.nextBlock();
        int slash = block.string("/");
        block.call(SyscallNumber.OPENAT)
                .value(Files.AT_FDCWD)
                .data(slash)
                .value(Files.O_PATH | Files.O_DIRECTORY | Files.O_CLOEXEC)
                .value(0);
        root = task.expectOpened(true);
        int type = block.string("tmpfs");
        block.call(SyscallNumber.FSOPEN).data(type).value(FSOPEN_CLOEXEC);
        Handle context = task.expectOpened(true);
        block.call(SyscallNumber.FSCONFIG)
                .value(context.fd())
                .value(FSCONFIG_CMD_CREATE)
                .value(0)
                .value(0)
                .value(0);
        block.call(SyscallNumber.FSMOUNT)
                .value(context.fd())
                .value(FSMOUNT_CLOEXEC)
                .value(0);
        Handle opened = task.expectOpened(true);
        task.close(context);
        return opened;
    }

    /** What is done meanwhile is done with that place as root directory. Working directories are restored after all files. */
    void in(int place, Runnable instructions) {
        Handle fileSystem = memory;
        Handle real = root;
        if (place == REAL || fileSystem == null || real == null) {
            instructions.run();
            return;
        }
        enter(fileSystem, Integer.toString(place));
        instructions.run();
        enter(real, ".");
    }

    private void enter(Handle directory, String path) {
        ProgramBuilder block = task.nextBlock();
        int name = block.string(path);
        block.call(SyscallNumber.FCHDIR).value(directory.fd());
        block.call(SyscallNumber.CHROOT).data(name);
    }

    /** Takes the names away, after which nothing leads to these places any more. */
    void close() {
        for (int i = 0; i < names.size(); i++) {
            UnixName name = names.get(i);
            in(i, () -> name.unlink(task, false));
        }
        for (Handle handle : new Handle[] {memory, root}) {
            if (handle != null) {
                task.close(handle);
            }
        }
    }
}
