package io.baton.coordinator.regress.checks;

import io.baton.coordinator.regress.Check;
import io.baton.coordinator.regress.Data;
import io.baton.coordinator.regress.Lab;
import io.baton.coordinator.regress.Need;
import io.baton.coordinator.regress.Should;
import io.baton.coordinator.regress.Subject;
import io.baton.task.linux.Errno;
import io.baton.task.linux.Files;
import io.baton.task.linux.Identity;
import io.baton.task.linux.Kcmp;
import io.baton.task.linux.ProcFdInfo;
import io.baton.task.linux.SyscallNumber;
import java.util.Arrays;
import java.util.List;

/** Descriptors and descriptions. */
final class FileChecks {
    private static final int FIRST_OWN = 3;
    private static final int F_SETFD = 2;
    private static final int F_SETFL = 4;
    private static final int F_SETLK = 6;
    private static final int F_SETSIG = 10;
    private static final int F_GETSIG = 11;
    private static final int F_SETOWN_EX = 15;
    private static final int F_GETOWN_EX = 16;
    private static final int F_SETPIPE_SZ = 1031;
    private static final int F_GETPIPE_SZ = 1032;

    private FileChecks() {}

    static List<Check> list() {
        return List.of(
                Check.of(
                                "fd.lowest",
                                "a new descriptor has the lowest free number",
                                "fs/file.c alloc_fd(), open(2)",
                                FileChecks::lowest)
                        .neededBy(Need.RESTORE, ""),
                Check.of(
                                "fd.fdinfo",
                                "fdinfo tells position, flags, close-on-exec, mount and inode",
                                "fs/proc/fd.c seq_show(), proc(5)",
                                FileChecks::fdInfo)
                        .neededBy(Need.DUMP, ""),
                Check.of(
                        "fd.flags",
                        "status flags belong to the description, close-on-exec to the descriptor",
                        "fs/fcntl.c, fcntl(2)",
                        FileChecks::flags),
                Check.of(
                        "fd.owner",
                        "who gets a description's signals, and which, is set and read: thread, process, group",
                        "fs/fcntl.c f_setown_ex(), fcntl(2)",
                        FileChecks::owner),
                Check.of(
                        "pipe.size",
                        "the size of a pipe is set and read",
                        "fs/pipe.c pipe_fcntl(), fcntl(2)",
                        FileChecks::pipeSize),
                Check.of(
                        "pipe.tee",
                        "tee copies what is in a pipe, and leaves it",
                        "fs/splice.c do_tee(), tee(2)",
                        FileChecks::tee),
                Check.of(
                        "lock.fdinfo",
                        "fdinfo tells the locks of a description",
                        "fs/locks.c show_fd_locks(), proc(5)",
                        FileChecks::locks),
                Check.of(
                        "lock.fork",
                        "record locks are a process's own, flock's go with the description",
                        "fs/locks.c, fcntl(2), flock(2)",
                        FileChecks::lockOwner),
                Check.of(
                        "openat2.in_root",
                        "with RESOLVE_IN_ROOT no path leads out of a directory",
                        "fs/namei.c, openat2(2)",
                        FileChecks::inRoot),
                Check.of(
                        "link.deleted",
                        "a file that was deleted can be opened by its descriptor, not linked: ENOENT",
                        "fs/namei.c do_linkat(), linkat(2)",
                        FileChecks::deleted),
                Check.of(
                        "close_range",
                        "close_range closes what is in between",
                        "fs/file.c sys_close_range(), close_range(2)",
                        FileChecks::closeRange),
                Check.of(
                        "tty.pty",
                        "a terminal's slave is opened by TIOCGPTPEER; lock and packet mode can be read",
                        "drivers/tty/pty.c, ioctl_tty(2)",
                        FileChecks::terminal));
    }

    private static void lowest(Lab lab) {
        Subject subject = lab.subject();
        Data pipe = lab.data(8);
        // What it was born with may have holes.
        subject.call(SyscallNumber.CLOSE_RANGE, FIRST_OWN, Integer.MAX_VALUE, 0).shouldReturn(0);
        subject.call(SyscallNumber.PIPE2, pipe.at(), 0).shouldReturn(0);
        Should.be("second descriptor", pipe.intAt(0) + 1, pipe.intAt(4));
        subject.call(SyscallNumber.DUP3, pipe.intAt(4), 100, 0).shouldReturn(100);
        subject.call(SyscallNumber.CLOSE, pipe.intAt(0)).shouldReturn(0);
        subject.call(SyscallNumber.DUP, 100).shouldReturn(pipe.intAt(0));
    }

