package io.baton.coordinator.ptrace;

import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.error.ErrorCode;
import io.baton.coordinator.ptrace.SeizingMember.Traced;
import io.baton.task.linux.Errno;
import io.baton.task.linux.Identity;
import io.baton.task.linux.LinuxException;
import io.baton.task.linux.ProcFs;
import io.baton.task.linux.ProcStat;
import io.baton.task.linux.ProcStatus;
import io.baton.task.linux.Ptrace;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.linux.UserRegs;
import io.baton.task.linux.VanishedException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Stops a process and all its descendants. Level by level: whoever is stopped makes no more children, so what is found
 * once all are stopped is all there is. A level is asked to stop as a whole and then waited for.
 *
 * <p>Top down also keeps a vfork from blocking us: the parent does not stop before its child has called exec, and the
 * child is not touched before the parent has stopped.
 */
public final class TreeSeizer {
    private static final long WAY_BACK_NANOS = 50_000_000;
    private static final long CALLER_NANOS = 2_000_000;
    /** Each round finds somebody new, so this only ends a race with a tree that forks faster than we look. */
    private static final int ROUNDS = 1000;

    /** State of a task that its tracer has stopped. */
    private static final char TRACED = 't';

    private static final int PF_KTHREAD = 0x0020_0000;

    private final int self = Identity.pid();
    private final ProcReaders readers = new ProcReaders();
    private final ProcFs proc = readers.get();
    private final Deadline deadline;
    private final Stops stops;
    private final Map<Integer, SeizingMember> members = new LinkedHashMap<>();
    private final List<SeizingMember> bystanders = new ArrayList<>();
    private final Standstill standstill;
    /** Why not all could be asked. */
    private @Nullable BatonException refused;

    private TreeSeizer(Deadline deadline, Standstill standstill) {
        this.deadline = deadline;
        this.standstill = standstill;
        this.stops = new Stops(proc, deadline);
    }

    /**
     * Seizes a tree. The calling thread becomes its tracer, and all further calls must come from it. If this fails,
     * everybody runs on as before.
     *
     * @param root pid, in our pid namespace
     * @throws BatonException NO_SUCH_PROCESS, NOT_PERMITTED (also if somebody is traced already), UNSUPPORTED (a kernel
     *     thread, our own tree), TIMEOUT, INTERRUPTED
     */
    public static SeizedTree seize(int root, Deadline deadline) {
        return seize(root, deadline, null, Standstill.NONE);
    }

    /**
     * Seizes the tree of one who has asked for it and waits for us; we ourselves, his child, are not part of it.
     *
     * @param caller null: nobody
     * @param standstill what else the tree may stand still for; it ends as the tree ends
     * @see #seize(int, Deadline)
     */
    public static SeizedTree seize(int root, Deadline deadline, @Nullable Caller caller, Standstill standstill) {
        while (true) {
            boolean still = standstill.isOn();
            SeizedTree tree = seizeOnce(root, deadline, caller, standstill);
            long pause = 0;
            try {
                pause = pause(tree, caller, still ? new Homecoming(new Stops(tree.proc(), deadline)) : null);
            } catch (RuntimeException | Error e) {
                tree.close();
                throw e;
            }
            if (pause == 0) {
                return tree;
            }
            tree.close();
            deadline.check("tasks to come back from a dump that was killed, or whoever has called us to wait for us");
            LockSupport.parkNanos(pause);
        }
    }

    /**
     * How long to let a tree run on that cannot be taken yet (ns), or 0.
     *
     * @param homecoming if it would stand still again instead
     */
    private static long pause(SeizedTree tree, @Nullable Caller caller, @Nullable Homecoming homecoming) {
        List<SeizedProcess> returning =
                tree.processes().stream().filter(TreeSeizer::isOnItsWayBack).toList();
        if (!returning.isEmpty()) {
            if (homecoming != null) {
                homecoming.lead(returning);
            }
            return WAY_BACK_NANOS;
        }
        return caller == null || caller.waits(tree) ? 0 : CALLER_NANOS;
    }

