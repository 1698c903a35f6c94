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
import java.util.List;

/** Sessions, process groups, and what becomes of groups nobody looks after. */
final class GroupChecks {
    private static final String SETPGID = "kernel/sys.c sys_setpgid(), setpgid(2)";
    private static final String SETSID = "kernel/sys.c ksys_setsid(), setsid(2)";
    private static final String ORPHANED = "kernel/exit.c kill_orphaned_pgrp()";

    private GroupChecks() {}

    static List<Check> list() {
        return List.of(
                Check.of("setsid", "setsid makes a session and a group of that pid", SETSID, GroupChecks::session)
                        .neededBy(Need.RESTORE, ""),
                Check.of(
                        "setsid.leader",
                        "who leads a group cannot start a session: EPERM",
                        SETSID,
                        GroupChecks::leader),
                Check.of(
                        "setsid.number-taken",
                        "who has the number of a group cannot start a session: EPERM",
                        SETSID,
                        GroupChecks::numberTaken),
                Check.of("setpgid", "a process joins a group of its session", SETPGID, GroupChecks::join)
                        .neededBy(Need.RESTORE, ""),
                Check.of(
                        "setpgid.dead-leader",
                        "a group can be joined whose leader is a zombie, and none that has no member: EPERM",
                        SETPGID,
                        GroupChecks::deadLeader),
                Check.of(
                        "setpgid.other-session",
                        "a group of another session cannot be joined: EPERM",
                        SETPGID,
                        GroupChecks::otherSession),
                Check.of(
                        "setpgid.session-leader",
                        "who leads a session cannot change its group: EPERM",
                        SETPGID,
                        GroupChecks::sessionLeader),
                Check.of(
                        "setpgid.after-exec",
                        "a parent cannot change the group of a child that has called execve: EACCES",
                        SETPGID,
                        GroupChecks::afterExec),
                Check.of(
                        "group.orphaned.stopped",
                        "a stopped group that becomes orphaned gets SIGHUP and SIGCONT",
                        ORPHANED,
                        GroupChecks::orphanedStopped),
                Check.of(
                        "group.orphaned.sigtstp",
                        "SIGTSTP stops nobody in an orphaned group, SIGSTOP does",
                        "kernel/signal.c get_signal()",
                        GroupChecks::orphanedStop));
    }

    private static void session(Lab lab) {
        Subject child = lab.subject().fork();
        child.call(SyscallNumber.SETSID).shouldReturn(child.pid());
        child.call(SyscallNumber.GETSID, 0).shouldReturn(child.pid());
        child.call(SyscallNumber.GETPGID, 0).shouldReturn(child.pid());
        Subject grandchild = child.fork();
        grandchild.call(SyscallNumber.GETSID, 0).shouldReturn(child.pid());
    }

    private static void leader(Lab lab) {
        Subject child = lab.subject().fork();
        child.call(SyscallNumber.SETPGID, 0, 0).shouldReturn(0);
        child.call(SyscallNumber.SETSID).shouldFailWith(Errno.EPERM);
    }

    private static void numberTaken(Lab lab) {
        Subject leader = lab.subject().fork();
        leader.call(SyscallNumber.SETPGID, 0, 0).shouldReturn(0);
        Subject member = leader.fork();
        leader.call(
                        SyscallNumber.SETPGID,
                        0,
                        lab.subject().call(SyscallNumber.GETPGID, 0).value())
                .shouldReturn(0);
        leader.call(SyscallNumber.SETSID).shouldFailWith(Errno.EPERM);
        member.exit(0);
        leader.reap(member);
        leader.call(SyscallNumber.SETSID).shouldReturn(leader.pid());
    }

    private static void join(Lab lab) {
        Subject one = lab.subject().fork();
        Subject other = lab.subject().fork();
        one.call(SyscallNumber.SETPGID, 0, 0).shouldReturn(0);
        other.call(SyscallNumber.SETPGID, 0, one.pid()).shouldReturn(0);
        lab.subject().call(SyscallNumber.SETPGID, other.pid(), other.pid()).shouldReturn(0);
        other.call(SyscallNumber.GETPGID, 0).shouldReturn(other.pid());
    }

