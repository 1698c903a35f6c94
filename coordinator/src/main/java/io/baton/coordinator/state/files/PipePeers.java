package io.baton.coordinator.state.files;

import io.baton.task.linux.Files;
import io.baton.task.linux.Identity;
import io.baton.task.linux.LinuxException;
import io.baton.task.linux.ProcFs;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Finds pipes that lead out of the tree: a pipe of which the tree has no reader, or no writer, is fine when that end is
 * closed, and is not when somebody else holds it. Only then are all processes of the system looked through, once.
 */
final class PipePeers {
    private final FileInspection inspection;
    private final ProcFs proc;
    private final Map<PipeKey, Ends> pipes = new HashMap<>();
    /** By what the link of an end says, which is cheaper to read than its inode. */
    private final Map<String, Ends> incomplete = new HashMap<>();

    private PipePeers(FileInspection inspection, ProcFs proc) {
        this.inspection = inspection;
        this.proc = proc;
    }

    /** What a tree has of one pipe. */
    private static final class Ends {
        private final OpenFile first;
        private boolean reader;
        private boolean writer;
        private @Nullable String holder;

        private Ends(OpenFile first) {
            this.first = first;
        }

        private void add(int flags) {
            reader |= FileFlags.isReadable(flags);
            writer |= FileFlags.isWritable(flags);
        }

        private boolean isComplete() {
            return reader && writer;
        }

        private boolean lacks(int flags) {
            return (!reader && FileFlags.isReadable(flags)) || (!writer && FileFlags.isWritable(flags));
        }
    }

    static void inspect(FileInspection inspection, ProcFs proc) {
        PipePeers peers = new PipePeers(inspection, proc);
        for (OpenFile file : inspection.files().all()) {
            FileKind kind = file.kind();
            if (!file.isExternal() && (kind instanceof PipeEnds || kind instanceof NamedPipe)) {
                peers.pipes
                        .computeIfAbsent(PipeKey.of(file), key -> new Ends(file))
                        .add(file.flags());
            }
        }
        peers.search();
        peers.refuse();
    }

    private void search() {
        for (Ends ends : pipes.values()) {
            if (!ends.isComplete()) {
                incomplete.put(ends.first.link(), ends);
            }
        }
        if (incomplete.isEmpty()) {
            return;
        }
        int self = Identity.pid();
        for (int pid : proc.processes()) {
            if (!inspection.files().hasTask(pid) && pid != self) { // we have copies of what is in flight
                try {
                    search(pid);
                } catch (LinuxException e) {
                    // It went away, or is none of our business: a zombie, a kernel thread.
                }
            }
        }
    }

    private void search(int pid) {
        for (int fd : proc.descriptors(pid)) {
            Ends ends = incomplete.get(proc.readLink(pid, "fd/" + fd));
            if (ends != null
                    && ends.holder == null
                    && ends.lacks(proc.fdInfo(pid, fd).flags() & ~Files.O_CLOEXEC)) {
                ends.holder = "fd " + fd + " of pid " + pid + " (" + proc.readText(pid, "comm") + ")";
            }
        }
    }

    private void refuse() {
        List<Ends> open = new ArrayList<>(incomplete.values());
        open.removeIf(ends -> ends.holder == null);
        open.sort((one, other) -> {
            int order = Integer.compare(
                    one.first.process().pid(), other.first.process().pid());
            return order != 0 ? order : Integer.compare(one.first.fd(), other.first.fd());
        });
        for (Ends ends : open) {
            inspection.refuse(
                    ends.first,
                    "the other end of the pipe is outside the tree: " + ends.holder,
                    ends.first.kind() instanceof PipeEnds
                            ? "give --external '" + ends.first.link()
                                    + "'; restore then wants another one by --inherit-fd"
                            : "start the tree with this descriptor on a file, or dump from a process above both");
        }
    }
}