    /** Looks at maps only of those that sleep as the runner does. */
    private static boolean isOnItsWayBack(SeizedProcess process) {
        if (process.isZombie()) {
            return false;
        }
        SeizedThread thread = process.firstThread();
        return thread.register(UserRegs.ORIG_RAX) == SyscallNumber.PPOLL
                && thread.register(UserRegs.RDI) == 0
                && WayBack.isOnItsWay(thread);
    }

    private static SeizedTree seizeOnce(int root, Deadline deadline, @Nullable Caller caller, Standstill standstill) {
        TreeSeizer seizer = new TreeSeizer(deadline, standstill);
        try {
            seizer.checkRoot(root, caller != null);
            return seizer.run(root);
        } catch (RuntimeException | Error e) {
            seizer.letAllGo();
            seizer.readers.close();
            throw e;
        }
    }

    private void checkRoot(int root, boolean called) {
        try {
            if ((proc.stat(root).flags() & PF_KTHREAD) != 0) {
                throw new BatonException(ErrorCode.UNSUPPORTED, "pid " + root + " is a kernel thread", "");
            }
            int tgid = proc.status(root).tgid();
            if (tgid != root) {
                throw new BatonException(
                        ErrorCode.NO_SUCH_PROCESS, "pid " + root + " is a thread of pid " + tgid, "give that pid");
            }
        } catch (VanishedException e) {
            throw new BatonException(ErrorCode.NO_SUCH_PROCESS, "pid " + root + " does not exist", "", e);
        }
        for (int pid = called ? 0 : self; pid > 0; pid = proc.stat(pid).parent()) {
            if (pid == root) {
                throw new BatonException(
                        ErrorCode.UNSUPPORTED,
                        "pid " + root + ": we, pid " + self + ", are part of that tree",
                        "start us from outside of it");
            }
        }
    }

    private SeizedTree run(int root) {
        SeizingMember first = new SeizingMember(root, 0);
        members.put(root, first);
        List<SeizingMember> found = List.of(first);
        if (standstill.isOn()) {
            stopFrozen(found);
            found = List.of();
        }
        boolean grown = true;
        for (int round = 0; grown; round++) {
            if (round > ROUNDS) {
                throw new BatonException(
                        ErrorCode.TIMEOUT, "pid " + root + ": its tree grows faster than it can be stopped", "");
            }
            while (!found.isEmpty()) {
                stop(found);
                found = newChildren(found);
            }
            // Only now that all are stopped is a look conclusive.
            List<SeizingMember> all = new ArrayList<>(members.values());
            grown = stop(all);
            found = newChildren(all);
            grown |= !found.isEmpty();
        }
        if (first.threads.isEmpty()) {
            throw new BatonException(ErrorCode.NO_SUCH_PROCESS, "pid " + root + " is dead", "");
        }
        return new SeizedTree(
                readers,
                order(first),
                standstill,
                bystanders.stream().flatMap(one -> one.threads.stream()).toList());
    }

    /**
     * Stops a tree that stands still: nobody is made meanwhile, so all can be found and asked first. What is asked cannot
     * come to a stop, nor be let go again, before the standstill is lifted.
     */
    private void stopFrozen(List<SeizingMember> roots) {
        List<SeizingMember> found = roots;
        while (!found.isEmpty()) {
            askFrozen(found);
            found = newChildren(found);
        }
        for (int pid : standstill.bystanders()) {
            bystanders.add(new SeizingMember(pid, -1));
        }
        askFrozen(bystanders);
        standstill.lift();
        List<SeizingMember> all = new ArrayList<>(members.values());
        all.addAll(bystanders);
        all.forEach(member -> await(member.threads));
        all.forEach(TreeSeizer::dropDead);
        if (refused != null) {
            throw refused;
        }
    }

