package io.baton.mktree.plan;

import io.baton.mktree.plan.KernelModel.Proc;
import io.baton.mktree.tree.ProcessTree;
import io.baton.mktree.tree.Task;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/** Trees as they can come about: processes in the kernel model do what they like for a while. */
final class RandomTrees {
    /** What the processes may do about subreapers. */
    enum Subreapers {
        /** Only the root takes orphans, as the init of a container does. */
        ROOT_ONLY,
        /** Some do, from their birth to their death. */
        FOR_LIFE,
        /** Anyone may begin or cease at any time. */
        TOGGLED
    }

    private static final int SHELL = 90;

    private final Random random;
    private final Subreapers subreapers;
    private final KernelModel kernel = new KernelModel(1);
    private final List<Proc> alive = new ArrayList<>();
    private final Proc root;
    private final int deaths;
    private int lastPid = 100;

    private RandomTrees(final long seed, final Subreapers subreapers) {
        random = new Random(seed);
        this.subreapers = subreapers;
        deaths = random.nextInt(20);
        final Proc shell = kernel.fork(kernel.init(), SHELL, false, KernelModel.SIGCHLD);
        kernel.setsid(shell);
        root = kernel.fork(shell, ++lastPid, false, KernelModel.SIGCHLD);
        root.subreaper = true;
        alive.add(root);
        if (random.nextInt(3) > 0) {
            kernel.setsid(root);
        } else if (random.nextBoolean()) {
            kernel.setpgid(root, root.pid);
        }
    }

    static ProcessTree tree(final long seed, final Subreapers subreapers, final int events) {
        final RandomTrees trees = new RandomTrees(seed, subreapers);
        for (int i = 0; i < events; i++) {
            trees.event(trees.someone());
        }
        return trees.collect();
    }

    /** Half of the time among the youngest, or trees would hardly grow deep. */
    private Proc someone() {
        final int size = alive.size();
        return alive.get(size - 1 - random.nextInt(random.nextBoolean() ? Math.min(size, 3) : size));
    }

    private void event(final Proc process) {
        final int kind = random.nextInt(100);
        try {
            if (kind < 36) {
                fork(process, false);
            } else if (kind < 42) {
                fork(process, process != root);
            } else if (kind < 52) {
                kernel.setsid(process);
            } else if (kind < 64) {
                kernel.setpgid(process, someGroup(process));
            } else if (kind < 64 + deaths) {
                exit(process);
            } else if (kind < 86) {
                reap(process);
            } else if (kind < 90) {
                startThread(process);
            } else if (subreapers == Subreapers.TOGGLED) {
                process.subreaper ^= true;
            }
        } catch (final KernelModel.Refused expected) {
            assert expected.getMessage() != null; // the process has its error and goes on
        }
    }

    private void fork(final Proc process, final boolean sibling) {
        if (!process.leaderDead) {
            final int signal = sibling ? 0 : KernelModel.SIGCHLD;
            final Proc child = kernel.fork(process, ++lastPid, sibling, signal);
            child.subreaper = subreapers == Subreapers.FOR_LIFE && random.nextInt(4) == 0;
            alive.add(child);
        }
    }

    private void startThread(final Proc process) {
        kernel.startThread(process, ++lastPid);
        if (random.nextInt(4) == 0 && !process.leaderDead) {
            kernel.exitLeader(process);
        }
    }

    private int someGroup(final Proc process) {
        final Proc other = alive.get(random.nextInt(alive.size()));
        return random.nextInt(3) == 0 ? process.pid : other.pgid;
    }

    private void exit(final Proc process) {
        if (process != root) {
            kernel.exit(process);
            alive.remove(process);
            if (random.nextInt(4) > 0) {
                reap(process.parent);
            }
        }
    }

    private void reap(final Proc parent) {
        for (final Proc child : List.copyOf(parent.children)) {
            if (child.zombie) {
                kernel.reap(parent, child.pid);
            }
        }
    }

    private ProcessTree collect() {
        final List<Task> rows = new ArrayList<>();
        final ArrayDeque<Proc> open = new ArrayDeque<>(List.of(root));
        while (!open.isEmpty()) {
            final Proc process = random.nextBoolean() ? open.removeFirst() : open.removeLast();
            rows.add(kernel.describe(process, process == root ? 0 : process.parent.pid));
            final List<Proc> children = new ArrayList<>(process.children);
            Collections.shuffle(children, random);
            open.addAll(children);
        }
        return ProcessTree.of(rows);
    }
}
