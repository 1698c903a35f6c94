package io.baton.coordinator.regress.checks;

import io.baton.coordinator.regress.Check;
import io.baton.coordinator.regress.CheckSkipped;
import io.baton.coordinator.regress.Data;
import io.baton.coordinator.regress.Fork;
import io.baton.coordinator.regress.Lab;
import io.baton.coordinator.regress.Need;
import io.baton.coordinator.regress.Should;
import io.baton.coordinator.regress.Subject;
import io.baton.task.linux.Errno;
import io.baton.task.linux.Fd;
import io.baton.task.linux.Kcmp;
import io.baton.task.linux.LinuxException;
import io.baton.task.linux.PidFd;
import io.baton.task.linux.Signals;
import io.baton.task.linux.SyscallNumber;
import java.util.List;

/** Handles on processes, and what processes have in common. */
final class HandleChecks {
    private static final int PIDFD_THREAD = 0x80;

    private HandleChecks() {}

    static List<Check> list() {
        return List.of(
                Check.of(
                                "pidfd.open",
                                "a process has a handle, a thread none: EINVAL or ENOENT; what is gone has none: ESRCH",
                                "kernel/pid.c sys_pidfd_open(), pidfd_open(2)",
                                HandleChecks::pidFd)
                        .neededBy(Need.RESTORE, "Linux 5.3"),
                Check.of(
                        "pidfd.thread",
                        "with PIDFD_THREAD a thread has one, too",
                        "kernel/fork.c pidfd_prepare(), pidfd_open(2)",
                        HandleChecks::pidFdOfThread),
                Check.of(
                                "pidfd.getfd",
                                "a descriptor that was fetched is of the same description",
                                "kernel/pid.c sys_pidfd_getfd(), pidfd_getfd(2)",
                                HandleChecks::fetch)
                        .neededBy(Need.RESTORE, "Linux 5.6"),
                Check.of(
                        "pidfd.send_signal",
                        "a signal goes to the process that was meant, or to nobody",
                        "kernel/signal.c sys_pidfd_send_signal(), pidfd_send_signal(2)",
                        HandleChecks::pidFdSignal),
                Check.of(
                                "kcmp.file",
                                "KCMP_FILE knows descriptions that are one, and orders all others",
                                "kernel/kcmp.c, kcmp(2)",
                                HandleChecks::compareFiles)
                        .neededBy(Need.DUMP, "a kernel with CONFIG_KCMP"),
                Check.of(
                                "kcmp.tasks",
                                "KCMP_VM, FILES, FS, SIGHAND tell what threads share and children do not",
                                "kernel/kcmp.c, kcmp(2)",
                                HandleChecks::compareTasks)
                        .neededBy(Need.DUMP, "a kernel with CONFIG_KCMP"),
                Check.of(
                                "proc.children",
                                "/proc/PID/task/TID/children lists the children of each thread",
                                "fs/proc/array.c children_seq_show(), proc(5)",
                                HandleChecks::children)
                        .neededBy(Need.DUMP, "a kernel with CONFIG_PROC_CHILDREN"));
    }

    private static void pidFd(Lab lab) {
        Subject child = lab.subject().fork();
        Subject thread = child.fork(Fork.thread());
        PidFd.open(child.pid()).close();
        int errno = lab.own(SyscallNumber.PIDFD_OPEN, thread.pid(), 0).errno();
        Should.hold(
                "pidfd_open of a thread fails with EINVAL or ENOENT", errno == Errno.EINVAL || errno == Errno.ENOENT);
        child.exit(0);
        lab.subject().reap(child);
        lab.own(SyscallNumber.PIDFD_OPEN, child.pid(), 0).shouldFailWith(Errno.ESRCH);
    }

    private static void pidFdOfThread(Lab lab) {
        Subject thread = lab.subject().fork(Fork.thread());
        int fd = lab.own(SyscallNumber.PIDFD_OPEN, thread.pid(), PIDFD_THREAD)
                .skipOn(Errno.EINVAL, "a kernel before Linux 6.9")
                .number();
        lab.keep(Fd.own(fd));
        lab.own(SyscallNumber.PIDFD_SEND_SIGNAL, fd, Signals.SIGUSR1, 0, 0).shouldReturn(0);
        Should.be(
                "signals pending for the thread",
                Signals.bit(Signals.SIGUSR1),
                lab.proc().status(lab.subject().pid(), thread.pid()).signals().pending());
    }

