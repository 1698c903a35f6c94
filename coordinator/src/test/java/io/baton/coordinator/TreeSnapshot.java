package io.baton.coordinator;

import io.baton.task.linux.LinuxException;
import io.baton.task.linux.ProcFs;
import io.baton.task.linux.ProcMap;
import io.baton.task.linux.ProcStat;
import io.baton.task.linux.ProcStatus;
import io.baton.task.linux.Signals;
import io.baton.task.linux.VanishedException;
import io.baton.task.linux.Wait;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/** Everything /proc tells about a tree of processes that a dump and a restore must bring back, a line for each fact. */
public final class TreeSnapshot implements AutoCloseable {
    private static final int SIGKILL = 9;
    private static final long SETTLE_MILLIS = 5;

    private final ProcFs proc;

    /** As we see it. */
    public TreeSnapshot() {
        this("/proc");
    }

    /** As a {@code /proc} elsewhere shows it, such as that of another pid namespace. */
    public TreeSnapshot(final String procRoot) {
        proc = new ProcFs(procRoot);
    }

    /** The root and its descendants, parents before children. */
    public List<Integer> tree(final int root) {
        final Map<Integer, List<Integer>> children = new HashMap<>();
        for (final int pid : proc.processes()) {
            try {
                children.computeIfAbsent(proc.stat(pid).parent(), key -> new ArrayList<>())
                        .add(pid);
            } catch (final LinuxException e) {
                // Gone since the folder was listed.
            }
        }
        final List<Integer> tree = new ArrayList<>(List.of(root));
        for (int i = 0; i < tree.size(); i++) {
            final List<Integer> own = new ArrayList<>(children.getOrDefault(tree.get(i), List.of()));
            Collections.sort(own);
            tree.addAll(own);
        }
        return tree;
    }

    /** The facts about all of them. */
    public List<String> of(final int root) {
        final List<String> facts = new ArrayList<>();
        for (final int pid : tree(root)) {
            process(pid, pid == root, facts);
        }
        return facts;
    }

    /** The facts once nothing changes any more and nobody runs. */
    public List<String> atRest(final int root) throws InterruptedException {
        List<String> last = List.of();
        while (true) {
            try {
                final List<String> now = of(root);
                if (now.equals(last) && now.stream().noneMatch(fact -> fact.contains(" state R "))) {
                    return now;
                }
                last = now;
            } catch (final VanishedException e) {
                // A descriptor or a task went between two looks at it: this tree is still at work.
                last = List.of();
            }
            Thread.sleep(SETTLE_MILLIS);
        }
    }

    private void process(final int pid, final boolean isRoot, final List<String> facts) {
        final ProcStat stat = proc.stat(pid);
        facts.add(pid + " ppid " + (isRoot ? "outside" : stat.parent()) + " pgid " + stat.processGroup() + " sid "
                + stat.session() + " state " + stat.state() + " exit " + stat.exitCode() + " signal "
                + stat.exitSignal() + " comm " + stat.comm());
        if (stat.isZombie() && stat.threads() <= 1) {
            return;
        }
        if (!stat.isZombie()) {
            facts.add(pid + " cwd " + proc.readLink(pid, "cwd") + " root " + proc.readLink(pid, "root") + " exe "
                    + proc.readLink(pid, "exe"));
        }
        final int[] threads = proc.threads(pid);
        final int living = stat.isZombie() ? threads[threads.length - 1] : pid;
        for (final int fd : proc.descriptors(living)) {
            final String target = proc.readLink(living, "fd/" + fd).replaceAll("^pipe:.*", "pipe"); // a new number
            facts.add(pid + " fd " + fd + " " + target + " "
                    + proc.readText(living, "fdinfo/" + fd)
                            .replaceAll("\\s+", " ")
                            .replaceAll("(mnt_id|ino):.*", ""));
        }
        for (final ProcMap map : proc.maps(living)) {
            facts.add(pid + " map " + map);
        }
        facts.add(pid + " limits " + proc.readText(living, "limits"));
        facts.add(pid + " oom_score_adj " + proc.readText(living, "oom_score_adj"));
        facts.add(pid + " personality " + proc.readText(living, "personality"));
        for (final int tid : threads) {
            thread(pid, tid, facts);
        }
    }

    private void thread(final int pid, final int tid, final List<String> facts) {
        final ProcStatus status = proc.status(pid, tid);
        final ProcStat stat = proc.stat(pid, tid);
        facts.add(pid + "/" + tid + " " + status.name() + " state " + status.state() + " umask " + status.umask()
                + " uid " + status.uid() + " gid " + status.gid() + " groups " + status.groups());
        facts.add(pid + "/" + tid + " " + status.signals() + " " + status.capabilities() + " nnp "
                + status.noNewPrivileges());
        facts.add(
                pid + "/" + tid + " nice " + stat.nice() + " priority " + stat.priority() + " policy " + stat.policy());
        if (status.state() == 'S') {
            facts.add(pid + "/" + tid + " call " + proc.readText(pid, "task/" + tid + "/syscall"));
        }
    }

    /** What differs, for a message: lost facts with a minus, new ones with a plus; empty when all is the same. */
    public static String difference(final List<String> before, final List<String> after) {
        final TreeSet<String> lost = new TreeSet<>(before);
        after.forEach(lost::remove);
        final TreeSet<String> gained = new TreeSet<>(after);
        before.forEach(gained::remove);
        final StringBuilder text = new StringBuilder();
        lost.stream().limit(20).forEach(fact -> text.append("- ").append(fact).append('\n'));
        gained.stream().limit(20).forEach(fact -> text.append("+ ").append(fact).append('\n'));
        return text.toString();
    }

    /** Kills a tree whose root is our child and reaps all of it; we must be a subreaper. */
    public void kill(final int root) {
        for (final int pid : tree(root)) {
            Signals.kill(pid, SIGKILL);
        }
        reap();
    }

    /** Reaps until there are no children. */
    public static void reap() {
        try {
            while (true) {
                Wait.wait4(-1, Wait.WALL);
            }
        } catch (final LinuxException e) {
            // No children are left.
        }
    }

    @Override
    public void close() {
        proc.close();
    }
}
