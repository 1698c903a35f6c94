package io.baton.coordinator.regress.checks;

import io.baton.coordinator.regress.Check;
import io.baton.coordinator.regress.Data;
import io.baton.coordinator.regress.Fork;
import io.baton.coordinator.regress.Lab;
import io.baton.coordinator.regress.Should;
import io.baton.coordinator.regress.Subject;
import io.baton.task.linux.Errno;
import io.baton.task.linux.Scheduling;
import io.baton.task.linux.Signals;
import io.baton.task.linux.SyscallNumber;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** What each thread has of its own: rseq, lists the kernel walks at its end, scheduling. */
final class ThreadChecks {
    private static final int RSEQ_LENGTH = 32;
    private static final int RSEQ_SIGNATURE = 0x5305_3053;
    private static final int SCHED_ATTR = 56;

    private ThreadChecks() {}

    static List<Check> list() {
        return List.of(
                Check.of(
                        "rseq.register",
                        "a thread registers rseq once: EBUSY; a child inherits it, a thread does not",
                        "kernel/rseq.c sys_rseq()",
                        ThreadChecks::rseq),
                Check.of(
                        "rseq.unmapped",
                        "a thread whose rseq area is unmapped is killed",
                        "kernel/rseq.c __rseq_handle_notify_resume()",
                        ThreadChecks::rseqUnmapped),
                Check.of(
                        "robust_list",
                        "the head of the robust list is set and read, of others too",
                        "kernel/futex/syscalls.c, get_robust_list(2)",
                        ThreadChecks::robustList),
                Check.of(
                        "robust_list.death",
                        "a futex whose owner dies is marked FUTEX_OWNER_DIED",
                        "kernel/futex/core.c exit_robust_list()",
                        ThreadChecks::ownerDied),
                Check.of(
                        "clear_child_tid",
                        "the word of a thread that ends becomes 0, and who waits for it is woken",
                        "kernel/fork.c mm_release(), set_tid_address(2)",
                        ThreadChecks::clearTid),
                Check.of(
                        "sched.attributes",
                        "policy, nice value and SCHED_RESET_ON_FORK are set and read",
                        "kernel/sched/syscalls.c, sched_setattr(2)",
                        ThreadChecks::attributes),
                Check.of(
                        "sched.real-time",
                        "real-time policies and priorities, each thread its own",
                        "kernel/sched/syscalls.c, sched(7)",
                        ThreadChecks::realTime),
                Check.of(
                        "sched.affinity",
                        "the CPUs of a thread are set and read",
                        "kernel/sched/syscalls.c, sched_setaffinity(2)",
                        ThreadChecks::affinity),
                Check.of(
                        "ioprio",
                        "the I/O priority is set and read, and a child inherits it",
                        "block/ioprio.c, ioprio_set(2)",
                        ThreadChecks::ioPriority),
                Check.of(
                        "timerslack",
                        "the timer slack is set and read, and a new thread takes it as default",
                        "kernel/sys.c, prctl(2)",
                        ThreadChecks::slack),
                Check.of(
                        "membarrier.registration",
                        "what a process has registered for can be read, and a child inherits it",
                        "kernel/sched/membarrier.c, membarrier(2)",
                        ThreadChecks::barrier),
                Check.of(
                        "comm",
                        "a thread's name has 15 bytes, and is its own",
                        "fs/exec.c __set_task_comm(), prctl(2)",
                        ThreadChecks::name),
                Check.of(
                        "arch_prctl.fs",
                        "FS and GS are set and read",
                        "arch/x86/kernel/process_64.c do_arch_prctl_64(), arch_prctl(2)",
                        ThreadChecks::segments),
                Check.of(
                        "prctl.thp_disable",
                        "PR_SET_THP_DISABLE is set and read, and a child inherits it",
                        "kernel/sys.c, prctl(2)",
                        ThreadChecks::hugePages),
                Check.of(
                        "thread.credentials",
                        "users and groups are each thread's own",
                        "kernel/cred.c copy_creds(), credentials(7)",
                        ThreadChecks::credentials));
    }

    private static void register(Subject subject, Data area) {
        subject.call(SyscallNumber.RSEQ, area.at(), RSEQ_LENGTH, 0, RSEQ_SIGNATURE)
                .skipOn(Errno.ENOSYS, "a kernel without CONFIG_RSEQ")
                .shouldReturn(0);
    }

    private static void rseq(Lab lab) {
        Subject subject = lab.subject();
        Data area = lab.pages(1);
        register(subject, area);
        subject.call(SyscallNumber.RSEQ, area.at(), RSEQ_LENGTH, 0, RSEQ_SIGNATURE)
                .shouldFailWith(Errno.EBUSY);
        subject.fork()
                .call(SyscallNumber.RSEQ, area.at(), RSEQ_LENGTH, 0, RSEQ_SIGNATURE)
                .shouldFailWith(Errno.EBUSY);
        register(subject.fork(Fork.thread()), lab.pages(1));
    }