    private static void fetch(Lab lab) {
        Subject owner = lab.subject();
        Subject other = owner.fork();
        int theirs = owner.call(SyscallNumber.MEMFD_CREATE, lab.string("shared").at(), 0)
                .number();
        int handle = other.call(SyscallNumber.PIDFD_OPEN, owner.pid(), 0).number();
        int fetched = other.call(SyscallNumber.PIDFD_GETFD, handle, theirs, 0).number();
        owner.call(SyscallNumber.WRITE, theirs, lab.string("four").at(), 4).shouldReturn(4);
        other.call(SyscallNumber.LSEEK, fetched, 0, 1).shouldReturn(4);
        Should.be("kcmp", 0, Kcmp.files(owner.pid(), theirs, other.pid(), fetched));
        other.call(SyscallNumber.PIDFD_GETFD, handle, 99, 0).shouldFailWith(Errno.EBADF);
    }

    private static void pidFdSignal(Lab lab) {
        Steps.needChosenPids();
        Subject child = lab.subject().fork();
        try (PidFd handle = PidFd.open(child.pid())) {
            Should.hold("it can be sent", handle.signal(Signals.SIGUSR1));
            Should.be("pending signals", Signals.bit(Signals.SIGUSR1), Steps.pending(lab, child));
            child.exit(0);
            lab.subject().reap(child);
            lab.subject().fork(Fork.child().pids(child.pid()));
            Should.hold("a new process of that pid does not get it", !handle.signal(Signals.SIGKILL));
        }
    }

    private static int compare(Subject one, int fd, Subject other, int otherFd) {
        try {
            return Kcmp.files(one.pid(), fd, other.pid(), otherFd);
        } catch (LinuxException e) {
            if (e.errno() == Errno.ENOSYS) {
                throw new CheckSkipped("kcmp: ENOSYS: a kernel without CONFIG_KCMP");
            }
            throw e;
        }
    }

    private static void compareFiles(Lab lab) {
        Subject subject = lab.subject();
        Data pipe = lab.data(8);
        subject.call(SyscallNumber.PIPE2, pipe.at(), 0).shouldReturn(0);
        int copy = subject.call(SyscallNumber.DUP, pipe.intAt(0)).number();
        Subject child = subject.fork();
        Should.be("a copy", 0, compare(subject, pipe.intAt(0), subject, copy));
        Should.be("an inherited one", 0, compare(subject, pipe.intAt(0), child, pipe.intAt(0)));
        int order = compare(subject, pipe.intAt(0), child, pipe.intAt(4));
        Should.hold("another one is before or after it", order == 1 || order == -1);
        Should.be("the other way round", -order, compare(child, pipe.intAt(4), subject, pipe.intAt(0)));
    }

    private static void compareTasks(Lab lab) {
        Subject subject = lab.subject();
        Subject thread = subject.fork(Fork.thread());
        Subject child = subject.fork();
        for (int type : new int[] {Kcmp.VM, Kcmp.FILES, Kcmp.FS, Kcmp.SIGHAND}) {
            Should.be("kcmp of type " + type + " with a thread", 0, Kcmp.tasks(type, subject.pid(), thread.pid()));
            Should.hold(
                    "kcmp of type " + type + " differs for a child", Kcmp.tasks(type, subject.pid(), child.pid()) != 0);
        }
    }

    private static void children(Lab lab) {
        Subject subject = lab.subject();
        Subject thread = subject.fork(Fork.thread());
        Subject one = subject.fork();
        Subject two = thread.fork();
        Should.be("child of the first thread", one.pid(), lab.proc().children(subject.pid(), subject.pid())[0]);
        Should.be("child of the second thread", two.pid(), lab.proc().children(subject.pid(), thread.pid())[0]);
    }
}
