package io.baton.coordinator.regress.checks;

import io.baton.coordinator.regress.Check;
import io.baton.coordinator.regress.Data;
import io.baton.coordinator.regress.Fork;
import io.baton.coordinator.regress.Lab;
import io.baton.coordinator.regress.Need;
import io.baton.coordinator.regress.Should;
import io.baton.coordinator.regress.Subject;
import io.baton.task.linux.Errno;
import io.baton.task.linux.Signals;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.linux.Wait;
import java.util.List;

/** How tasks end, what their parents are told, and who has their children then. */
final class EndChecks {
    private static final String REPARENT = "kernel/exit.c forget_original_parent()";
    private static final String WAIT = "kernel/exit.c wait_consider_task()";

    private EndChecks() {}

    static List<Check> list() {
        return List.of(
                Check.of(
                                "exit.status",
                                "an exit code is told in 16 bits, from 0 to 255",
                                "kernel/exit.c wait_task_zombie(), wait(2)",
                                EndChecks::status)
                        .neededBy(Need.RESTORE, ""),
                Check.of(
                        "exit.signal",
                        "death by a signal is told, and a task that is not dumpable leaves no core",
                        "kernel/coredump.c, wait(2)",
                        EndChecks::signal),
                Check.of(
                        "exit.leader",
                        "a leader that ends before its threads is a zombie that cannot be reaped, and they live on",
                        "kernel/exit.c delay_group_leader()",
                        EndChecks::leader),
                Check.of(
                        "exit.leader.signals",
                        "signals still reach a process whose leader has ended",
                        "kernel/signal.c send_signal_locked()",
                        EndChecks::leaderSignals),
                Check.of(
                        "exit.leader.children",
                        "the children of an ended leader stay with its process",
                        REPARENT,
                        EndChecks::leaderChildren),
                Check.of(
                        "exit.leader.last",
                        "the process is told of when its last thread ends",
                        "kernel/exit.c release_task()",
                        EndChecks::lastThread),
                Check.of(
                                "exit.pdeathsig",
                                "a parent-death signal comes when the parent ends",
                                "kernel/exit.c reparent_leader(), prctl(2)",
                                EndChecks::deathSignal)
                        .neededBy(Need.RESTORE, ""),
                Check.of(
                        "exit.pdeathsig.thread",
                        "a parent-death signal comes when the thread ends that made the child",
                        REPARENT + ", prctl(2)",
                        EndChecks::deathSignalOfThread),
                Check.of(
                                "exit.subreaper",
                                "an orphan's parent is the nearest subreaper",
                                "kernel/exit.c find_new_reaper()",
                                EndChecks::subreaper)
                        .neededBy(Need.RESTORE, ""),
                Check.of(
                        "exit.subreaper.inherit",
                        "a child of a subreaper is none",
                        "kernel/fork.c copy_signal(), prctl(2)",
                        EndChecks::subreaperInherit),
                Check.of(
                        "exit.reparent.signal",
                        "an orphan's exit signal is SIGCHLD",
                        "kernel/exit.c reparent_leader()",
                        EndChecks::orphanSignal),
                Check.of(
                        "wait.exit_signal.none",
                        "a child without an exit signal is found with __WALL or __WCLONE only",
                        "kernel/exit.c eligible_child(), wait(2)",
                        EndChecks::noExitSignal),
                Check.of(
                        "wait.exit_signal.other",
                        "a child's exit signal is any signal",
                        "kernel/signal.c do_notify_parent(), clone(2)",
                        EndChecks::otherExitSignal),
                Check.of(
                        "wait.nowait",
                        "WNOWAIT leaves a zombie to be reaped again",
                        WAIT + ", waitid(2)",
                        EndChecks::noWait),
                Check.of(
                        "wait.ignored",
                        "the children of who ignores SIGCHLD leave no zombies",
                        "kernel/signal.c do_notify_parent()",
                        EndChecks::ignored));
    }

    private static void status(Lab lab) {
        Subject parent = lab.subject();
        for (int code : new int[] {0, 1, 127, 200, 255}) {
            Subject child = parent.fork();
            child.exit(code);
            Should.be("wait status of exit_group(" + code + ")", code << 8, parent.reap(child, 0));
        }
    }

