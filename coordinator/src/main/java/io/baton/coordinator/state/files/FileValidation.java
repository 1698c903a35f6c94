package io.baton.coordinator.state.files;

import io.baton.coordinator.error.Refusals;
import io.baton.coordinator.state.ProcessRestore;
import io.baton.coordinator.state.ghosts.GhostFiles;
import io.baton.mktree.image.proto.FhEntry;
import io.baton.mktree.image.proto.RegFileEntry;
import io.baton.task.linux.FileStatus;
import io.baton.task.linux.Files;
import io.baton.task.linux.LinuxException;
import java.util.regex.Pattern;

/**
 * Collects why the files of an image cannot come back here.
 *
 * @param process one that has the file
 * @param what it is to it, such as {@code fd 3}
 */
record FileValidation(ProcessRestore process, String what, Refusals refusals) {
    private static final Pattern OF_A_PROCESS = Pattern.compile("^/proc/[0-9]+(/|$)");

    RestoredFiles tree() {
        return RestoredFiles.of(process);
    }

    ImageFiles image() {
        return tree().image();
    }

    void refuse(String object, String reason, String remedy) {
        refusals.add(process.pstree().getPid(), what + " (" + object + ")", reason, remedy);
    }

    /** Makes sure that there is a name for an inode that is watched. */
    void requireWatched(int device, long inode, FhEntry handle) {
        if (!handle.hasPath()
                && !GhostFiles.of(process).entriesOf(device, inode).isEmpty()) {
            return; // open in the tree, which is there by then
        }
        String path = tree().watchedPath(device, inode, handle);
        try {
            if (!OF_A_PROCESS.matcher(path).find()) {
                Files.statusAt(Files.AT_FDCWD, path, Files.AT_SYMLINK_NOFOLLOW);
            }
        } catch (LinuxException e) {
            String name = path.isEmpty() ? "inode " + inode : path;
            refuse(name, "was watched, and cannot be found: " + e.getMessage(), "put the file back where it was");
        }
    }

    /** As {@link #requireNamed}, or that a file which had lost its name can be made or found. */
    void require(int id, RegFileEntry file) {
        GhostFiles ghosts = GhostFiles.of(process);
        if (ghosts.path(id) != null) {
            String fault = ghosts.fault(id, file);
            if (!fault.isEmpty()) {
                refuse(file.getName(), fault, "restore from the last dump, or put the file back");
            }
        } else if (image().isDeleted(id)) {
            refuse(file.getName(), "deleted at the dump, and the image has too little of it", "");
        } else {
            requireNamed(file);
        }
    }

    /** Makes sure that a name leads to a file of the recorded type and size. */
    void requireNamed(RegFileEntry file) {
        String name = file.getName();
        if (OF_A_PROCESS.matcher(name).find()) {
            return; // there once the tree is
        }
        FileStatus status;
        try {
            boolean link = (file.getMode() & FileStatus.S_IFMT) == FileStatus.S_IFLNK;
            status = Files.statusAt(Files.AT_FDCWD, name, link ? Files.AT_SYMLINK_NOFOLLOW : 0);
        } catch (LinuxException e) {
            refuse(name, "cannot be found: " + e.getMessage(), "put the file back where it was at the dump");
            return;
        }
        if (file.hasMode() && (file.getMode() & FileStatus.S_IFMT) != status.type()) {
            refuse(
                    name,
                    "is of another type than at the dump: mode=0" + Integer.toOctalString(status.mode()) + ", was=0"
                            + Integer.toOctalString(file.getMode()),
                    "put the file back as it was at the dump");
        } else if (file.hasSize() && file.getSize() != status.size()) {
            refuse(
                    name,
                    "has another size than at the dump: bytes=" + status.size() + ", were=" + file.getSize(),
                    "put back the contents it had at the dump");
        }
    }
}
