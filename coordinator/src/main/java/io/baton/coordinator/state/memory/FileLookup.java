package io.baton.coordinator.state.memory;

import io.baton.task.linux.FileStatus;
import io.baton.task.linux.Files;
import io.baton.task.linux.LinuxException;
import io.baton.task.linux.ProcMap;
import org.jspecify.annotations.Nullable;

/**
 * Looks for the file that a process has mapped by the path the kernel prints, and makes sure that it is that very file.
 *
 * @param path where it was found, or what was looked for
 * @param status of the file; null if it is not there
 */
record FileLookup(String path, @Nullable FileStatus status) {
    private static final String DELETED = " (deleted)";
    /** The only character that maps escape, and they do not escape the backslash itself. */
    private static final String ESCAPED_NEWLINE = "\\012";

    /** Finds the file of a mapping. */
    static FileLookup ofMapping(int procId, ProcMap map) {
        FileLookup found = byPath(map.path(), map.device(), map.inode());
        if (found.status == null) {
            // Overlay and btrfs print other numbers in maps than they tell stat: ask the mapping's own link.
            String link = "/proc/" + procId + "/map_files/" + map.mapFile();
            FileLookup other = ofLink(link);
            return other.status == null ? new FileLookup(map.path(), null) : other;
        }
        return found;
    }

    /** Finds the file a link below {@code /proc} leads to, such as {@code /proc/1/exe}. */
    static FileLookup ofLink(String link) {
        try {
            FileStatus status = Files.statusAt(Files.AT_FDCWD, link, 0);
            return byPath(Files.readLink(link), status.dev(), status.ino());
        } catch (LinuxException e) {
            return new FileLookup(link, null);
        }
    }

    private static FileLookup byPath(String printed, long device, long inode) {
        FileStatus status = statusIfSame(printed, device, inode);
        if (status == null && printed.contains(ESCAPED_NEWLINE)) {
            String path = printed.replace(ESCAPED_NEWLINE, "\n");
            return new FileLookup(path, statusIfSame(path, device, inode));
        }
        return new FileLookup(printed, status);
    }

    private static @Nullable FileStatus statusIfSame(String path, long device, long inode) {
        if (!path.startsWith("/")) {
            return null;
        }
        try {
            FileStatus status = Files.statusAt(Files.AT_FDCWD, path, 0);
            return status.dev() == device && status.ino() == inode ? status : null;
        } catch (LinuxException e) {
            return null;
        }
    }

    /** Whether the kernel says that the file's last name is gone. */
    boolean deleted() {
        return path.endsWith(DELETED);
    }

    boolean isRegular() {
        return status != null && status.type() == FileStatus.S_IFREG;
    }

    /** Private mappings of {@code /dev/zero} are anonymous memory under a name. */
    boolean isZeroDevice() {
        return status != null && status.type() == FileStatus.S_IFCHR && status.rdev() == FileStatus.device(1, 5);
    }
}
