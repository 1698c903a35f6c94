package io.baton.coordinator.state.ghosts;

import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.error.ErrorCode;
import io.baton.coordinator.state.TreeImage;
import io.baton.mktree.image.LinkRemap;
import io.baton.task.linux.Errno;
import io.baton.task.linux.FileStatus;
import io.baton.task.linux.Files;
import io.baton.task.linux.LinuxException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;

/** The names that a dump has given to files that had lost theirs, one for each file. */
final class LinkRemaps {
    private static final int MOST = 1000;

    private final Map<Key, Integer> ids = new HashMap<>();

    private record Key(long device, long inode) {}

    /** The id of the entry that has the new name of a file; made at the first. */
    int of(FileStatus status, IntSupplier maker) {
        return ids.computeIfAbsent(new Key(status.dev(), status.ino()), key -> maker.getAsInt());
    }

    /**
     * Gives a file a name beside the one it had, or further up where directories are gone too.
     *
     * @param path that leads to it, below {@code /proc}
     * @param name that it had
     * @return the new one
     */
    String make(String path, String name, int id, TreeImage tree) {
        Path directory = Path.of(name).getParent();
        int number = 0;
        while (directory != null && number < MOST) {
            Path link = directory.resolve(LinkRemap.PREFIX + id + (number == 0 ? "" : "." + number));
            try {
                make(path, link, tree);
                return link.toString();
            } catch (LinuxException e) {
                if (e.errno() == Errno.EEXIST) {
                    number++; // of another image
                } else if (e.errno() == Errno.ENOENT || e.errno() == Errno.ENOTDIR) {
                    directory = directory.getParent();
                } else {
                    throw cannotLink(name, e.getMessage(), e);
                }
            }
        }
        throw cannotLink(name, "there is no place for it", null);
    }

    private static void make(String path, Path link, TreeImage tree) {
        if (java.nio.file.Files.exists(link, java.nio.file.LinkOption.NOFOLLOW_LINKS)) {
            throw new LinuxException("linkat", Errno.EEXIST, link.toString());
        }
        Path images = tree.directory().path();
        try {
            LinkRemap.note(images, link);
            try {
                Files.linkAt(Files.AT_FDCWD, path, Files.AT_FDCWD, link.toString(), Files.AT_SYMLINK_FOLLOW);
            } catch (LinuxException e) {
                LinkRemap.forget(images, link); // it may be somebody else's
                throw e;
            }
        } catch (IOException e) {
            throw new BatonException(
                    ErrorCode.IMAGE_IO,
                    "cannot write the image: " + e.getMessage(),
                    "give another directory, or make room",
                    e);
        }
    }

    private static BatonException cannotLink(String name, @Nullable String reason, @Nullable LinuxException e) {
        String message = "cannot give " + name + ", which has lost its name, another one (--link-remap): " + reason;
        String remedy = "close the file before the dump, or put it back by ln /proc/PID/fd/N";
        return e == null
                ? new BatonException(ErrorCode.MISSING_RESOURCE, message, remedy)
                : new BatonException(ErrorCode.MISSING_RESOURCE, message, remedy, e);
    }
}