    private static void rseqUnmapped(Lab lab) {
        Subject child = lab.subject().fork();
        long area = Steps.map(child, 1);
        child.call(SyscallNumber.RSEQ, area, RSEQ_LENGTH, 0, RSEQ_SIGNATURE)
                .skipOn(Errno.ENOSYS, "a kernel without CONFIG_RSEQ")
                .shouldReturn(0);
        child.start(SyscallNumber.MUNMAP, area, Steps.PAGE);
        Should.be(
                "signal it died of", Signals.SIGSEGV, lab.subject().reap(child).termSignal());
    }

    private static void robustList(Lab lab) {
        int headLength = 24;
        Subject subject = lab.subject();
        Data head = lab.data(headLength);
        subject.call(SyscallNumber.SET_ROBUST_LIST, head.at(), headLength).shouldReturn(0);
        subject.call(SyscallNumber.SET_ROBUST_LIST, head.at(), headLength - 1).shouldFailWith(Errno.EINVAL);
        Data seen = lab.data(16);
        Subject child = subject.fork();
        child.call(SyscallNumber.GET_ROBUST_LIST, subject.pid(), seen.at(), seen.at(8))
                .shouldReturn(0);
        Should.be("head", head.at(), seen.longAt(0));
        Should.be("length", headLength, seen.longAt(8));
        child.call(SyscallNumber.GET_ROBUST_LIST, 0, seen.at(), seen.at(8)).shouldReturn(0);
        Should.be("head of the child", 0, seen.longAt(0));
    }

    private static void ownerDied(Lab lab) {
        int ownerDied = 0x4000_0000;
        int headLength = 24;
        Subject child = lab.subject().fork();
        Data entry = lab.data(32);
        Data head = lab.data(headLength);
        head.put(0, entry.at()).put(8, 16L); // the futex is 16 bytes behind the entry
        entry.put(0, head.at()).put(16, child.pid());
        child.call(SyscallNumber.SET_ROBUST_LIST, head.at(), headLength).shouldReturn(0);
        child.exit(0);
        lab.subject().reap(child);
        Should.be("futex", ownerDied, entry.intAt(16) & ownerDied);
        Should.be("owner", 0, entry.intAt(16) & 0x3fff_ffff);
    }

    private static void clearTid(Lab lab) {
        int wait = 0;
        Subject subject = lab.subject();
        Subject thread = subject.fork(Fork.thread());
        Data word = lab.ints(thread.pid());
        thread.call(SyscallNumber.SET_TID_ADDRESS, word.at()).shouldReturn(thread.pid());
        Subject.Pending waiter = subject.start(
                SyscallNumber.FUTEX,
                word.at(),
                wait,
                thread.pid(),
                lab.longs(5, 0).at());
        lab.await(
                "the waiter to sleep",
                () -> lab.proc().readText(subject.pid(), "syscall").startsWith("202 "));
        thread.exitThread();
        waiter.await().shouldReturn(0);
        Should.be("word", 0, word.intAt(0));
    }

    private static void attributes(Lab lab) {
        Subject subject = lab.subject();
        int resetOnFork = 1;
        Data wanted = lab.data(SCHED_ATTR)
                .put(0, SCHED_ATTR)
                .put(4, Scheduling.SCHED_BATCH)
                .put(8, (long) resetOnFork)
                .put(16, 7);
        subject.call(SyscallNumber.SCHED_SETATTR, 0, wanted.at(), 0).shouldReturn(0);
        Scheduling.Attributes seen = Scheduling.get(subject.pid());
        Should.be("policy", Scheduling.SCHED_BATCH, seen.policy());
        Should.be("nice value", 7, seen.nice());
        Should.be("flags", resetOnFork, seen.flags());
        Should.be(
                "policy of a child",
                Scheduling.SCHED_BATCH,
                Scheduling.get(subject.fork().pid()).policy());
    }

    private static void realTime(Lab lab) {
        Subject subject = lab.subject();
        Subject thread = subject.fork(Fork.thread());
        thread.call(
                        SyscallNumber.SCHED_SETSCHEDULER,
                        0,
                        Scheduling.SCHED_RR,
                        lab.ints(3).at())
                .skipOn(Errno.EPERM, "needs CAP_SYS_NICE")
                .shouldReturn(0);
        Scheduling.Attributes seen = Scheduling.get(thread.pid());
        Should.be("policy", Scheduling.SCHED_RR, seen.policy());
        Should.be("priority", 3, seen.priority());
        Should.be(
                "policy of the first thread",
                Scheduling.SCHED_OTHER,
                Scheduling.get(subject.pid()).policy());
    }

    private static void affinity(Lab lab) {
        Subject subject = lab.subject();
        Data all = lab.data(128);
        subject.call(SyscallNumber.SCHED_GETAFFINITY, 0, all.length(), all.at()).shouldSucceed();
        long one = Long.lowestOneBit(all.longAt(0));
        Subject child = subject.fork();
        child.call(SyscallNumber.SCHED_SETAFFINITY, 0, 8, lab.longs(one).at()).shouldReturn(0);
        Should.be("CPUs of the child", one, Scheduling.affinity(child.pid())[0]);
        Should.be(
                "CPUs of the grandchild", one, Scheduling.affinity(child.fork().pid())[0]);
        Should.be("CPUs of the parent", all.longAt(0), Scheduling.affinity(subject.pid())[0]);
    }

