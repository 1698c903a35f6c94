package io.baton.coordinator.state;

import io.baton.mktree.image.proto.CoreEntry;
import io.baton.mktree.image.proto.FdinfoEntry;
import io.baton.mktree.image.proto.FsEntry;
import io.baton.mktree.image.proto.MmEntry;
import io.baton.mktree.image.proto.PstreeEntry;
import io.baton.mktree.image.proto.TaskKobjIdsEntry;
import java.util.ArrayList;
import java.util.List;

/** Everything about one process that goes into files of its own; written and forgotten, process by process. */
public final class ProcessImage {
    private final PstreeEntry pstree;
    private final List<CoreEntry.Builder> cores = new ArrayList<>();
    private final MmEntry.Builder mm = MmEntry.newBuilder();
    private final FsEntry.Builder fs = FsEntry.newBuilder();
    private final TaskKobjIdsEntry.Builder ids = TaskKobjIdsEntry.newBuilder();
    private final List<FdinfoEntry> descriptors = new ArrayList<>();

    private int table;

    /** An image for the process of that row; a core for each of its threads, in that order. */
    public ProcessImage(final PstreeEntry pstree) {
        this.pstree = pstree;
        for (int i = 0; i < pstree.getThreadsCount(); i++) {
            cores.add(CoreEntry.newBuilder());
        }
    }

    public PstreeEntry pstree() {
        return pstree;
    }

    public CoreEntry.Builder leaderCore() {
        return cores.get(0);
    }

    /** In the order of {@code pstree.threads}. */
    public List<CoreEntry.Builder> cores() {
        return cores;
    }

    public MmEntry.Builder mm() {
        return mm;
    }

    public FsEntry.Builder fs() {
        return fs;
    }

    public TaskKobjIdsEntry.Builder ids() {
        return ids;
    }

    /** Says that its descriptors are those of another process, which comes before it. */
    public void sharesDescriptorsOf(final int pid) {
        table = pid;
    }

    /** Pid of the first process with its descriptor table; its own if there is no other. */
    public int descriptorTable() {
        return table == 0 ? pstree.getPid() : table;
    }

    /** Sorted by descriptor; empty if they are another's. */
    public List<FdinfoEntry> descriptors() {
        return descriptors;
    }
}
