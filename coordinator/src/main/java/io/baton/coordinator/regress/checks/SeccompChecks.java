package io.baton.coordinator.regress.checks;

import io.baton.coordinator.regress.Check;
import io.baton.coordinator.regress.CheckSkipped;
import io.baton.coordinator.regress.Data;
import io.baton.coordinator.regress.Fork;
import io.baton.coordinator.regress.Lab;
import io.baton.coordinator.regress.Should;
import io.baton.coordinator.regress.Subject;
import io.baton.task.linux.Errno;
import io.baton.task.linux.LinuxException;
import io.baton.task.linux.Ptrace;
import io.baton.task.linux.SyscallNumber;
import java.util.List;

/** seccomp(2) filters: kept, read, suspended. */
final class SeccompChecks {
    private static final int PR_SET_NO_NEW_PRIVS = 38;
    private static final int SET_MODE_FILTER = 1;
    private static final int INSTRUCTION = 8;
    private static final int COUNT = 4;

    private SeccompChecks() {}

    static List<Check> list() {
        return List.of(
                Check.of(
                        "seccomp.filter",
                        "a filter forbids what it says, to children and new threads too, and not to older threads",
                        "kernel/seccomp.c seccomp_attach_filter(), seccomp(2)",
                        SeccompChecks::filter),
                Check.of(
                        "seccomp.tsync",
                        "SECCOMP_FILTER_FLAG_TSYNC gives a filter to all threads",
                        "kernel/seccomp.c seccomp_sync_threads(), seccomp(2)",
                        SeccompChecks::sync),
                Check.of(
                        "seccomp.get_filter",
                        "PTRACE_SECCOMP_GET_FILTER gives a filter's instructions",
                        "kernel/seccomp.c seccomp_get_filter(), ptrace(2)",
                        SeccompChecks::get),
                Check.of(
                        "seccomp.suspend",
                        "with PTRACE_O_SUSPEND_SECCOMP filters are not asked",
                        "kernel/ptrace.c check_ptrace_options(), ptrace(2)",
                        SeccompChecks::suspend));
    }

    /** A filter by which getppid(2) fails with ENODATA. */
    private static Data program(Lab lab) {
        long load = 0x20L;
        long equal = 0x15L | (1L << 24) | ((long) SyscallNumber.GETPPID << 32);
        long refuse = 0x06L | ((0x5_0000L | Errno.ENODATA) << 32);
        long allow = 0x06L | (0x7fff_0000L << 32);
        // jeq: jump over none if equal, over one if not
        return lab.longs(load, equal, refuse, allow);
    }

    private static Data install(Lab lab, Subject subject, int flags) {
        Data instructions = program(lab);
        subject.call(SyscallNumber.PRCTL, PR_SET_NO_NEW_PRIVS, 1).shouldReturn(0);
        Data filter = lab.longs(COUNT, instructions.at());
        subject.call(SyscallNumber.SECCOMP, SET_MODE_FILTER, flags, filter.at())
                .skipOn(Errno.ENOSYS, "a kernel without CONFIG_SECCOMP_FILTER")
                .skipOn(Errno.EINVAL, "a kernel without CONFIG_SECCOMP_FILTER")
                .shouldReturn(0);
        return instructions;
    }

    private static void filter(Lab lab) {
        Subject subject = lab.subject();
        Subject older = subject.fork(Fork.thread());
        install(lab, subject, 0);
        subject.call(SyscallNumber.GETPPID).shouldFailWith(Errno.ENODATA);
        subject.fork().call(SyscallNumber.GETPPID).shouldFailWith(Errno.ENODATA);
        subject.fork(Fork.thread()).call(SyscallNumber.GETPPID).shouldFailWith(Errno.ENODATA);
        older.call(SyscallNumber.GETPPID).shouldSucceed();
    }

    private static void sync(Lab lab) {
        int sync = 1;
        Subject subject = lab.subject();
        Subject thread = subject.fork(Fork.thread());
        install(lab, subject, sync);
        thread.call(SyscallNumber.GETPPID).shouldFailWith(Errno.ENODATA);
    }

    private static void get(Lab lab) {
        Steps.needAdmin();
        Subject subject = lab.subject();
        Data instructions = install(lab, subject, 0);
        Ptrace.seize(subject.pid(), 0);
        TraceChecks.interrupt(lab, subject.pid());
        Data seen = lab.data(COUNT * INSTRUCTION);
        try {
            Should.be("instructions", COUNT, Ptrace.getSeccompFilter(subject.pid(), 0, seen.ours()));
        } catch (LinuxException e) {
            if (e.errno() == Errno.EIO) {
                throw new CheckSkipped("EIO: a kernel without CONFIG_CHECKPOINT_RESTORE");
            }
            throw e;
        }
        for (int i = 0; i < COUNT; i++) {
            Should.be("instruction " + i, instructions.longAt(i * INSTRUCTION), seen.longAt(i * INSTRUCTION));
        }
        Should.be("filters behind the first", 0, Ptrace.getSeccompFilter(subject.pid(), 1, 0));
    }

    private static void suspend(Lab lab) {
        Steps.needAdmin();
        Subject subject = lab.subject();
        install(lab, subject, 0);
        Ptrace.seize(subject.pid(), Ptrace.O_SUSPEND_SECCOMP);
        subject.call(SyscallNumber.GETPPID).shouldReturn(lab.helperPid());
        TraceChecks.interrupt(lab, subject.pid());
        Ptrace.detach(subject.pid(), 0);
        subject.call(SyscallNumber.GETPPID).shouldFailWith(Errno.ENODATA);
    }
}
