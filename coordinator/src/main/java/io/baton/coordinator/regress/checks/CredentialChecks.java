package io.baton.coordinator.regress.checks;

import io.baton.coordinator.regress.Check;
import io.baton.coordinator.regress.CheckSkipped;
import io.baton.coordinator.regress.Data;
import io.baton.coordinator.regress.Lab;
import io.baton.coordinator.regress.Need;
import io.baton.coordinator.regress.Should;
import io.baton.coordinator.regress.Subject;
import io.baton.task.linux.Capabilities;
import io.baton.task.linux.Errno;
import io.baton.task.linux.ProcStatus;
import io.baton.task.linux.Signals;
import io.baton.task.linux.SyscallNumber;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Users, capabilities, and what changes with them. */
final class CredentialChecks {
    private static final String COMMIT = "kernel/cred.c commit_creds(), prctl(2)";
    private static final int SETUID_RIGHT = 7;
    private static final int PR_GET_DUMPABLE = 3;
    private static final int PR_SET_DUMPABLE = 4;
    private static final int PR_SET_KEEPCAPS = 8;
    private static final int PR_CAPBSET_READ = 23;
    private static final int PR_CAPBSET_DROP = 24;
    private static final int PR_GET_SECUREBITS = 27;
    private static final int PR_SET_SECUREBITS = 28;
    private static final int PR_SET_NO_NEW_PRIVS = 38;
    private static final int PR_GET_NO_NEW_PRIVS = 39;
    private static final int PR_CAP_AMBIENT = 47;
    private static final long CAPABILITY_VERSION = 0x2008_0522L;
    private static final int RLIMIT_NOFILE = 7;

    private CredentialChecks() {}

    static List<Check> list() {
        return List.of(
                Check.of(
                                "rights.checkpoint",
                                "we may choose pids: CAP_CHECKPOINT_RESTORE or CAP_SYS_ADMIN",
                                "kernel/pid.c, capabilities(7)",
                                lab -> Steps.needChosenPids())
                        .neededBy(Need.RESTORE, "run as root, or with CAP_CHECKPOINT_RESTORE"),
                Check.of(
                                "rights.ptrace",
                                "we may trace tasks of other users: CAP_SYS_PTRACE",
                                "kernel/ptrace.c, capabilities(7)",
                                lab -> Steps.need(Capabilities.CAP_SYS_PTRACE, "CAP_SYS_PTRACE"))
                        .neededBy(Need.RIGHTS, "run as root, or with CAP_SYS_PTRACE"),
                Check.of(
                                "rights.resource",
                                "we may raise limits: CAP_SYS_RESOURCE",
                                "kernel/sys.c do_prlimit(), capabilities(7)",
                                lab -> Steps.need(Capabilities.CAP_SYS_RESOURCE, "CAP_SYS_RESOURCE"))
                        .neededBy(Need.RIGHTS, "run as root, or with CAP_SYS_RESOURCE"),
                Check.of(
                        "setuid.pdeathsig",
                        "a change of user clears the parent-death signal",
                        COMMIT,
                        CredentialChecks::deathSignal),
                Check.of(
                        "setuid.dumpable",
                        "a change of user makes a process not dumpable, and its /proc root's",
                        COMMIT,
                        CredentialChecks::dumpable),
                Check.of(
                        "setuid.capabilities",
                        "root's capabilities go with the user, but for PR_SET_KEEPCAPS",
                        "security/commoncap.c cap_emulate_setxuid(), capabilities(7)",
                        CredentialChecks::keepCapabilities),
                Check.of(
                        "securebits",
                        "SECBIT_NO_SETUID_FIXUP keeps capabilities, and a locked bit cannot be cleared: EPERM",
                        "security/commoncap.c cap_task_prctl(), capabilities(7)",
                        CredentialChecks::secureBits),
                Check.of(
                        "capset.drop",
                        "a permitted capability that was dropped does not come back: EPERM",
                        "security/commoncap.c cap_capset(), capset(2)",
                        CredentialChecks::capabilities),
                Check.of(
                        "capbset.drop",
                        "the bounding set only shrinks",
                        "security/commoncap.c cap_prctl_drop(), prctl(2)",
                        CredentialChecks::boundingSet),
                Check.of(
                        "cap_ambient",
                        "an ambient capability must be permitted and inheritable",
                        "security/commoncap.c cap_task_prctl(), capabilities(7)",
                        CredentialChecks::ambient),
                Check.of(
                        "no_new_privs",
                        "no_new_privs cannot be taken back, and a child inherits it",
                        "kernel/sys.c, prctl(2)",
                        CredentialChecks::noNewPrivileges),
                Check.of(
                        "setgroups",
                        "supplementary groups are set, sorted, and shown",
                        "kernel/groups.c, setgroups(2)",
                        CredentialChecks::groups),
                Check.of(
                        "setfsuid",
                        "users of a task are real, effective, saved and for files",
                        "kernel/sys.c __sys_setfsuid(), setfsuid(2)",
                        CredentialChecks::users),
                Check.of(
                        "prlimit.other-user",
                        "limits of another user's process take CAP_SYS_RESOURCE: EPERM",
                        "kernel/sys.c check_prlimit_permission(), prlimit(2)",
                        CredentialChecks::limits),
                Check.of(
                        "oom_score_adj",
                        "a child inherits oom_score_adj, and may not go below its minimum: EACCES",
                        "fs/proc/base.c __set_oom_adj(), proc(5)",
                        CredentialChecks::oomScore),
                Check.of(
                        "loginuid",
                        "the login user is set once, and inherited",
                        "kernel/audit.c audit_set_loginuid()",
                        CredentialChecks::loginUser),
                Check.of(
                        "umask",
                        "the umask is each process's own, and shown",
                        "fs/proc/array.c task_state(), umask(2)",
                        CredentialChecks::umask),
                Check.of(
                        "personality",
                        "the personality is set, read and inherited",
                        "kernel/exec_domain.c, personality(2)",
                        CredentialChecks::personality));
    }

