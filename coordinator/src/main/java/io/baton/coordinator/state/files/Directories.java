package io.baton.coordinator.state.files;

import io.baton.coordinator.error.Refusals;
import io.baton.coordinator.ptrace.SeizedProcess;
import io.baton.coordinator.state.TreeImage;
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
    private record Directory(String name, long device, long inode) {}

    private record Pair(Entry working, Entry root) {}

    /** What was found out of one. */
    private static final class Entry {
        private final String name;
        private final int mode;
        private final @Nullable String fault;
        private int id;

        private Entry(String name, FileStatus status) {
            this.name = name;
            this.mode = status.mode();
            this.fault = name.startsWith("/") ? NamedFile.fault(name, status) : "cannot be reached by a path";
        }

        private void inspect(int pid, String what, Refusals refusals) {
            if (fault != null) {
                refusals.add(pid, what + " (" + name + ")", fault, "have the process change to another one");
            }
        }

        private int idIn(TreeImage tree) {
            if (id == 0) {
                id = tree.addPath(RegFileEntry.newBuilder()
                        .setFlags(0)
                        .setPos(0)
                        .setFown(SignalOwner.NOBODY)
                        .setName(name)
                        .setMode(mode));
            }
            return id;
        }
    }

    static Directories of(TreeImage tree) {
        return tree.shared(Directories.class, Directories::new);
    }

    /** Looks at the directories of a process. */
    void inspect(SeizedProcess process, Refusals refusals) {
        Pair pair = new Pair(find(process, "cwd"), find(process, "root"));
        pairs.put(process.pid(), pair);
        pair.working.inspect(process.pid(), "working directory", refusals);
        pair.root.inspect(process.pid(), "root directory", refusals);
    }

    private Entry find(SeizedProcess process, String link) {
        String name = process.readLink(link);
        FileStatus status = Files.statusAt(Files.AT_FDCWD, process.procPath(link), 0);
        Directory key = new Directory(name, status.dev(), status.ino());
        return entries.computeIfAbsent(key, directory -> new Entry(name, status));
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
