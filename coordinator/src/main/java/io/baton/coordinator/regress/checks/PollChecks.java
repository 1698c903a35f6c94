package io.baton.coordinator.regress.checks;

import io.baton.coordinator.regress.Check;
import io.baton.coordinator.regress.Data;
import io.baton.coordinator.regress.Lab;
import io.baton.coordinator.regress.Should;
import io.baton.coordinator.regress.Subject;
import io.baton.task.linux.Errno;
import io.baton.task.linux.Signals;
import io.baton.task.linux.SyscallNumber;
import java.util.List;

/** What is waited for through descriptors: epoll, eventfd, signalfd, inotify, fanotify. */
final class PollChecks {
    private static final int ADD = 1;
    private static final int KCMP_EPOLL_TFD = 7;

    private PollChecks() {}

    static List<Check> list() {
        return List.of(
                Check.of(
                        "epoll.fdinfo",
                        "fdinfo of an epoll tells target, events and data",
                        "fs/eventpoll.c ep_show_fdinfo(), proc(5)",
                        PollChecks::fdInfo),
                Check.of(
                        "epoll.kcmp",
                        "KCMP_EPOLL_TFD finds the description that is watched, though its number was closed",
                        "kernel/kcmp.c kcmp_epoll_target(), kcmp(2)",
                        PollChecks::compare),
                Check.of(
                        "epoll.oneshot",
                        "EPOLLONESHOT that has fired is disarmed, and fdinfo says so",
                        "fs/eventpoll.c ep_send_events(), epoll_ctl(2)",
                        PollChecks::oneShot),
                Check.of(
                        "eventfd",
                        "fdinfo of an eventfd tells its count, and it counts down as a semaphore",
                        "fs/eventfd.c eventfd_show_fdinfo(), eventfd(2)",
                        PollChecks::eventFd),
                Check.of(
                        "signalfd",
                        "fdinfo of a signalfd tells its signals, and reading takes them",
                        "fs/signalfd.c signalfd_show_fdinfo(), signalfd(2)",
                        PollChecks::signalFd),
                Check.of(
                        "inotify",
                        "fdinfo of an inotify tells watches, inodes and masks; watches are numbered upwards",
                        "fs/notify/fdinfo.c inotify_fdinfo(), inotify(7)",
                        PollChecks::notify));
    }

    private static String info(Lab lab, Subject subject, int fd) {
        return String.join("\n", lab.proc().fdInfo(subject.pid(), fd).extra());
    }

    /** struct epoll_event, which is packed. */
    private static Data event(Lab lab, int events, long data) {
        return lab.data(16).put(0, events).put(4, data);
    }

    private static int watching(Lab lab, Subject subject, int target, int events) {
        int epoll = subject.call(SyscallNumber.EPOLL_CREATE1, 0).number();
        subject.call(
                        SyscallNumber.EPOLL_CTL,
                        epoll,
                        ADD,
                        target,
                        event(lab, events, 0x1234).at())
                .shouldReturn(0);
        return epoll;
    }

    private static void fdInfo(Lab lab) {
        Subject subject = lab.subject();
        int target = subject.call(SyscallNumber.EVENTFD2, 0, 0).number();
        int epoll = watching(lab, subject, target, 1);
        String info = info(lab, subject, epoll).replaceAll(" +", " ");
        Should.contain("fdinfo", "tfd: " + target + " events: 19 data: 1234", info); // with EPOLLERR, EPOLLHUP
    }

    private static void compare(Lab lab) {
        Subject subject = lab.subject();
        int target = subject.call(SyscallNumber.EVENTFD2, 0, 0).number();
        int epoll = watching(lab, subject, target, 1);
        int copy = subject.call(SyscallNumber.DUP, target).number();
        subject.call(SyscallNumber.CLOSE, target).shouldReturn(0);
        Data place = lab.ints(epoll, target, 0);
        lab.own(SyscallNumber.KCMP, subject.pid(), subject.pid(), KCMP_EPOLL_TFD, copy, place.ours())
                .skipOn(Errno.ENOSYS, "a kernel without CONFIG_KCMP")
                .skipOn(Errno.EOPNOTSUPP, "a kernel without CONFIG_EPOLL")
                .shouldReturn(0);
        place.put(4, copy);
        lab.own(SyscallNumber.KCMP, subject.pid(), subject.pid(), KCMP_EPOLL_TFD, copy, place.ours())
                .shouldFailWith(Errno.ENOENT);
    }

    private static void oneShot(Lab lab) {
        int wait = 232;
        int oneShot = 1 << 30;
        Subject subject = lab.subject();
        int target = subject.call(SyscallNumber.EVENTFD2, 1, 0).number();
        int epoll = watching(lab, subject, target, 1 | oneShot);
        subject.call(wait, epoll, lab.data(64).at(), 4, 0).shouldReturn(1);
        subject.call(wait, epoll, lab.data(64).at(), 4, 0).shouldReturn(0);
        Should.contain("fdinfo", "events: 40000000", info(lab, subject, epoll).replaceAll(" +", " "));
    }

    private static void eventFd(Lab lab) {
        int semaphore = 1;
        Subject subject = lab.subject();
        int fd = subject.call(SyscallNumber.EVENTFD2, 77, semaphore).number();
        Should.contain("fdinfo", "eventfd-count:               4d", info(lab, subject, fd));
        Data count = lab.data(8);
        subject.call(SyscallNumber.READ, fd, count.at(), 8).shouldReturn(8);
        Should.be("count read", 1, count.longAt(0));
        Should.contain("fdinfo", "eventfd-count:               4c", info(lab, subject, fd));
    }

    private static void signalFd(Lab lab) {
        Subject subject = lab.subject();
        long set = Signals.bit(Signals.SIGUSR1) | Signals.bit(40);
        int fd = subject.call(SyscallNumber.SIGNALFD4, -1, lab.longs(set).at(), Steps.SIGNAL_SET, 0)
                .number();
        Should.contain("fdinfo", String.format("sigmask:%c%016x", '\t', set), info(lab, subject, fd));
        Signals.kill(subject.pid(), Signals.SIGUSR1);
        Data info = lab.data(128);
        subject.call(SyscallNumber.READ, fd, info.at(), 128).shouldReturn(128);
        Should.be("signal read", Signals.SIGUSR1, info.intAt(0));
        Should.be("pending signals", 0, Steps.pending(lab, subject));
    }

    private static void notify(Lab lab) {
        int removeWatch = 255;
        Subject subject = lab.subject();
        int fd = subject.call(SyscallNumber.INOTIFY_INIT1, 0).number();
        Data path = lab.string("/dev/null");
        subject.call(SyscallNumber.INOTIFY_ADD_WATCH, fd, path.at(), 2).shouldReturn(1);
        subject.call(removeWatch, fd, 1).shouldReturn(0);
        subject.call(SyscallNumber.INOTIFY_ADD_WATCH, fd, path.at(), 4).shouldReturn(2);
        Data status = lab.data(256);
        subject.call(SyscallNumber.NEWFSTATAT, -100, path.at(), status.at(), 0).shouldReturn(0);
        String info = info(lab, subject, fd);
        Should.contain("fdinfo", "inotify wd:2 ino:" + Long.toHexString(status.longAt(8)) + " ", info);
        Should.contain("fdinfo", " mask:4 ", info);
    }
}
