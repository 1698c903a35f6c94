package io.baton.coordinator.regress.checks;

import io.baton.coordinator.regress.Check;
import io.baton.coordinator.regress.Data;
import io.baton.coordinator.regress.Fork;
import io.baton.coordinator.regress.Lab;
import io.baton.coordinator.regress.Should;
import io.baton.coordinator.regress.Subject;
import io.baton.task.linux.Errno;
import io.baton.task.linux.Fd;
import io.baton.task.linux.FileStatus;
import io.baton.task.linux.Files;
import io.baton.task.linux.PidFd;
import io.baton.task.linux.Signals;
import io.baton.task.linux.SyscallNumber;
import java.nio.file.Path;
import java.util.List;

/** Namespaces: making, entering, asking what belongs to what. */
final class NamespaceChecks {
    private static final int NS_GET_USERNS = 0xb701;
    private static final int NS_GET_PARENT = 0xb702;
    private static final int NS_GET_NSTYPE = 0xb703;
    private static final int NS_GET_OWNER_UID = 0xb704;
    private static final int NEWUTS = 0x400_0000;
    private static final String IOCTL = "fs/nsfs.c ns_ioctl(), ioctl_nsfs(2)";

    private NamespaceChecks() {}

    static List<Check> list() {
        return List.of(
                Check.of(
                        "ns.get_parent",
                        "NS_GET_PARENT leads from a pid namespace to the one above, and not out of ours: EPERM",
                        IOCTL,
                        NamespaceChecks::parent),
                Check.of(
                        "ns.get_userns",
                        "NS_GET_USERNS tells whose a namespace is",
                        IOCTL,
                        NamespaceChecks::userNamespace),
                Check.of(
                        "ns.type",
                        "NS_GET_NSTYPE and NS_GET_OWNER_UID tell kind and owner",
                        IOCTL,
                        NamespaceChecks::type),
                Check.of(
                        "setns.pidfd",
                        "a process enters namespaces of another by its pidfd",
                        "kernel/nsproxy.c validate_nsset(), setns(2)",
                        NamespaceChecks::enter),
                Check.of(
                        "setns.user.threads",
                        "a process with threads cannot enter or make a user namespace: EINVAL",
                        "kernel/user_namespace.c userns_install(), setns(2)",
                        NamespaceChecks::threads),
                Check.of(
                        "userns.set_tid",
                        "who is in a user namespace cannot choose pids outside: EPERM",
                        "kernel/pid.c alloc_pid()",
                        NamespaceChecks::setTidInside),
                Check.of(
                        "userns.maps",
                        "users are mapped once: EPERM; what is not mapped is nobody",
                        "kernel/user_namespace.c map_write(), user_namespaces(7)",
                        NamespaceChecks::maps),
                Check.of(
                        "userns.setgroups",
                        "without setgroups denied, groups cannot be mapped by who has no right: EPERM",
                        "kernel/user_namespace.c new_idmap_permitted(), user_namespaces(7)",
                        NamespaceChecks::setGroups),
                Check.of(
                        "pidns.last_pid",
                        "ns_last_pid says which pid comes next in a pid namespace",
                        "kernel/pid_namespace.c pid_ns_ctl_handler()",
                        NamespaceChecks::lastPid),
                Check.of(
                        "pidns.init",
                        "with its first process all of a pid namespace die",
                        "kernel/pid_namespace.c zap_pid_ns_processes(), pid_namespaces(7)",
                        NamespaceChecks::init),
                Check.of(
                        "pidns.unshare",
                        "after unshare children are inside, and pid_for_children says so",
                        "kernel/nsproxy.c unshare_nsproxy_namespaces(), unshare(2)",
                        NamespaceChecks::unshare),
                Check.of(
                        "timens.offsets",
                        "the clocks of a time namespace have the offsets written before the first process",
                        "kernel/time/namespace.c proc_timens_set_offset(), time_namespaces(7)",
                        NamespaceChecks::timeOffsets),
                Check.of(
                        "utsns.names",
                        "host and domain name are set in a UTS namespace alone",
                        "kernel/utsname.c, uts_namespaces(7)",
                        NamespaceChecks::names),
                Check.of(
                        "ns.inode",
                        "a namespace has the same inode for all who are in it",
                        "fs/proc/namespaces.c, namespaces(7)",
                        NamespaceChecks::inodes));
    }

