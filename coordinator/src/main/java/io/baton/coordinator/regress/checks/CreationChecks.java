package io.baton.coordinator.regress.checks;

import io.baton.coordinator.regress.Check;
import io.baton.coordinator.regress.Fork;
import io.baton.coordinator.regress.Lab;
import io.baton.coordinator.regress.Need;
import io.baton.coordinator.regress.Should;
import io.baton.coordinator.regress.Subject;
import io.baton.mktree.launch.FreePids;
import io.baton.task.linux.Errno;
import io.baton.task.linux.SyscallNumber;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;

/** Making tasks: clone3(2). */
final class CreationChecks {
    private static final String RIGHTS = "run as root, or with CAP_CHECKPOINT_RESTORE";
    private static final String SET_TID = "kernel/pid.c alloc_pid()";

    private CreationChecks() {}

    static List<Check> list() {
        return List.of(
                Check.of("clone3.set_tid", "a free pid can be chosen", SET_TID, CreationChecks::setTid)
                        .neededBy(Need.RESTORE, RIGHTS),
                Check.of("clone3.set_tid.thread", "a free tid can be chosen", SET_TID, CreationChecks::setTidOfThread)
                        .neededBy(Need.RESTORE, RIGHTS),
                Check.of(
                                "clone3.set_tid.taken",
                                "a pid that is taken cannot be chosen: EEXIST",
                                SET_TID,
                                CreationChecks::setTidTaken)
                        .neededBy(Need.RESTORE, RIGHTS),
                Check.of(
                        "clone3.set_tid.zombie",
                        "a zombie's pid is taken",
                        "kernel/pid.c free_pid(), kernel/exit.c release_task()",
                        CreationChecks::setTidOfZombie),
                Check.of(
                        "clone3.set_tid.group",
                        "a pid is taken as long as a process group has it",
                        "kernel/pid.c __change_pid()",
                        CreationChecks::setTidOfGroup),
                Check.of(
                        "clone3.set_tid.unprivileged",
                        "to choose a pid takes CAP_CHECKPOINT_RESTORE or CAP_SYS_ADMIN: EPERM",
                        SET_TID + ", capabilities(7)",
                        CreationChecks::setTidWithoutRight),
                Check.of(
                        "clone3.set_tid.too-many",
                        "more pids than there are levels of pid namespaces: EINVAL",
                        SET_TID + ", clone(2)",
                        CreationChecks::tooManyLevels),
                Check.of(
                        "clone3.set_tid.nested",
                        "a pid can be chosen at two levels of pid namespaces at once",
                        SET_TID,
                        CreationChecks::nested),
                Check.of(
                        "clone3.set_tid.init",
                        "the first pid of a new pid namespace can be chosen only as 1: EINVAL",
                        SET_TID,
                        CreationChecks::firstOfNamespace),
                Check.of(
                        "clone3.parent.set_tid",
                        "CLONE_PARENT makes a sibling, with a chosen pid too",
                        "kernel/fork.c copy_process()",
                        CreationChecks::sibling),
                Check.of(
                                "clone3.parent_settid",
                                "the kernel stores a new task's id where CLONE_PARENT_SETTID says",
                                "kernel/fork.c kernel_clone()",
                                CreationChecks::parentSetTid)
                        .neededBy(Need.RESTORE, ""));
    }

    /** A pid that nobody has, far from those the kernel gives next. */
    static int freePid() {
        int last = Math.min(FreePids.last(), 4_000_000);
        int pid;
        do {
            pid = ThreadLocalRandom.current().nextInt(last / 2, last - 16);
        } while (!FreePids.isFree(pid));
        return pid;
    }

    private static void setTid(Lab lab) {
        Steps.needChosenPids();
        int wanted = freePid();
        Subject child = lab.subject().fork(Fork.child().pids(wanted));
        Should.be("pid of the child", wanted, child.pid());
        child.call(SyscallNumber.GETPID).shouldReturn(wanted);
    }

    private static void setTidOfThread(Lab lab) {
        Steps.needChosenPids();
        int wanted = freePid();
        Subject thread = lab.subject().fork(Fork.thread().pids(wanted));
        thread.call(SyscallNumber.GETTID).shouldReturn(wanted);
        thread.call(SyscallNumber.GETPID).shouldReturn(lab.subject().pid());
    }

    private static void setTidTaken(Lab lab) {
        Steps.needChosenPids();
        Subject parent = lab.subject();
        parent.tryFork(Fork.child().pids(parent.pid())).shouldFailWith(Errno.EEXIST);
        parent.tryFork(Fork.child().pids(lab.helperPid())).shouldFailWith(Errno.EEXIST);
    }

