package io.baton.coordinator.suspend;

import io.baton.coordinator.freezer.FreezerGroup;
import io.baton.task.linux.Errno;
import io.baton.task.linux.Identity;
import io.baton.task.linux.LinuxException;
import io.baton.task.linux.ProcFs;
import io.baton.task.linux.ProcMap;
import io.baton.task.linux.ProcStat;
import io.baton.task.linux.VanishedException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Finds the processes of a running tree, and the pages of those that have registered. Who comes or goes meanwhile is not
 * asked: the tree is only sure when it is stopped.
 */
final class Participants {
    /** Where those sleep who are frozen by v2, and only they; who is frozen by v1 is in state D. */
    private static final String FREEZER_TRAP = "get_signal";

    private static final byte[] NAME = SuspendPage.PATH.getBytes(StandardCharsets.US_ASCII);

    private final ProcFs proc;
    private final int caller;
    private final int self = Identity.pid();
    private final List<AskedProcess> found = new ArrayList<>();

    private Participants(ProcFs proc, int caller) {
        this.proc = proc;
        this.caller = caller;
    }

    /**
     * All of them but us, parents before their children. Those of them that have pages must be closed.
     *
     * @param caller pid of one whose page is not looked for; 0: nobody
     */
    static List<AskedProcess> of(ProcFs proc, int root, int caller) {
        Participants participants = new Participants(proc, caller);
        try {
            participants.find(root);
            return participants.found;
        } catch (RuntimeException | Error e) {
            close(participants.found);
            throw e;
        }
    }

    static void close(Iterable<AskedProcess> processes) {
        for (AskedProcess process : processes) {
            SuspendPage page = process.page();
            if (page != null) {
                page.close();
            }
        }
    }

    /** Without recursion: trees may be deeper than our stack. */
    private void find(int root) {
        Deque<AskedProcess> stack = new ArrayDeque<>();
        add(root, null, stack);
        while (!stack.isEmpty()) {
            AskedProcess process = stack.pop();
            try {
                for (int tid : process.isAlone() ? new int[] {process.pid()} : proc.threads(process.pid())) {
                    for (int child : proc.children(process.pid(), tid)) {
                        add(child, process, stack);
                    }
                }
            } catch (VanishedException e) {
                // Its children are others' now.
            }
        }
    }

    private void add(int pid, @Nullable AskedProcess parent, Deque<AskedProcess> stack) {
        try {
            ProcStat stat = proc.stat(pid);
            if (pid == self || (stat.isZombie() && stat.threads() <= 1)) {
                return;
            }
            AskedProcess process = new AskedProcess(pid, parent, stat.startTime(), stat.threads() == 1);
            found.add(process);
            stack.push(process);
            if (pid != caller) {
                look(process, stat);
            }
        } catch (VanishedException e) {
            // It has ended.
        }
    }

    private void look(AskedProcess process, ProcStat stat) {
        int owner = 0;
        if (!proc.has(process.pid(), "maps", NAME)) {
            return;
        }
        for (ProcMap map : proc.maps(process.pid())) {
            if (!SuspendPage.isOne(map)) {
                continue;
            }
            if (owner == 0) {
                List<Integer> pids = proc.status(process.pid()).namespaced().tgid();
                owner = pids.isEmpty() ? process.pid() : pids.get(pids.size() - 1);
            }
            if (open(process, owner, map)) {
                if (stat.state() == 'T' || stat.state() == 't') {
                    process.cannotBeAsked("it is stopped");
                } else if (isFrozen(process.pid(), stat)) {
                    process.cannotBeAsked("it is frozen");
                }
                return;
            }
        }
    }

    /** To find its groups takes longer than to see that it sleeps as others do. */
    private boolean isFrozen(int pid, ProcStat stat) {
        return (stat.state() == 'D' || proc.readText(pid, "wchan").equals(FREEZER_TRAP))
                && FreezerGroup.frozenOf(proc, pid) != null;
    }

    private static boolean open(AskedProcess process, int owner, ProcMap map) {
        try {
            SuspendPage page = SuspendPage.open(process.pid(), owner, map);
            if (page == null) {
                return false;
            }
            process.registered(page);
        } catch (PageException e) {
            process.cannotBeAsked(e.reason());
        } catch (LinuxException e) {
            process.cannotBeAsked("its page cannot be opened: " + Errno.messageOf(e.errno()));
        }
        return true;
    }
}