    private static Fd open(Lab lab, int pid, String name) {
        return lab.keep(Files.open("/proc/" + pid + "/ns/" + name, Files.O_RDONLY | Files.O_CLOEXEC));
    }

    private static long inode(Fd fd) {
        FileStatus status = Files.status(fd.number());
        return status.ino();
    }

    private static void parent(Lab lab) {
        Subject init = pidNamespace(lab);
        Fd inside = open(lab, init.pid(), "pid");
        Fd above = lab.keep(Fd.own(
                lab.own(SyscallNumber.IOCTL, inside.number(), NS_GET_PARENT).number()));
        Should.be("inode of the namespace above", inode(open(lab, lab.subject().pid(), "pid")), inode(above));
        int own = init.call(
                        SyscallNumber.OPENAT,
                        Files.AT_FDCWD,
                        lab.string("/proc/" + init.pid() + "/ns/pid").at(),
                        0)
                .number();
        init.call(SyscallNumber.IOCTL, own, NS_GET_PARENT).shouldFailWith(Errno.EPERM);
    }

    private static Subject pidNamespace(Lab lab) {
        Steps.needAdmin();
        return lab.subject().fork(Fork.child().with(Fork.CLONE_NEWPID));
    }

    private static Subject userNamespace(Lab lab, long more) {
        Subject child = lab.subject().fork();
        child.call(SyscallNumber.UNSHARE, Fork.CLONE_NEWUSER | more)
                .skipOn(Errno.EPERM, "user namespaces are not allowed")
                .skipOn(Errno.ENOSPC, "user namespaces are not allowed")
                .skipOn(Errno.EINVAL, "a kernel without CONFIG_USER_NS")
                .shouldReturn(0);
        return child;
    }

    private static void userNamespace(Lab lab) {
        Subject child = userNamespace(lab, NEWUTS);
        Fd uts = open(lab, child.pid(), "uts");
        Fd user = lab.keep(
                Fd.own(lab.own(SyscallNumber.IOCTL, uts.number(), NS_GET_USERNS).number()));
        Should.be("inode of the owner", inode(open(lab, child.pid(), "user")), inode(user));
    }

    private static void type(Lab lab) {
        Subject child = userNamespace(lab, NEWUTS);
        lab.own(SyscallNumber.IOCTL, open(lab, child.pid(), "uts").number(), NS_GET_NSTYPE)
                .shouldReturn(NEWUTS);
        Data owner = lab.ints(-1);
        int user = open(lab, child.pid(), "user").number();
        lab.own(SyscallNumber.IOCTL, user, NS_GET_NSTYPE).shouldReturn(Fork.CLONE_NEWUSER);
        lab.own(SyscallNumber.IOCTL, user, NS_GET_OWNER_UID, owner.ours()).shouldReturn(0);
        Should.be("owner", lab.own(SyscallNumber.GETUID).value(), owner.intAt(0));
    }

    private static void enter(Lab lab) {
        Steps.needAdmin();
        Subject other = lab.subject().fork();
        other.call(SyscallNumber.UNSHARE, NEWUTS).shouldReturn(0);
        Subject child = lab.subject().fork();
        int handle = child.call(SyscallNumber.PIDFD_OPEN, other.pid(), 0).number();
        child.call(SyscallNumber.SETNS, handle, NEWUTS)
                .skipOn(Errno.EINVAL, "a kernel before Linux 5.8")
                .shouldReturn(0);
        Should.be(
                "namespace of the child",
                lab.proc().readLink(other.pid(), "ns/uts"),
                lab.proc().readLink(child.pid(), "ns/uts"));
    }

    private static void threads(Lab lab) {
        Subject inside = userNamespace(lab, 0);
        Subject child = lab.subject().fork();
        int handle = child.call(SyscallNumber.PIDFD_OPEN, inside.pid(), 0).number();
        child.fork(Fork.thread());
        child.call(SyscallNumber.SETNS, handle, Fork.CLONE_NEWUSER).shouldFailWith(Errno.EINVAL);
        child.call(SyscallNumber.UNSHARE, Fork.CLONE_NEWUSER).shouldFailWith(Errno.EINVAL);
    }

