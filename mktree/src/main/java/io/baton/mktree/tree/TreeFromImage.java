package io.baton.mktree.tree;

import io.baton.mktree.image.ImageDirectory;
import io.baton.mktree.image.ImageKind;
import io.baton.mktree.image.proto.CoreEntry;
import io.baton.mktree.image.proto.PstreeEntry;
import io.baton.mktree.image.proto.TaskCoreEntry;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;

/** A tree as saved: {@code pstree.img}, and of each leader's core who has exited how. */
public final class TreeFromImage {
    /** The state a core has of a task that has exited. */
    private static final int TASK_DEAD = 2;

    private TreeFromImage() {}

    /**
     * Reads the tree of an image.
     *
     * @throws TreeException if no system can have had it
     * @throws io.baton.mktree.image.ImageException if a file is missing or damaged
     */
    public static ProcessTree read(ImageDirectory image) throws IOException {
        List<PstreeEntry> entries = image.all(ImageKind.PSTREE, 0, PstreeEntry.class);
        List<CoreEntry> cores = new ArrayList<>(entries.size());
        for (PstreeEntry entry : entries) {
            cores.add(image.one(ImageKind.CORE, entry.getPid(), CoreEntry.class));
        }
        return of(entries, cores::get);
    }

    /**
     * The tree of an image whose files have been read.
     *
     * @param leaders core of the leader of that entry
     * @throws TreeException if no system can have had it
     */
    public static ProcessTree of(List<PstreeEntry> entries, IntFunction<CoreEntry> leaders) {
        List<Task> tasks = new ArrayList<>(entries.size());
        for (int i = 0; i < entries.size(); i++) {
            tasks.add(task(entries.get(i), leaders.apply(i).getTc()));
        }
        return ProcessTree.of(tasks);
    }

    /**
     * Whether that process has nothing but an exit status. It then has one thread that is not itself: CRIU writes 0 for
     * its number, or whatever stood in that memory.
     */
    public static boolean isZombie(PstreeEntry entry) {
        return entry.getThreadsCount() == 1 && entry.getThreads(0) != entry.getPid();
    }

    private static Task task(PstreeEntry entry, TaskCoreEntry core) {
        boolean numbered = entry.getThreadsCount() > 0 && !isZombie(entry);
        boolean dead = core.getTaskState() == TASK_DEAD || entry.getLeaderDead();
        return new Task(
                entry.getPid(),
                entry.getPpid(),
                entry.getPgid(),
                entry.getSid(),
                numbered ? entry.getThreadsList() : List.of(entry.getPid()),
                core.getComm(),
                dead ? core.getExitCode() : Task.ALIVE,
                entry.getLeaderDead(),
                core.getChildSubreaper());
    }

    /** The entry of {@code pstree.img} for one process; what else is known of it goes into its core. */
    public static PstreeEntry entry(Task task) {
        PstreeEntry.Builder entry = PstreeEntry.newBuilder()
                .setPid(task.pid())
                .setPpid(task.ppid())
                .setPgid(task.pgid())
                .setSid(task.sid())
                .addAllThreads(task.zombie() ? List.of(0) : task.threads());
        if (task.leaderDead()) {
            entry.setLeaderDead(true);
        }
        return entry.build();
    }

    /** Writes {@code pstree.img}. */
    public static void write(ProcessTree tree, ImageDirectory image) throws IOException {
        image.write(
                ImageKind.PSTREE,
                0,
                tree.tasks().stream().map(TreeFromImage::entry).toList());
    }
}