    private static Subject become(Subject subject, int user) {
        Steps.need(SETUID_RIGHT, "CAP_SETUID");
        subject.call(SyscallNumber.SETRESUID, user, user, user).shouldReturn(0);
        return subject;
    }

    private static void deathSignal(Lab lab) {
        Subject child = lab.subject().fork();
        Data signal = lab.ints(-1);
        child.call(SyscallNumber.PRCTL, Steps.PR_GET_PDEATHSIG, signal.at()).shouldReturn(0);
        Should.be("signal before", Signals.SIGKILL, signal.intAt(0));
        become(child, Steps.NOBODY)
                .call(SyscallNumber.PRCTL, Steps.PR_GET_PDEATHSIG, signal.at())
                .shouldReturn(0);
        Should.be("signal after", 0, signal.intAt(0));
    }

    private static void dumpable(Lab lab) {
        Subject child = lab.subject().fork();
        child.call(SyscallNumber.PRCTL, PR_SET_DUMPABLE, 1).shouldReturn(0);
        become(child, Steps.NOBODY);
        long after = child.call(SyscallNumber.PRCTL, PR_GET_DUMPABLE).value();
        Should.be(
                "dumpable",
                Long.parseLong(Steps.text(Path.of("/proc/sys/fs/suid_dumpable")).strip()),
                after);
        if (after == 0) {
            Data status = lab.data(256);
            lab.own(
                            SyscallNumber.NEWFSTATAT,
                            -100,
                            lab.string("/proc/" + child.pid() + "/fd").ours(),
                            status.ours(),
                            0)
                    .shouldReturn(0);
            Should.be("owner of /proc/PID/fd", 0, status.intAt(28));
        }
    }

    private static long effective(Lab lab, Subject subject) {
        return lab.proc().status(subject.pid()).capabilities().effective();
    }

    private static void keepCapabilities(Lab lab) {
        Subject loses = lab.subject().fork();
        become(loses, Steps.NOBODY);
        Should.be("effective capabilities", 0, effective(lab, loses));
        Should.be(
                "permitted capabilities",
                0,
                lab.proc().status(loses.pid()).capabilities().permitted());
        Subject keeps = lab.subject().fork();
        long before = lab.proc().status(keeps.pid()).capabilities().permitted();
        keeps.call(SyscallNumber.PRCTL, PR_SET_KEEPCAPS, 1).shouldReturn(0);
        become(keeps, Steps.NOBODY);
        Should.be("effective capabilities with KEEPCAPS", 0, effective(lab, keeps));
        Should.be(
                "permitted capabilities with KEEPCAPS",
                before,
                lab.proc().status(keeps.pid()).capabilities().permitted());
    }