    private static void setTidInside(Lab lab) {
        Subject child = userNamespace(lab, 0);
        Should.hold(
                "it has all capabilities inside",
                lab.proc().status(child.pid()).capabilities().effective() != 0);
        child.tryFork(Fork.child().pids(CreationChecks.freePid())).shouldFailWith(Errno.EPERM);
    }

    private static void maps(Lab lab) {
        Subject child = userNamespace(lab, 0);
        child.call(SyscallNumber.GETUID).shouldReturn(Steps.NOBODY);
        long own = lab.own(SyscallNumber.GETUID).value();
        Path map = Path.of("/proc/" + child.pid() + "/uid_map");
        Steps.text(map, "77 " + own + " 1");
        child.call(SyscallNumber.GETUID).shouldReturn(77);
        Should.be("the map", "77 " + own + " 1", Steps.text(map).strip().replaceAll(" +", " "));
        Data path = lab.string(map.toString());
        int fd = child.call(SyscallNumber.OPENAT, Files.AT_FDCWD, path.at(), Files.O_WRONLY)
                .number();
        child.call(SyscallNumber.WRITE, fd, lab.string("0 0 1").at(), 5).shouldFailWith(Errno.EPERM);
        child.call(SyscallNumber.SETRESUID, 78, -1, -1).shouldFailWith(Errno.EINVAL);
    }

    private static void setGroups(Lab lab) {
        Subject child = lab.subject().fork();
        child.call(SyscallNumber.SETRESGID, Steps.NOBODY, Steps.NOBODY, Steps.NOBODY)
                .skipOn(Errno.EPERM, "needs CAP_SETGID")
                .shouldReturn(0);
        child.call(SyscallNumber.SETRESUID, Steps.NOBODY, Steps.NOBODY, Steps.NOBODY)
                .skipOn(Errno.EPERM, "needs CAP_SETUID")
                .shouldReturn(0);
        child.call(SyscallNumber.UNSHARE, Fork.CLONE_NEWUSER)
                .skipOn(Errno.EPERM, "user namespaces are not allowed")
                .shouldReturn(0);
        // A change of user has made its /proc root's.
        child.call(SyscallNumber.PRCTL, 4, 1).shouldReturn(0);
        int map = child.call(
                        SyscallNumber.OPENAT,
                        Files.AT_FDCWD,
                        lab.string("/proc/self/gid_map").at(),
                        Files.O_RDWR)
                .number();
        Data line = lab.string("0 " + Steps.NOBODY + " 1");
        child.call(SyscallNumber.WRITE, map, line.at(), line.length() - 1).shouldFailWith(Errno.EPERM);
        int deny = child.call(
                        SyscallNumber.OPENAT,
                        Files.AT_FDCWD,
                        lab.string("/proc/self/setgroups").at(),
                        Files.O_RDWR)
                .number();
        child.call(SyscallNumber.WRITE, deny, lab.string("deny").at(), 4).shouldReturn(4);
        child.call(SyscallNumber.WRITE, map, line.at(), line.length() - 1).shouldReturn(line.length() - 1);
        child.call(SyscallNumber.SETGROUPS, 0, 0).shouldFailWith(Errno.EPERM);
    }

    private static void lastPid(Lab lab) {
        Subject init = pidNamespace(lab);
        Data path = lab.string("/proc/sys/kernel/ns_last_pid");
        int fd = init.call(SyscallNumber.OPENAT, Files.AT_FDCWD, path.at(), Files.O_WRONLY)
                .skipOn(Errno.ENOENT, "a kernel without CONFIG_CHECKPOINT_RESTORE")
                .number();
        init.call(SyscallNumber.WRITE, fd, lab.string("1233").at(), 4).shouldReturn(4);
        init.fork().call(SyscallNumber.GETPID).shouldReturn(1234);
    }