    /** Asks all of them, also when one must not be: those that are not asked would run when the standstill is lifted. */
    private void askFrozen(List<SeizingMember> processes) {
        while (true) {
            try {
                ask(processes);
                return;
            } catch (BatonException e) {
                if (e.code() != ErrorCode.NOT_PERMITTED) {
                    throw e;
                }
                refused = refused == null ? e : refused; // and goes on with the next one
            }
        }
    }

    /** Stops all threads of these processes that are not stopped yet; whether there were any. */
    private boolean stop(List<SeizingMember> processes) {
        List<SeizingMember> open = new ArrayList<>();
        for (SeizingMember member : processes) {
            if (!member.settled) {
                open.add(member);
            }
        }
        // Most have no thread but their leader, and that need not be looked for.
        boolean any = stop(open, askLeaders(open));
        open.removeIf(member -> member.settled);
        return stop(open, ask(open)) || any;
    }

    private boolean stop(List<SeizingMember> processes, List<Traced> asked) {
        await(asked);
        for (SeizingMember member : processes) {
            dropDead(member);
            settle(member);
        }
        return !asked.isEmpty();
    }

    /** Notes whether all threads there are have stopped: then there will be no others. */
    private void settle(SeizingMember member) {
        if (member.threads.isEmpty()) {
            return;
        }
        try {
            ProcStat stat = proc.stat(member.pid);
            // Not so if another thread has called exec meanwhile, and is the leader now.
            member.settled = stat.threads() == member.threads.size() && stat.state() == TRACED;
            // What terminals say of a process is changed by others, too.
            member.stat = member.settled && stat.terminal() == 0 ? stat : null;
        } catch (VanishedException e) {
            member.settled = false;
        }
    }

    private List<Traced> askLeaders(List<SeizingMember> processes) {
        List<Traced> asked = new ArrayList<>();
        for (SeizingMember member : processes) {
            if (member.seen.add(member.pid)) {
                deadline.check("the tree to stop");
                ask(member, member.pid, asked);
            }
        }
        return asked;
    }

    private void await(List<Traced> asked) {
        for (Traced thread : asked) {
            thread.stopSignal = stops.awaitInterrupted(thread.pid, thread.tid);
        }
    }

    private static void dropDead(SeizingMember member) {
        member.threads.removeIf(thread -> thread.stopSignal == Stops.GONE);
    }

    /** Asks all threads of these processes that were not asked yet to stop. */
    private List<Traced> ask(List<SeizingMember> processes) {
        List<Traced> asked = new ArrayList<>();
        for (SeizingMember member : processes) {
            deadline.check("the tree to stop");
            try {
                for (int tid : proc.threads(member.pid)) {
                    if (member.seen.add(tid)) {
                        ask(member, tid, asked);
                    }
                }
            } catch (VanishedException e) {
                forget(member, e);
            }
        }
        return asked;
    }

    /** Seizes and interrupts a thread, unless it is dead. */
    private void ask(SeizingMember member, int tid, List<Traced> asked) {
        try {
            Ptrace.seize(tid, Ptrace.O_TRACESYSGOOD);
        } catch (LinuxException e) {
            if (e.errno() != Errno.EPERM && e.errno() != Errno.ESRCH) {
                throw e;
            }
            refuse(member, tid, e);
            return;
        }
        Traced thread = new Traced(member.pid, tid);
        member.threads.add(thread);
        asked.add(thread);
        try {
            Ptrace.interrupt(tid);
        } catch (LinuxException e) {
            if (e.errno() != Errno.ESRCH) { // dying: the wait will tell
                throw e;
            }
        }
    }