    private static void signal(Lab lab) {
        int setDumpable = 4;
        Subject parent = lab.subject();
        Subject child = parent.fork();
        child.call(SyscallNumber.PRCTL, setDumpable, 0).shouldReturn(0);
        Steps.unblock(lab, child, Signals.SIGSEGV);
        Signals.kill(child.pid(), Signals.SIGSEGV);
        Should.be("wait status", Signals.SIGSEGV, parent.reap(child, 0));
    }

    private static void leader(Lab lab) {
        Subject leader = lab.subject().fork();
        Subject thread = leader.fork(Fork.thread());
        leader.exitThread();
        leader.awaitZombie();
        thread.call(SyscallNumber.GETPID).shouldReturn(leader.pid());
        lab.subject()
                .call(SyscallNumber.WAIT4, leader.pid(), 0, Wait.WNOHANG | Wait.WALL, 0)
                .shouldReturn(0);
    }

    private static void leaderSignals(Lab lab) {
        Subject leader = lab.subject().fork();
        Subject thread = leader.fork(Fork.thread());
        leader.exitThread();
        leader.awaitZombie();
        Signals.kill(leader.pid(), Signals.SIGUSR1);
        Should.hold("SIGUSR1 is pending", Steps.has(Steps.pending(lab, thread), Signals.SIGUSR1));
        Steps.unblock(lab, thread, Signals.SIGTERM);
        Signals.kill(leader.pid(), Signals.SIGTERM);
        Should.be("wait status", Signals.SIGTERM, lab.subject().reap(leader, 0));
    }

    private static void leaderChildren(Lab lab) {
        Subject leader = lab.subject().fork();
        Subject thread = leader.fork(Fork.thread());
        Subject child = leader.fork(Fork.child().outliving());
        leader.exitThread();
        leader.awaitZombie();
        child.call(SyscallNumber.GETPPID).shouldReturn(leader.pid());
        child.exit(3);
        Data status = lab.data(Integer.BYTES);
        thread.call(SyscallNumber.WAIT4, -1, status.at(), 0, 0).shouldReturn(child.pid());
        Should.be("wait status", 3 << 8, status.intAt(0));
    }

    /** Whose exit code it is told changed in Linux 6.0: before it was the leader's, now it is that of the last thread. */
    private static void lastThread(Lab lab) {
        Subject parent = lab.subject();
        Subject leader = parent.fork();
        Subject thread = leader.fork(Fork.thread());
        leader.start(SyscallNumber.EXIT, 7);
        leader.awaitZombie();
        Should.be("pending signals before", 0, Steps.pending(lab, parent));
        thread.start(SyscallNumber.EXIT, 9);
        int status = parent.reap(leader, 0);
        Should.hold("wait status is the leader's or the last thread's", status == 7 << 8 || status == 9 << 8);
        Should.be("pending signals after", Signals.bit(Signals.SIGCHLD), Steps.pending(lab, parent));
    }

    private static void deathSignal(Lab lab) {
        Subject parent = lab.subject();
        parent.call(SyscallNumber.PRCTL, Steps.PR_SET_CHILD_SUBREAPER, 1).shouldReturn(0);
        Subject child = parent.fork();
        Subject grandchild = child.fork();
        Data signal = lab.data(Integer.BYTES);
        grandchild
                .call(SyscallNumber.PRCTL, Steps.PR_GET_PDEATHSIG, signal.at())
                .shouldReturn(0);
        Should.be("parent-death signal", Signals.SIGKILL, signal.intAt(0));
        grandchild.fork().call(SyscallNumber.GETPID); // a fork clears it, so what is set here is its own
        child.exit(0);
        parent.reap(child);
        Should.be("wait status", Signals.SIGKILL, parent.reap(grandchild, 0));
    }

    private static void deathSignalOfThread(Lab lab) {
        Subject parent = lab.subject();
        Subject thread = parent.fork(Fork.thread());
        Subject child = thread.fork();
        thread.exitThread();
        Should.be("wait status", Signals.SIGKILL, parent.reap(child, 0));
        parent.call(SyscallNumber.GETPID).shouldReturn(parent.pid());
    }