    private static void secureBits(Lab lab) {
        int noSetuidFixup = 1 << 2;
        int locked = 1 << 3;
        Steps.need(Capabilities.CAP_SETPCAP, "CAP_SETPCAP");
        Subject child = lab.subject().fork();
        long before = effective(lab, child);
        child.call(SyscallNumber.PRCTL, PR_SET_SECUREBITS, noSetuidFixup | locked)
                .shouldReturn(0);
        child.call(SyscallNumber.PRCTL, PR_GET_SECUREBITS).shouldReturn(noSetuidFixup | locked);
        child.call(SyscallNumber.PRCTL, PR_SET_SECUREBITS, 0).shouldFailWith(Errno.EPERM);
        become(child, Steps.NOBODY);
        Should.be("effective capabilities", before, effective(lab, child));
    }

    private static void capabilities(Lab lab) {
        Subject child = lab.subject().fork();
        Data header = lab.longs(CAPABILITY_VERSION);
        Data sets = lab.data(24);
        child.call(SyscallNumber.CAPGET, header.at(), sets.at()).shouldReturn(0);
        Data none = lab.data(24);
        child.call(SyscallNumber.CAPSET, header.at(), none.at()).shouldReturn(0);
        Should.be("effective capabilities", 0, effective(lab, child));
        if (sets.intAt(4) == 0) {
            throw new CheckSkipped("there are no capabilities to lose");
        }
        child.call(SyscallNumber.CAPSET, header.at(), sets.at()).shouldFailWith(Errno.EPERM);
    }

    private static void boundingSet(Lab lab) {
        int right = 13; // CAP_NET_RAW
        Steps.need(Capabilities.CAP_SETPCAP, "CAP_SETPCAP");
        Subject child = lab.subject().fork();
        child.call(SyscallNumber.PRCTL, PR_CAPBSET_DROP, right).shouldReturn(0);
        child.call(SyscallNumber.PRCTL, PR_CAPBSET_READ, right).shouldReturn(0);
        child.fork().call(SyscallNumber.PRCTL, PR_CAPBSET_READ, right).shouldReturn(0);
    }

    private static void ambient(Lab lab) {
        int isSet = 1;
        int raise = 2;
        int right = Capabilities.CAP_KILL;
        Steps.need(right, "CAP_KILL");
        Subject child = lab.subject().fork();
        child.call(SyscallNumber.PRCTL, PR_CAP_AMBIENT, raise, right, 0, 0).shouldFailWith(Errno.EPERM);
        Data header = lab.longs(CAPABILITY_VERSION);
        Data sets = lab.data(24);
        child.call(SyscallNumber.CAPGET, header.at(), sets.at()).shouldReturn(0);
        sets.put(8, 1 << right);
        child.call(SyscallNumber.CAPSET, header.at(), sets.at()).shouldReturn(0);
        child.call(SyscallNumber.PRCTL, PR_CAP_AMBIENT, raise, right, 0, 0).shouldReturn(0);
        child.call(SyscallNumber.PRCTL, PR_CAP_AMBIENT, isSet, right, 0, 0).shouldReturn(1);
    }

    private static void noNewPrivileges(Lab lab) {
        Subject child = lab.subject().fork();
        child.call(SyscallNumber.PRCTL, PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0).shouldReturn(0);
        child.call(SyscallNumber.PRCTL, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0).shouldReturn(0);
        child.call(SyscallNumber.PRCTL, PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0).shouldFailWith(Errno.EINVAL);
        child.fork().call(SyscallNumber.PRCTL, PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0).shouldReturn(1);
    }

    private static void groups(Lab lab) {
        Subject child = lab.subject().fork();
        child.call(SyscallNumber.SETGROUPS, 3, lab.ints(30, 10, 20).at())
                .skipOn(Errno.EPERM, "needs CAP_SETGID")
                .shouldReturn(0);
        Data seen = lab.data(16);
        child.call(SyscallNumber.GETGROUPS, 4, seen.at()).shouldReturn(3);
        Should.be("groups", List.of(10, 20, 30), List.of(seen.intAt(0), seen.intAt(4), seen.intAt(8)));
    }

