package io.baton.coordinator.state.files;

import io.baton.coordinator.error.Refusals;
import io.baton.coordinator.ptrace.SeizedProcess;
import io.baton.coordinator.state.FileOptions;
import io.baton.coordinator.state.TreeImage;
import io.baton.coordinator.state.ghosts.LostNames;
import io.baton.mktree.image.proto.FdTypes;
import io.baton.mktree.image.proto.FileEntry;
import io.baton.mktree.image.proto.RegFileEntry;
import io.baton.task.linux.FileStatus;
import io.baton.task.linux.Files;
import java.util.HashMap;
import java.util.Map;
import org.agrona.collections.Int2ObjectHashMap;
import org.jspecify.annotations.Nullable;

/** Working and root directories of a tree. Most processes have the same: each is looked up and entered once. */
final class Directories {
    private final Int2ObjectHashMap<Pair> pairs = new Int2ObjectHashMap<>();
    private final Map<Directory, Entry> entries = new HashMap<>();

    /** A directory as a process sees it: the name, and what it leads to. */
    private record Directory(String name, long device, long inode) {
        // Written out: what the JVM makes of a record it makes at run time, for tens of milliseconds.
        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof Directory that
                    && inode == that.inode
                    && device == that.device
                    && name.equals(that.name);
        }

        @Override
        public int hashCode() {
            return 31 * name.hashCode() + Long.hashCode(inode);
        }
    }

    private record Pair(Entry working, Entry root) {}

    /** What was found out of one. */
    private static final class Entry {
        private final String name;
        /** That leads to it, below {@code /proc}. */
        private final String path;

        private final FileStatus status;
        private int id;

        private Entry(String name, String path, FileStatus status) {
            this.name = name;
            this.path = path;
            this.status = status;
        }

        private void inspect(int pid, String what, FileOptions options, Refusals refusals) {
            LostNames.Fault fault = name.startsWith("/")
                    ? LostNames.fault(name, status, options)
                    : new LostNames.Fault("cannot be reached by a path", "");
            if (fault != null) {
                refusals.add(
                        pid,
                        what + " (" + name + ")",
                        fault.reason(),
                        fault.remedyOr("have the process change to another one"));
            }
        }

        private int idIn(TreeImage tree) {
            if (id == 0 && LostNames.isLost(name, status)) {
                id = tree.newFileId();
                LostNames.save(path, name, status, id, tree);
                tree.addFile(FileEntry.newBuilder()
                        .setType(FdTypes.REG)
                        .setId(id)
                        .setReg(entry(LostNames.name(name)).setId(id))
                        .build());
            } else if (id == 0) {
                id = tree.addPath(entry(name));
            }
            return id;
        }

        private RegFileEntry.Builder entry(String named) {
            return RegFileEntry.newBuilder()
                    .setFlags(0)
                    .setPos(0)
                    .setFown(SignalOwner.NOBODY)
                    .setName(named)
                    .setMode(status.mode());
        }
    }

    static Directories of(TreeImage tree) {
        return tree.shared(Directories.class, Directories::new);
    }

    /** Looks at the directories of a process. */
    void inspect(SeizedProcess process, FileOptions options, Refusals refusals) {
        Pair pair = new Pair(find(process, "cwd"), find(process, "root"));
        pairs.put(process.pid(), pair);
        pair.working.inspect(process.pid(), "working directory", options, refusals);
        pair.root.inspect(process.pid(), "root directory", options, refusals);
    }

    private Entry find(SeizedProcess process, String link) {
        String name = process.readLink(link);
        String path = process.procPath(link);
        FileStatus status = Files.statusAt(Files.AT_FDCWD, path, 0);
        Directory key = new Directory(name, status.dev(), status.ino());
        return entries.computeIfAbsent(key, directory -> new Entry(name, path, status));
    }

    int workingDirectory(SeizedProcess process, TreeImage tree) {
        return pair(process).working.idIn(tree);
    }

    int rootDirectory(SeizedProcess process, TreeImage tree) {
        return pair(process).root.idIn(tree);
    }

    private Pair pair(SeizedProcess process) {
        Pair found = pairs.get(process.pid());
        if (found == null) {
            throw new IllegalStateException("not inspected: pid=" + process.pid());
        }
        return found;
    }
}
