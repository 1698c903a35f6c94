package io.baton.coordinator.state.files;

import io.baton.coordinator.state.ghosts.LostNames;
import io.baton.task.linux.Fd;
import io.baton.task.linux.Files;
import io.baton.task.linux.Memory;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/** What a tree watches by inotify and fanotify: the kernel's lines, and the names that lead to the inodes in them. */
final class FileWatches {
    private static final int FIONREAD = 0x541b;

    private final OpenFiles files;
    private final Map<String, @Nullable String> paths = new HashMap<>();
    private @Nullable WatchedPaths finder;

    FileWatches(OpenFiles files) {
        this.files = files;
    }

    /** The fields of every line of that kind: {@code inotify wd:1 ino:20e0ce ...}. */
    static List<Map<String, String>> lines(OpenFile queue, String kind) {
        List<Map<String, String>> lines = new ArrayList<>();
        for (String text : queue.info().extra()) {
            String[] words = text.trim().split("\\s+", -1);
            if (words[0].equals(kind)) {
                Map<String, String> fields = new HashMap<>();
                for (String word : words) {
                    int colon = word.indexOf(':');
                    if (colon > 0) {
                        fields.put(word.substring(0, colon), word.substring(colon + 1));
                    }
                }
                lines.add(fields);
            }
        }
        return lines;
    }

    /** A name that leads to it, or null. */
    @Nullable
    String path(WatchedInode inode) {
        return paths.computeIfAbsent(inode.toString(), key -> isLost(inode) ? null : finder().find(inode));
    }

    /** Whether it has lost its name, but the tree has it open: then it can be watched by way of that. */
    boolean isLost(WatchedInode inode) {
        return files.all().stream()
                .anyMatch(file -> inode.is(file.status())
                        && file.kind() instanceof NamedFile
                        && LostNames.isLost(file.link(), file.status()));
    }

    /** Where its file system is mounted, or null. */
    @Nullable
    String mountOf(WatchedInode inode) {
        return finder().mountOf(inode);
    }

    private WatchedPaths finder() {
        WatchedPaths made = finder;
        if (made == null) {
            Set<String> known = new LinkedHashSet<>();
            files.processes().forEach(process -> known.add(process.readLink("cwd")));
            for (OpenFile file : files.all()) {
                if (file.hasPath()) {
                    known.add(file.link());
                }
            }
            made = new WatchedPaths(known);
            finder = made;
        }
        return made;
    }

    /** What nobody has read yet cannot be looked at, only taken: it is lost, as with CRIU. */
    static void warnOfUnread(OpenFile queue) {
        try (Fd copy = queue.fetch();
                Memory count = Memory.allocate(Integer.BYTES)) {
            Files.ioctl(copy.number(), FIONREAD, count.address());
            int bytes = count.buffer().getInt(0);
            if (bytes > 0) {
                LoggerFactory.getLogger(FileWatches.class)
                        .warn(
                                "pid {}: {}: unread events are lost: bytes={}",
                                queue.process().pid(),
                                queue.describe(),
                                bytes);
            }
        }
    }
}