    private static void fdInfo(Lab lab) {
        Subject subject = lab.subject();
        int fd = subject.call(SyscallNumber.MEMFD_CREATE, lab.string("info").at(), 0)
                .number();
        subject.call(SyscallNumber.LSEEK, fd, 1234, 0).shouldReturn(1234);
        subject.call(SyscallNumber.FCNTL, fd, F_SETFL, Files.O_APPEND | Files.O_NONBLOCK)
                .shouldReturn(0);
        subject.call(SyscallNumber.FCNTL, fd, F_SETFD, 1).shouldReturn(0);
        ProcFdInfo info = lab.proc().fdInfo(subject.pid(), fd);
        Should.be("position", 1234, info.position());
        int flags = Files.O_RDWR | Files.O_APPEND | Files.O_NONBLOCK | Files.O_CLOEXEC;
        Should.be("flags", flags, info.flags() & ~Files.O_LARGEFILE);
    }

    private static void flags(Lab lab) {
        Subject subject = lab.subject();
        int fd = subject.call(SyscallNumber.MEMFD_CREATE, lab.string("flags").at(), 0)
                .number();
        int copy = subject.call(SyscallNumber.DUP, fd).number();
        subject.call(SyscallNumber.FCNTL, fd, F_SETFD, 1).shouldReturn(0);
        subject.call(SyscallNumber.FCNTL, fd, F_SETFL, Files.O_NONBLOCK).shouldReturn(0);
        subject.call(SyscallNumber.FCNTL, copy, F_SETFD - 1).shouldReturn(0);
        long seen = subject.call(SyscallNumber.FCNTL, copy, F_SETFL - 1).value();
        Should.be("O_NONBLOCK of the copy", Files.O_NONBLOCK, seen & Files.O_NONBLOCK);
    }

    private static void owner(Lab lab) {
        Subject subject = lab.subject();
        Data pipe = lab.data(8);
        subject.call(SyscallNumber.PIPE2, pipe.at(), 0).shouldReturn(0);
        int fd = pipe.intAt(0);
        int group = Identity.processGroup(subject.pid());
        for (int[] wanted : new int[][] {{0, subject.pid()}, {1, subject.pid()}, {2, group}}) {
            subject.call(SyscallNumber.FCNTL, fd, F_SETOWN_EX, lab.ints(wanted).at())
                    .shouldReturn(0);
            Data seen = lab.ints(-1, -1);
            subject.call(SyscallNumber.FCNTL, fd, F_GETOWN_EX, seen.at()).shouldReturn(0);
            Should.be("kind of owner", wanted[0], seen.intAt(0));
            Should.be("owner", wanted[1], seen.intAt(4));
        }
        subject.call(SyscallNumber.FCNTL, fd, F_SETSIG, 40).shouldReturn(0);
        subject.call(SyscallNumber.FCNTL, fd, F_GETSIG).shouldReturn(40);
    }

    private static void pipeSize(Lab lab) {
        Subject subject = lab.subject();
        Data pipe = lab.data(8);
        subject.call(SyscallNumber.PIPE2, pipe.at(), 0).shouldReturn(0);
        subject.call(SyscallNumber.FCNTL, pipe.intAt(0), F_SETPIPE_SZ, 3 * Steps.PAGE)
                .shouldReturn(4 * Steps.PAGE);
        subject.call(SyscallNumber.FCNTL, pipe.intAt(4), F_GETPIPE_SZ).shouldReturn(4 * Steps.PAGE);
    }

    private static void tee(Lab lab) {
        int nonBlocking = 2;
        Subject subject = lab.subject();
        Data one = lab.data(8);
        Data two = lab.data(8);
        subject.call(SyscallNumber.PIPE2, one.at(), Files.O_NONBLOCK).shouldReturn(0);
        subject.call(SyscallNumber.PIPE2, two.at(), Files.O_NONBLOCK).shouldReturn(0);
        subject.call(SyscallNumber.WRITE, one.intAt(4), lab.string("hello").at(), 5)
                .shouldReturn(5);
        subject.call(SyscallNumber.TEE, one.intAt(0), two.intAt(4), 100, nonBlocking)
                .shouldReturn(5);
        Data text = lab.data(8);
        for (Data pipe : List.of(one, two)) {
            subject.call(SyscallNumber.READ, pipe.intAt(0), text.clear().at(), 8)
                    .shouldReturn(5);
            Should.be("bytes read", "hello", text.text(5));
        }
    }

    private static int lockedFile(Lab lab, Subject subject) {
        int fd = subject.call(SyscallNumber.MEMFD_CREATE, lab.string("locked").at(), 0)
                .number();
        Data lock = lab.data(32).put(0, (short) 1).put(8, 10L).put(16, 5L);
        subject.call(SyscallNumber.FCNTL, fd, F_SETLK, lock.at()).shouldReturn(0);
        return fd;
    }

    private static void locks(Lab lab) {
        int exclusive = 2;
        Subject subject = lab.subject();
        int fd = lockedFile(lab, subject);
        subject.call(SyscallNumber.FLOCK, fd, exclusive).shouldReturn(0);
        String info = String.join("\n", lab.proc().fdInfo(subject.pid(), fd).extra());
        Should.contain("fdinfo", "POSIX  ADVISORY  WRITE " + subject.pid(), info);
        Should.contain("fdinfo", " 10 14", info);
        Should.contain("fdinfo", "FLOCK  ADVISORY  WRITE " + subject.pid(), info);
    }