    private static void subreaper(Lab lab) {
        Subject far = lab.subject();
        Subject near = far.fork();
        far.call(SyscallNumber.PRCTL, Steps.PR_SET_CHILD_SUBREAPER, 1).shouldReturn(0);
        near.call(SyscallNumber.PRCTL, Steps.PR_SET_CHILD_SUBREAPER, 1).shouldReturn(0);
        Subject middle = near.fork();
        Subject orphan = middle.fork(Fork.child().outliving());
        middle.exit(0);
        near.reap(middle);
        orphan.call(SyscallNumber.GETPPID).shouldReturn(near.pid());
        near.exit(0);
        far.reap(near);
        orphan.call(SyscallNumber.GETPPID).shouldReturn(far.pid());
    }

    private static void subreaperInherit(Lab lab) {
        Subject parent = lab.subject();
        parent.call(SyscallNumber.PRCTL, Steps.PR_SET_CHILD_SUBREAPER, 1).shouldReturn(0);
        Data flag = lab.ints(-1);
        parent.call(SyscallNumber.PRCTL, Steps.PR_GET_CHILD_SUBREAPER, flag.at())
                .shouldReturn(0);
        Should.be("flag of the parent", 1, flag.intAt(0));
        parent.fork()
                .call(SyscallNumber.PRCTL, Steps.PR_GET_CHILD_SUBREAPER, flag.at())
                .shouldReturn(0);
        Should.be("flag of the child", 0, flag.intAt(0));
    }

    private static void orphanSignal(Lab lab) {
        Subject parent = lab.subject();
        parent.call(SyscallNumber.PRCTL, Steps.PR_SET_CHILD_SUBREAPER, 1).shouldReturn(0);
        Subject middle = parent.fork();
        Subject orphan = middle.fork(Fork.child().outliving().exitSignal(0));
        Should.be("exit signal of the child", 0, lab.proc().stat(orphan.pid()).exitSignal());
        middle.exit(0);
        parent.reap(middle);
        Should.be(
                "exit signal of the orphan",
                Signals.SIGCHLD,
                lab.proc().stat(orphan.pid()).exitSignal());
    }

    private static void noExitSignal(Lab lab) {
        int clone = 0x8000_0000;
        Subject parent = lab.subject();
        Subject child = parent.fork(Fork.child().exitSignal(0));
        child.exit(0);
        child.awaitZombie();
        parent.call(SyscallNumber.WAIT4, child.pid(), 0, Wait.WNOHANG, 0).shouldFailWith(Errno.ECHILD);
        Should.hold("no signal is pending", Steps.pending(lab, parent) == 0);
        parent.call(SyscallNumber.WAIT4, child.pid(), 0, Wait.WNOHANG | (clone & 0xffff_ffffL), 0)
                .shouldReturn(child.pid());
    }

    private static void otherExitSignal(Lab lab) {
        Subject parent = lab.subject();
        Subject child = parent.fork(Fork.child().exitSignal(Signals.SIGUSR2));
        child.exit(0);
        child.awaitZombie();
        Should.be("pending signals", Signals.bit(Signals.SIGUSR2), Steps.pending(lab, parent));
        parent.reap(child);
    }

    private static void noWait(Lab lab) {
        Subject parent = lab.subject();
        Subject child = parent.fork();
        child.exit(5);
        Data info = lab.data(128);
        for (int i = 0; i < 2; i++) {
            parent.call(
                            SyscallNumber.WAITID,
                            Wait.P_PID,
                            child.pid(),
                            info.clear().at(),
                            Wait.WEXITED | Wait.WNOWAIT,
                            0)
                    .shouldReturn(0);
            Should.be("exit code", 5, info.intAt(24));
        }
        Should.be("wait status", 5 << 8, parent.reap(child, 0));
    }

    private static void ignored(Lab lab) {
        int ignore = 1;
        Subject parent = lab.subject();
        Data action = lab.longs(ignore, 0, 0, 0);
        parent.call(SyscallNumber.RT_SIGACTION, Signals.SIGCHLD, action.at(), 0, Steps.SIGNAL_SET)
                .shouldReturn(0);
        Subject child = parent.fork();
        child.exit(0);
        parent.call(SyscallNumber.WAIT4, child.pid(), 0, Wait.WALL, 0).shouldFailWith(Errno.ECHILD);
    }
}