    private static void setTidOfZombie(Lab lab) {
        Steps.needChosenPids();
        Subject parent = lab.subject();
        int wanted = freePid();
        Subject child = parent.fork(Fork.child().pids(wanted));
        child.exit(0);
        child.awaitZombie();
        parent.tryFork(Fork.child().pids(wanted)).shouldFailWith(Errno.EEXIST);
        parent.reap(child);
        Should.be(
                "pid of a child after the zombie was reaped",
                wanted,
                parent.fork(Fork.child().pids(wanted)).pid());
    }

    private static void setTidOfGroup(Lab lab) {
        Steps.needChosenPids();
        Subject parent = lab.subject();
        Subject leader = parent.fork();
        Subject member = parent.fork();
        leader.call(SyscallNumber.SETPGID, 0, 0).shouldReturn(0);
        member.call(SyscallNumber.SETPGID, 0, leader.pid()).shouldReturn(0);
        leader.exit(0);
        leader.awaitZombie();
        parent.reap(leader);
        parent.tryFork(Fork.child().pids(leader.pid())).shouldFailWith(Errno.EEXIST);
        member.call(SyscallNumber.GETPGID, 0).shouldReturn(leader.pid());
    }

    private static void setTidWithoutRight(Lab lab) {
        Subject subject = lab.subject();
        subject.fork().call(SyscallNumber.SETRESUID, 65_534, 65_534, 65_534).shouldReturn(0);
        Subject child = subject.fork();
        child.call(SyscallNumber.SETRESUID, 65_534, 65_534, 65_534).shouldReturn(0);
        child.tryFork(Fork.child().pids(freePid())).shouldFailWith(Errno.EPERM);
        child.fork();
    }

    private static void tooManyLevels(Lab lab) {
        Integer[] pids = new Integer[33]; // MAX_PID_NS_LEVEL is 32
        Arrays.fill(pids, freePid());
        lab.subject().tryFork(Fork.child().pids(pids)).shouldFailWith(Errno.EINVAL);
        int levels = lab.proc().status(lab.subject().pid()).namespaced().pid().size();
        Integer[] oneMore = Arrays.copyOf(pids, 17);
        if (levels < oneMore.length) {
            lab.subject().tryFork(Fork.child().pids(oneMore)).shouldFailWith(Errno.EINVAL);
        }
    }

    private static void nested(Lab lab) {
        Steps.needChosenPids();
        int outside = freePid();
        Subject init = lab.subject().fork(Fork.child().with(Fork.CLONE_NEWPID).pids(1, outside));
        Should.be("pid of the namespace's first process", outside, init.pid());
        init.call(SyscallNumber.GETPID).shouldReturn(1);
        int inside = 4321;
        int below = freePid();
        Subject child = init.fork(Fork.child().pids(inside, below));
        child.call(SyscallNumber.GETPID).shouldReturn(inside);
        child.call(SyscallNumber.GETPPID).shouldReturn(1);
        Should.be("pids of the child", List.of(below, inside), levels(lab, below));
        init.tryFork(Fork.child().pids(inside, freePid())).shouldFailWith(Errno.EEXIST);
    }

    private static List<Integer> levels(Lab lab, int pid) {
        List<Integer> all = lab.proc().status(pid).namespaced().pid();
        return all.subList(all.size() - 2, all.size());
    }

    private static void firstOfNamespace(Lab lab) {
        Steps.needChosenPids();
        lab.subject().tryFork(Fork.child().with(Fork.CLONE_NEWPID).pids(2)).shouldFailWith(Errno.EINVAL);
        lab.subject()
                .fork(Fork.child().with(Fork.CLONE_NEWPID).pids(1))
                .call(SyscallNumber.GETPID)
                .shouldReturn(1);
    }

    private static void sibling(Lab lab) {
        Steps.needChosenPids();
        Subject parent = lab.subject();
        Subject child = parent.fork();
        int wanted = freePid();
        Subject sibling =
                child.fork(Fork.child().exitSignal(0).with(Fork.CLONE_PARENT).pids(wanted));
        Should.be("pid of the sibling", wanted, sibling.pid());
        sibling.call(SyscallNumber.GETPPID).shouldReturn(parent.pid());
        Should.be(
                "exit signal of the sibling, its maker's",
                17,
                lab.proc().stat(wanted).exitSignal());
    }

    private static void parentSetTid(Lab lab) {
        Subject child = lab.subject().fork();
        Should.be("id stored of a child", child.call(SyscallNumber.GETPID).value(), child.storedTid());
        Subject thread = child.fork(Fork.thread());
        Should.be("id stored of a thread", thread.call(SyscallNumber.GETTID).value(), thread.storedTid());
    }
}