    private void refuse(SeizingMember member, int tid, LinuxException cause) {
        try {
            ProcStat stat = proc.stat(member.pid, tid);
            if (stat.isZombie()) {
                return;
            }
            int tracer = proc.status(member.pid, tid).tracer();
            String who = "pid " + member.pid + ": thread " + tid + " (" + stat.comm() + ") ";
            if (tracer != 0) {
                ProcStatus by = proc.status(tracer); // the kernel tells the thread
                throw new BatonException(
                        ErrorCode.NOT_PERMITTED,
                        who + "is traced by pid " + by.tgid() + " (" + by.name() + ")",
                        "end that debugger or tracer first",
                        cause);
            }
            throw new BatonException(
                    ErrorCode.NOT_PERMITTED,
                    who + "may not be traced by us",
                    "run as root or with CAP_SYS_PTRACE",
                    cause);
        } catch (VanishedException e) {
            member.seen.remove(tid); // should it be there again, it is another one
        }
    }

    private void forget(SeizingMember member, VanishedException cause) {
        if (member.parent < 0) {
            return;
        }
        if (member.parent == 0) {
            throw new BatonException(ErrorCode.NO_SUCH_PROCESS, "pid " + member.pid + " does not exist", "", cause);
        }
        members.remove(member.pid);
    }

    /** Reads anew who the children of these processes are, and gives those not known yet. */
    private List<SeizingMember> newChildren(List<SeizingMember> parents) {
        List<SeizingMember> found = new ArrayList<>();
        for (SeizingMember parent : parents) {
            if (parent.childless) {
                continue;
            }
            parent.children.clear();
            for (Traced thread : parent.threads) {
                for (int pid : proc.children(parent.pid, thread.tid)) {
                    if (pid == self) {
                        continue;
                    }
                    SeizingMember child = members.get(pid);
                    if (child == null) {
                        child = new SeizingMember(pid, parent.pid);
                        members.put(pid, child);
                        found.add(child);
                    }
                    child.parent = parent.pid; // an orphan's is another one now
                    parent.children.add(child);
                }
            }
            // It makes none any more, and orphans only reach those who have descendants.
            parent.childless = parent.settled && parent.children.isEmpty();
        }
        return found;
    }

    /** Depth first, as CRIU orders its tree. Without recursion: trees may be deeper than our stack. */
    private List<SeizedProcess> order(SeizingMember root) {
        Map<Integer, SeizedProcess> made = new LinkedHashMap<>();
        Deque<SeizingMember> stack = new ArrayDeque<>();
        stack.push(root);
        while (!stack.isEmpty()) {
            SeizingMember member = stack.pop();
            SeizedProcess process = new SeizedProcess(readers, member.pid, member.parent);
            for (Traced thread : member.threads) {
                process.add(new SeizedThread(process, thread.tid, thread.stopSignal));
            }
            if (member.stat != null) {
                process.known(member.stat);
            }
            SeizedProcess parent = made.get(member.parent);
            if (parent != null) {
                parent.add(process);
            }
            made.put(member.pid, process);
            for (int i = member.children.size() - 1; i >= 0; i--) {
                stack.push(member.children.get(i));
            }
        }
        // Who lost its parent while we looked is not of this tree any more.
        letGo(members.values().stream()
                .filter(member -> !made.containsKey(member.pid))
                .toList());
        return new ArrayList<>(made.values());
    }

    /** Nothing comes of it. */
    private void letAllGo() {
        List<SeizingMember> all = new ArrayList<>(members.values());
        all.addAll(bystanders);
        if (standstill.isOn() && all.stream().anyMatch(member -> !member.threads.isEmpty())) {
            standstill.insist();
        }
        for (SeizingMember member : all) {
            for (Traced thread : member.threads) {
                if (thread.stopSignal == Traced.RUNNING) {
                    thread.stopSignal = stops.awaitParting(thread);
                }
            }
        }
        standstill.putBack();
        letGo(all);
    }

    private static void letGo(Iterable<SeizingMember> leaving) {
        for (SeizingMember member : leaving) {
            member.threads.forEach(Stops::letGo);
        }
    }
}
