package io.baton.mktree.tree;

import io.baton.mktree.tree.TreeException.Fault;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/** Trees of a given size and shape, for tests and benchmarks. Pids begin with one the caller chooses. */
public final class TreeShape {
    private TreeShape() {}

    /** A root and its {@code size - 1} children. */
    public static ProcessTree star(int size, int firstPid) {
        return regular(size, firstPid, row -> 0);
    }

    /** Each process the parent of the next. */
    public static ProcessTree chain(int size, int firstPid) {
        return regular(size, firstPid, row -> row - 1);
    }

    /** A complete binary tree, row by row. */
    public static ProcessTree binary(int size, int firstPid) {
        return regular(size, firstPid, row -> (row - 1) / 2);
    }

    /**
     * A tree that has lived: made by forks, new threads, sessions and groups, exits of processes and of leaders alone,
     * reapers and waits in random order. It has zombies, orphans in sessions of their own under a subreaper, sessions
     * and groups whose leaders are gone, and leaders dead before their threads, all from a few dozen processes on.
     *
     * @param size number of processes, zombies included
     * @param seed the same gives the same tree
     */
    public static ProcessTree random(int size, int firstPid, long seed) {
        KernelModel kernel = new KernelModel(firstPid);
        Life life = new Life(kernel, new SplittableRandom(seed));
        while (kernel.count() < size) {
            life.step();
        }
        return ProcessTree.of(kernel.snapshot());
    }

    /**
     * A tree by its name: {@code star:N}, {@code chain:N}, {@code binary:N} or {@code random:N[:seed]}.
     *
     * @throws TreeException if the text is none of these
     */
    public static ProcessTree parse(String text, int firstPid) {
        String[] parts = text.split(":", -1);
        try {
            int size = parts.length < 2 ? 0 : Integer.parseInt(parts[1]);
            if (size > 0 && parts.length == 2) {
                switch (parts[0]) {
                    case "star":
                        return star(size, firstPid);
                    case "chain":
                        return chain(size, firstPid);
                    case "binary":
                        return binary(size, firstPid);
                    default:
                        break;
                }
            }
            if (size > 0 && parts.length <= 3 && parts[0].equals("random")) {
                return random(size, firstPid, parts.length == 3 ? Long.parseLong(parts[2]) : 1);
            }
        } catch (NumberFormatException e) {
            // Falls through to the one message there is.
        }
        throw new TreeException(Fault.SYNTAX, 1, "star:N, chain:N, binary:N or random:N[:seed] expected: " + text);
    }

    /** Tells the parent's row. */
    private interface Parent {
        int of(int row);
    }

    private static ProcessTree regular(int size, int firstPid, Parent parent) {
        List<Task> tasks = new ArrayList<>(size);
        tasks.add(Task.of(firstPid, 0, firstPid, firstPid));
        for (int row = 1; row < size; row++) {
            tasks.add(Task.of(firstPid + row, firstPid + parent.of(row), firstPid, firstPid));
        }
        return ProcessTree.of(tasks);
    }

    /** What random processes do. */
    private static final class Life {
        private static final int[] SIGNALS = {1, 2, 9, 11, 15};

        private final KernelModel kernel;
        private final SplittableRandom random;

        Life(KernelModel kernel, SplittableRandom random) {
            this.kernel = kernel;
            this.random = random;
        }

        /** Somebody does one thing; it may be one that fails, as calls do. */
        void step() {
            KernelModel.Proc who =
                    kernel.alive().get(random.nextInt(kernel.alive().size()));
            int what = random.nextInt(100);
            if (what < 45) {
                kernel.fork(who, random.nextInt(4) == 0 ? random.nextInt(5) : 0);
            } else if (what < 55) {
                kernel.setsid(who);
            } else if (what < 65) {
                kernel.setpgid(who, random.nextBoolean() ? who : relative(who));
            } else if (what < 73) {
                kernel.newThread(who);
            } else if (what < 77) {
                who.subreaper = true;
            } else if (what < 82) {
                if (who != kernel.init() && who.exitStatus == Task.ALIVE) {
                    kernel.exitLeader(who, status());
                }
            } else if (what < 92) {
                if (who != kernel.init()) {
                    kernel.exit(who, status());
                }
            } else {
                reapOne(who);
            }
        }

        /** The parent or a sibling, dead or alive: of one session, more often than not. */
        private KernelModel.Proc relative(KernelModel.Proc who) {
            KernelModel.Proc parent = who.parent;
            if (parent == null) {
                return who;
            }
            int nth = random.nextInt(parent.children.size() + 1);
            return nth == 0 ? parent : parent.children.get(nth - 1);
        }

        private void reapOne(KernelModel.Proc parent) {
            for (KernelModel.Proc child : parent.children) {
                if (child.zombie()) {
                    kernel.reap(child);
                    return;
                }
            }
        }

        private int status() {
            return random.nextInt(3) > 0 ? random.nextInt(256) << 8 : SIGNALS[random.nextInt(SIGNALS.length)];
        }
    }
}