    private static void ioPriority(Lab lab) {
        int who = 1;
        int bestEffort6 = 2 << 13 | 6;
        Subject subject = lab.subject();
        subject.call(SyscallNumber.IOPRIO_SET, who, 0, bestEffort6)
                .skipOn(Errno.ENOSYS, "a kernel without CONFIG_BLOCK")
                .shouldReturn(0);
        subject.call(SyscallNumber.IOPRIO_GET, who, 0).shouldReturn(bestEffort6);
        subject.fork().call(SyscallNumber.IOPRIO_GET, who, 0).shouldReturn(bestEffort6);
    }

    private static void slack(Lab lab) {
        int set = 29;
        int get = 30;
        Subject subject = lab.subject();
        subject.call(SyscallNumber.PRCTL, set, 123_456).shouldReturn(0);
        subject.call(SyscallNumber.PRCTL, get).shouldReturn(123_456);
        Subject thread = subject.fork(Fork.thread());
        thread.call(SyscallNumber.PRCTL, get).shouldReturn(123_456);
        thread.call(SyscallNumber.PRCTL, set, 99).shouldReturn(0);
        thread.call(SyscallNumber.PRCTL, set, 0).shouldReturn(0);
        thread.call(SyscallNumber.PRCTL, get).shouldReturn(123_456);
    }

    private static void barrier(Lab lab) {
        int registerPrivate = 1 << 4;
        int getRegistrations = 1 << 9;
        Subject subject = lab.subject();
        subject.call(SyscallNumber.MEMBARRIER, getRegistrations, 0, 0)
                .skipOn(Errno.ENOSYS, "a kernel without CONFIG_MEMBARRIER")
                .skipOn(Errno.EINVAL, "a kernel before Linux 6.3")
                .shouldReturn(0);
        subject.call(SyscallNumber.MEMBARRIER, registerPrivate, 0, 0).shouldReturn(0);
        subject.call(SyscallNumber.MEMBARRIER, getRegistrations, 0, 0).shouldReturn(registerPrivate);
        subject.fork().call(SyscallNumber.MEMBARRIER, getRegistrations, 0, 0).shouldReturn(registerPrivate);
    }

    private static void name(Lab lab) {
        int set = 15;
        Subject subject = lab.subject();
        Subject thread = subject.fork(Fork.thread());
        String before = lab.proc().stat(subject.pid()).comm();
        thread.call(
                        SyscallNumber.PRCTL,
                        set,
                        lab.string("a name (with) 20 bytes").at())
                .shouldReturn(0);
        String comm =
                new String(lab.proc().read(subject.pid(), "task/" + thread.pid() + "/comm"), StandardCharsets.UTF_8);
        Should.be("comm of the thread", "a name (with) 2", comm.strip());
        Should.be("comm of the process", before, lab.proc().stat(subject.pid()).comm());
    }

    private static void segments(Lab lab) {
        int setGs = 0x1001;
        int setFs = 0x1002;
        int getFs = 0x1003;
        int getGs = 0x1004;
        Subject subject = lab.subject();
        Data seen = lab.data(8);
        subject.call(SyscallNumber.ARCH_PRCTL, setFs, 0x1234_5678_9000L).shouldReturn(0);
        subject.call(SyscallNumber.ARCH_PRCTL, getFs, seen.at()).shouldReturn(0);
        Should.be("FS", 0x1234_5678_9000L, seen.longAt(0));
        subject.call(SyscallNumber.ARCH_PRCTL, setGs, 0x4321_0000L).shouldReturn(0);
        subject.call(SyscallNumber.ARCH_PRCTL, getGs, seen.at()).shouldReturn(0);
        Should.be("GS", 0x4321_0000L, seen.longAt(0));
        subject.call(SyscallNumber.ARCH_PRCTL, setFs, Long.MIN_VALUE).shouldFailWith(Errno.EPERM);
    }

    private static void hugePages(Lab lab) {
        int set = 41;
        int get = 42;
        Subject subject = lab.subject();
        subject.call(SyscallNumber.PRCTL, set, 1, 0, 0, 0).shouldReturn(0);
        subject.call(SyscallNumber.PRCTL, get, 0, 0, 0, 0).shouldReturn(1);
        subject.fork().call(SyscallNumber.PRCTL, get, 0, 0, 0, 0).shouldReturn(1);
    }

    private static void credentials(Lab lab) {
        Subject subject = lab.subject();
        long before = subject.call(SyscallNumber.GETUID).value();
        Subject thread = subject.fork(Fork.thread());
        thread.call(SyscallNumber.SETRESUID, Steps.NOBODY, Steps.NOBODY, Steps.NOBODY)
                .skipOn(Errno.EPERM, "needs CAP_SETUID")
                .shouldReturn(0);
        thread.call(SyscallNumber.GETUID).shouldReturn(Steps.NOBODY);
        subject.call(SyscallNumber.GETUID).shouldReturn(before);
    }
}
