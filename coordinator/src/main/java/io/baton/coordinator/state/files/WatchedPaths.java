package io.baton.coordinator.state.files;

import io.baton.coordinator.state.ghosts.LostNames;
import io.baton.coordinator.state.namespaces.Mount;
import io.baton.task.linux.Fd;
import io.baton.task.linux.FileStatus;
import io.baton.task.linux.Files;
import io.baton.task.linux.LinuxException;
import io.baton.task.linux.Memory;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.linux.SystemCall;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Finds a name for an inode. Most file systems open one by its handle; of the others (proc, sysfs, overlays) the names that the
 * tree itself uses are tried, and then those below the mounts, as far as it is worth while.
 */
final class WatchedPaths {
    private static final int HANDLE_HEADER = 8;
    private static final int MOST = 20_000;

    private final List<Mount> mounts = Mount.of("self");
    private final Collection<String> known;

    /** Tries these names where a handle does not do. */
    WatchedPaths(Collection<String> known) {
        this.known = known;
    }

    /** A name that leads to it, or null. */
    @Nullable
    String find(WatchedInode inode) {
        List<Mount> own = mounts.stream()
                .filter(mount -> mount.device().equals(inode.mountDevice()))
                .toList();
        for (Mount mount : own) {
            String path = byHandle(mount.point(), inode);
            if (path != null) {
                return path;
            }
        }
        for (String name : known) {
            for (Path path = Path.of(name); path != null; path = path.getParent()) {
                if (leadsTo(path.toString(), inode, own)) {
                    return path.toString();
                }
            }
        }
        for (Mount mount : own) {
            String path = search(mount, inode, own);
            if (path != null) {
                return path;
            }
        }
        return null;
    }

    /** The point of a mount of that file system, or null. */
    @Nullable
    String mountOf(WatchedInode inode) {
        for (Mount mount : mounts) {
            if (mount.device().equals(inode.mountDevice())) {
                return mount.point();
            }
        }
        return null;
    }

    private static @Nullable String byHandle(String mount, WatchedInode inode) {
        try (Fd anchor = Files.open(mount, Files.O_RDONLY | Files.O_NONBLOCK | Files.O_CLOEXEC);
                Memory handle = Memory.allocate(HANDLE_HEADER + Math.max(1, inode.handle().length))) {
            handle.buffer().putInt(0, inode.handle().length);
            handle.buffer().putInt(Integer.BYTES, inode.type());
            handle.buffer().putBytes(HANDLE_HEADER, inode.handle());
            long result = SystemCall.call(
                    SyscallNumber.OPEN_BY_HANDLE_AT,
                    anchor.number(),
                    handle.address(),
                    Files.O_PATH | Files.O_NOFOLLOW | Files.O_CLOEXEC);
            if (result < 0) {
                return null;
            }
            try (Fd found = Fd.own((int) result)) {
                String path = Files.readLink("/proc/self/fd/" + found.number());
                FileStatus status = Files.status(found.number());
                return LostNames.reason(path, status) == null ? path : null;
            }
        } catch (LinuxException e) {
            return null;
        }
    }

    /** The device that stat tells may be another than that of the mount: so it is asked on which mount the file lies. */
    private static boolean leadsTo(String path, WatchedInode inode, List<Mount> mounts) {
        try {
            if (Files.statusAt(Files.AT_FDCWD, path, Files.AT_SYMLINK_NOFOLLOW).ino() != inode.inode()) {
                return false;
            }
            try (Fd file = Files.open(path, Files.O_PATH | Files.O_NOFOLLOW | Files.O_CLOEXEC)) {
                long id = Files.mountId(file.number());
                return mounts.stream().anyMatch(mount -> mount.id() == id);
            }
        } catch (LinuxException e) {
            return false;
        }
    }

    private static @Nullable String search(Mount mount, WatchedInode inode, List<Mount> own) {
        Deque<Path> open = new ArrayDeque<>(List.of(Path.of(mount.point())));
        int seen = 0;
        while (!open.isEmpty() && seen < MOST) {
            Path directory = open.remove();
            if (leadsTo(directory.toString(), inode, own)) {
                return directory.toString();
            }
            try (DirectoryStream<Path> entries = java.nio.file.Files.newDirectoryStream(directory)) {
                for (Path entry : entries) {
                    seen++;
                    if (java.nio.file.Files.isDirectory(entry, java.nio.file.LinkOption.NOFOLLOW_LINKS)) {
                        open.add(entry);
                    } else if (leadsTo(entry.toString(), inode, own)) {
                        return entry.toString();
                    }
                }
            } catch (IOException | java.nio.file.DirectoryIteratorException e) {
                seen++; // gone, or not to be read
            }
        }
        return null;
    }
}