    private static void deadLeader(Lab lab) {
        Subject parent = lab.subject();
        Subject leader = parent.fork();
        Subject member = parent.fork();
        leader.call(SyscallNumber.SETPGID, 0, 0).shouldReturn(0);
        leader.exit(0);
        leader.awaitZombie();
        member.call(SyscallNumber.SETPGID, 0, leader.pid()).shouldReturn(0);
        member.call(
                        SyscallNumber.SETPGID,
                        0,
                        parent.call(SyscallNumber.GETPGID, 0).value())
                .shouldReturn(0);
        parent.reap(leader);
        member.call(SyscallNumber.SETPGID, 0, leader.pid()).shouldFailWith(Errno.EPERM);
    }

    private static void otherSession(Lab lab) {
        Subject parent = lab.subject();
        Subject leader = parent.fork();
        leader.call(SyscallNumber.SETSID).shouldReturn(leader.pid());
        Subject member = parent.fork();
        member.call(SyscallNumber.SETPGID, 0, leader.pid()).shouldFailWith(Errno.EPERM);
        Subject inside = leader.fork();
        inside.call(
                        SyscallNumber.SETPGID,
                        0,
                        parent.call(SyscallNumber.GETPGID, 0).value())
                .shouldFailWith(Errno.EPERM);
    }

    private static void sessionLeader(Lab lab) {
        Subject leader = lab.subject().fork();
        leader.call(SyscallNumber.SETSID).shouldReturn(leader.pid());
        leader.call(SyscallNumber.SETPGID, 0, 0).shouldFailWith(Errno.EPERM);
        lab.subject().call(SyscallNumber.SETPGID, leader.pid(), 0).shouldFailWith(Errno.EPERM);
    }

    private static void afterExec(Lab lab) {
        int forkedNoExec = 0x40;
        Subject child = lab.subject().fork();
        Data path = lab.string("/bin/sleep");
        Data arguments = lab.longs(path.at(), lab.string("60").at(), 0);
        child.start(SyscallNumber.EXECVE, path.at(), arguments.at(), arguments.at(16));
        lab.await("execve of /bin/sleep", () -> (lab.proc().stat(child.pid()).flags() & forkedNoExec) == 0);
        lab.subject().call(SyscallNumber.SETPGID, child.pid(), 0).shouldFailWith(Errno.EACCES);
    }

    /** A child in a group of its own, whose parent leads their session. */
    private static Subject lonely(Subject leader) {
        leader.call(SyscallNumber.SETSID).shouldReturn(leader.pid());
        Subject child = leader.fork(Fork.child().outliving());
        child.call(SyscallNumber.SETPGID, 0, 0).shouldReturn(0);
        return child;
    }

    private static void orphanedStopped(Lab lab) {
        Subject leader = lab.subject().fork();
        Subject child = lonely(leader);
        Signals.kill(child.pid(), Signals.SIGSTOP);
        lab.await("the stop", () -> lab.state(child.pid()) == 'T');
        leader.exit(0);
        long expected = Signals.bit(Signals.SIGHUP) | Signals.bit(Signals.SIGCONT);
        Should.be("pending signals", expected, Steps.pending(lab, child));
    }

    private static void orphanedStop(Lab lab) {
        Subject leader = lab.subject().fork();
        Subject child = lonely(leader);
        Steps.unblock(lab, child, Signals.SIGTSTP);
        Signals.kill(child.pid(), Signals.SIGTSTP);
        lab.await("SIGTSTP to stop it", () -> lab.state(child.pid()) == 'T');
        Signals.kill(child.pid(), Signals.SIGCONT);
        leader.exit(0);
        lab.subject().reap(leader);
        Signals.kill(child.pid(), Signals.SIGTSTP);
        lab.await(
                "SIGTSTP to be taken",
                () -> !Steps.has(lab.proc().status(child.pid()).signals().sharedPending(), Signals.SIGTSTP));
        child.call(SyscallNumber.GETPID).shouldReturn(child.pid());
        Signals.kill(child.pid(), Signals.SIGSTOP);
        lab.await("SIGSTOP to stop it", () -> lab.state(child.pid()) == 'T');
    }
}