    private static void users(Lab lab) {
        Steps.need(SETUID_RIGHT, "CAP_SETUID");
        Subject child = lab.subject().fork();
        child.call(SyscallNumber.SETRESUID, 11, 0, 13).shouldReturn(0);
        child.call(SyscallNumber.SETFSUID, 14).shouldReturn(0);
        ProcStatus status = lab.proc().status(child.pid());
        Should.be("users", new ProcStatus.Ids(11, 0, 13, 14), status.uid());
    }

    private static void limits(Lab lab) {
        Subject root = lab.subject().fork();
        Subject child = become(lab.subject().fork(), Steps.NOBODY);
        Data seen = lab.data(16);
        child.call(SyscallNumber.PRLIMIT64, root.pid(), RLIMIT_NOFILE, 0, seen.at())
                .shouldFailWith(Errno.EPERM);
        child.call(SyscallNumber.PRLIMIT64, 0, RLIMIT_NOFILE, lab.longs(10, 20).at(), 0)
                .shouldReturn(0);
        Should.contain(
                "/proc/PID/limits",
                "Max open files            10                   20",
                lab.proc().readText(child.pid(), "limits"));
        child.call(SyscallNumber.PRLIMIT64, 0, RLIMIT_NOFILE, lab.longs(10, 21).at(), 0)
                .shouldFailWith(Errno.EPERM);
    }

    private static void oomScore(Lab lab) {
        Subject child = lab.subject().fork();
        int fd = child.call(
                        SyscallNumber.OPENAT,
                        -100,
                        lab.string("/proc/self/oom_score_adj").at(),
                        2)
                .number();
        child.call(SyscallNumber.WRITE, fd, lab.string("300").at(), 3).shouldReturn(3);
        Subject grandchild = child.fork();
        Should.be(
                "oom_score_adj of the child",
                "300",
                lab.proc().readText(grandchild.pid(), "oom_score_adj").strip());
        if (!Capabilities.of(0).has(Capabilities.CAP_SYS_RESOURCE)) {
            return; // then the minimum is as it was, and nobody can read it
        }
        Subject nobody = become(child.fork(), Steps.NOBODY);
        nobody.call(SyscallNumber.WRITE, fd, lab.string("200").at(), 3).shouldFailWith(Errno.EACCES);
        nobody.call(SyscallNumber.WRITE, fd, lab.string("400").at(), 3).shouldReturn(3);
    }

    private static void loginUser(Lab lab) {
        if (!Files.exists(Path.of("/proc/self/loginuid"))) {
            throw new CheckSkipped("a kernel without CONFIG_AUDIT");
        }
        Subject child = lab.subject().fork();
        int fd = child.call(
                        SyscallNumber.OPENAT,
                        -100,
                        lab.string("/proc/self/loginuid").at(),
                        2)
                .number();
        child.call(SyscallNumber.WRITE, fd, lab.string("77").at(), 2)
                .skipOn(Errno.EPERM, "needs CAP_AUDIT_CONTROL")
                .shouldReturn(2);
        Should.be(
                "login user of a child",
                "77",
                lab.proc().readText(child.fork().pid(), "loginuid").strip());
    }

    private static void umask(Lab lab) {
        Subject child = lab.subject().fork();
        child.call(SyscallNumber.UMASK, 027).shouldSucceed();
        child.call(SyscallNumber.UMASK, 031).shouldReturn(027);
        Should.be(
                "umask of a grandchild",
                031,
                lab.proc().status(child.fork().pid()).umask());
    }

    private static void personality(Lab lab) {
        long query = 0xffff_ffffL;
        long addrNoRandomize = 0x4_0000;
        Subject child = lab.subject().fork();
        long before = child.call(SyscallNumber.PERSONALITY, query).value();
        child.call(SyscallNumber.PERSONALITY, before | addrNoRandomize).shouldReturn(before);
        child.fork().call(SyscallNumber.PERSONALITY, query).shouldReturn(before | addrNoRandomize);
    }
}