    private static void lockOwner(Lab lab) {
        int getLock = 5;
        int exclusiveNoWait = 2 | 4;
        Subject subject = lab.subject();
        int fd = lockedFile(lab, subject);
        subject.call(SyscallNumber.FLOCK, fd, exclusiveNoWait).shouldReturn(0);
        Subject child = subject.fork();
        Data lock = lab.data(32).put(0, (short) 1);
        child.call(SyscallNumber.FCNTL, fd, getLock, lock.at()).shouldReturn(0);
        Should.be("owner of the record lock", subject.pid(), lock.intAt(24));
        child.call(SyscallNumber.FLOCK, fd, exclusiveNoWait).shouldReturn(0);
    }

    private static void inRoot(Lab lab) {
        long inRoot = 0x10;
        Subject subject = lab.subject();
        int root = subject.call(
                        SyscallNumber.OPENAT,
                        Files.AT_FDCWD,
                        lab.string("/proc/sys").at(),
                        Files.O_PATH)
                .number();
        Data how = lab.longs(Files.O_PATH, 0, inRoot);
        subject.call(SyscallNumber.OPENAT2, root, lab.string("/../../kernel").at(), how.at(), how.length())
                .skipOn(Errno.ENOSYS, "a kernel before Linux 5.6")
                .shouldSucceed();
        subject.call(SyscallNumber.OPENAT2, root, lab.string("/../version").at(), how.at(), how.length())
                .shouldFailWith(Errno.ENOENT);
    }

    private static void deleted(Lab lab) {
        Subject subject = lab.subject();
        int fd = subject.call(SyscallNumber.MEMFD_CREATE, lab.string("deleted").at(), 0)
                .number();
        subject.call(SyscallNumber.WRITE, fd, lab.string("12345").at(), 5).shouldReturn(5);
        Data path = lab.string("/proc/self/fd/" + fd);
        int again = subject.call(SyscallNumber.OPENAT, Files.AT_FDCWD, path.at(), Files.O_RDWR)
                .number();
        subject.call(SyscallNumber.LSEEK, again, 0, 2).shouldReturn(5);
        Should.hold("it is a description of its own", Kcmp.files(subject.pid(), fd, subject.pid(), again) != 0);
        int errno = subject.call(
                        SyscallNumber.LINKAT,
                        Files.AT_FDCWD,
                        path.at(),
                        Files.AT_FDCWD,
                        lab.string("/dev/shm/baton-regress-" + subject.pid()).at(),
                        Files.AT_SYMLINK_FOLLOW)
                .errno();
        Should.hold("link fails with ENOENT or EXDEV", errno == Errno.ENOENT || errno == Errno.EXDEV);
    }

    private static void closeRange(Lab lab) {
        Subject subject = lab.subject();
        int fd = subject.call(SyscallNumber.EVENTFD2, 0, 0).number();
        for (int i = 100; i < 104; i++) {
            subject.call(SyscallNumber.DUP3, fd, i, 0).shouldReturn(i);
        }
        subject.call(SyscallNumber.CLOSE_RANGE, 101, 102, 0)
                .skipOn(Errno.ENOSYS, "a kernel before Linux 5.9")
                .shouldReturn(0);
        int[] left = Arrays.stream(lab.proc().descriptors(subject.pid()))
                .filter(one -> one >= 100)
                .sorted()
                .toArray();
        Should.be("descriptors left", List.of(100, 103), List.of(left[0], left[1]));
    }

    private static void terminal(Lab lab) {
        long setLock = 0x4004_5431L;
        long getLock = 0x8004_5439L;
        long getPacket = 0x8004_5438L;
        long packet = 0x5420;
        long peer = 0x5441;
        Subject subject = lab.subject();
        int flags = Files.O_RDWR | Files.O_NOCTTY;
        int master = subject.call(
                        SyscallNumber.OPENAT,
                        Files.AT_FDCWD,
                        lab.string("/dev/ptmx").at(),
                        flags)
                .skipOn(Errno.ENOENT, "there is no /dev/ptmx")
                .number();
        Data word = lab.ints(-1);
        subject.call(SyscallNumber.IOCTL, master, getLock, word.at()).shouldReturn(0);
        Should.be("lock", 1, word.intAt(0));
        subject.call(SyscallNumber.IOCTL, master, peer, flags).shouldFailWith(Errno.EIO);
        subject.call(SyscallNumber.IOCTL, master, setLock, word.put(0, 0).at()).shouldReturn(0);
        int slave = subject.call(SyscallNumber.IOCTL, master, peer, flags).number();
        subject.call(SyscallNumber.IOCTL, master, packet, word.put(0, 1).at()).shouldReturn(0);
        subject.call(SyscallNumber.IOCTL, master, getPacket, word.put(0, -1).at())
                .shouldReturn(0);
        Should.be("packet mode", 1, word.intAt(0));
        Should.contain("name of the slave", "/pts/", lab.proc().readLink(subject.pid(), "fd/" + slave));
    }
}