    private static void init(Lab lab) {
        Subject init = pidNamespace(lab);
        Data pipe = lab.data(8);
        lab.subject().call(SyscallNumber.PIPE2, pipe.at(), 0).shouldReturn(0);
        Subject second = lab.subject().fork(Fork.child().with(Fork.CLONE_NEWPID));
        second.fork(Fork.child().outliving());
        lab.subject().call(SyscallNumber.CLOSE, pipe.intAt(4)).shouldReturn(0);
        second.call(SyscallNumber.CLOSE, pipe.intAt(4)).shouldReturn(0);
        Signals.kill(second.pid(), Signals.SIGKILL);
        Should.be("wait status", Signals.SIGKILL, lab.subject().reap(second, 0));
        // The grandchild had the last writing end.
        lab.subject()
                .call(SyscallNumber.READ, pipe.intAt(0), lab.data(1).at(), 1)
                .shouldReturn(0);
        init.call(SyscallNumber.GETPID).shouldReturn(1);
    }

    private static void unshare(Lab lab) {
        Steps.needAdmin();
        Subject parent = lab.subject().fork();
        parent.call(SyscallNumber.UNSHARE, Fork.CLONE_NEWPID).shouldReturn(0);
        parent.call(SyscallNumber.GETPID).shouldReturn(parent.pid());
        Subject child = parent.fork(Fork.child().asInit());
        child.call(SyscallNumber.GETPID).shouldReturn(1);
        child.call(SyscallNumber.GETPPID).shouldReturn(0);
        Should.be(
                "pid_for_children",
                lab.proc().readLink(child.pid(), "ns/pid"),
                lab.proc().readLink(parent.pid(), "ns/pid_for_children"));
    }

    private static void timeOffsets(Lab lab) {
        int boot = 7;
        Steps.needAdmin();
        Subject parent = lab.subject().fork();
        parent.call(SyscallNumber.UNSHARE, Fork.CLONE_NEWTIME)
                .skipOn(Errno.EINVAL, "a kernel without CONFIG_TIME_NS")
                .shouldReturn(0);
        Path offsets = Path.of("/proc/" + parent.pid() + "/timens_offsets");
        Steps.text(offsets, "boottime 1000000 0");
        Data before = lab.data(16);
        Data after = lab.data(16);
        parent.call(SyscallNumber.CLOCK_GETTIME, boot, before.at()).shouldReturn(0);
        Subject child = parent.fork();
        child.call(SyscallNumber.CLOCK_GETTIME, boot, after.at()).shouldReturn(0);
        long seconds = after.longAt(0) - before.longAt(0);
        Should.hold(
                "the child's clock is 1000000 s ahead, seen " + seconds, seconds >= 1_000_000 && seconds < 1_000_060);
        Data line = lab.string("boottime 5 0");
        int fd = child.call(
                        SyscallNumber.OPENAT,
                        Files.AT_FDCWD,
                        lab.string(offsets.toString()).at(),
                        Files.O_WRONLY)
                .number();
        child.call(SyscallNumber.WRITE, fd, line.at(), line.length() - 1).shouldFailWith(Errno.EACCES);
    }

    private static void names(Lab lab) {
        Steps.needAdmin();
        Subject child = lab.subject().fork();
        child.call(SyscallNumber.UNSHARE, NEWUTS).shouldReturn(0);
        child.call(SyscallNumber.SETHOSTNAME, lab.string("elsewhere").at(), 9).shouldReturn(0);
        Data inside = lab.data(6 * 65);
        Data outside = lab.data(6 * 65);
        child.call(SyscallNumber.UNAME, inside.at()).shouldReturn(0);
        lab.subject().call(SyscallNumber.UNAME, outside.at()).shouldReturn(0);
        Should.be("name inside", "elsewhere", inside.text(65 + 9).substring(65));
        Should.hold(
                "the name outside is as it was",
                !outside.text(65 + 9).substring(65).equals("elsewhere"));
    }

    private static void inodes(Lab lab) {
        Subject child = lab.subject().fork();
        for (String name : List.of("cgroup", "ipc", "mnt", "net", "pid", "user", "uts")) {
            Should.be(
                    "inode of ns/" + name,
                    inode(open(lab, lab.subject().pid(), name)),
                    inode(open(lab, child.pid(), name)));
        }
        try (PidFd handle = PidFd.open(child.pid())) {
            Should.hold("it runs", handle.signal(0));
        }
    }
}
