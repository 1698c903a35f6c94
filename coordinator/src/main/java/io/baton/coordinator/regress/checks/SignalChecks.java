package io.baton.coordinator.regress.checks;

import io.baton.coordinator.regress.Check;
import io.baton.coordinator.regress.Data;
import io.baton.coordinator.regress.Fork;
import io.baton.coordinator.regress.Lab;
import io.baton.coordinator.regress.Result;
import io.baton.coordinator.regress.Should;
import io.baton.coordinator.regress.Subject;
import io.baton.task.linux.Errno;
import io.baton.task.linux.SignalInfo;
import io.baton.task.linux.Signals;
import io.baton.task.linux.SyscallNumber;
import java.util.List;

/** Signals: queues, what goes with them, stops, restarts. */
final class SignalChecks {
    private static final String QUEUE = "kernel/signal.c do_rt_sigqueueinfo(), rt_sigqueueinfo(2)";
    private static final int SI_QUEUE = -1;
    private static final int FIRST = 34;
    private static final int RLIMIT_SIGPENDING = 11;

    private SignalChecks() {}

    static List<Check> list() {
        return List.of(
                Check.of(
                        "signal.queue.info",
                        "what was queued with a signal is delivered as it was",
                        QUEUE,
                        SignalChecks::info),
                Check.of(
                        "signal.queue.code",
                        "signals as of the kernel (si_code >= 0) can be queued to oneself, not to others: EPERM",
                        QUEUE,
                        SignalChecks::code),
                Check.of(
                        "signal.queue.order",
                        "real-time signals come lowest number first, and in their order",
                        "kernel/signal.c next_signal(), signal(7)",
                        SignalChecks::order),
                Check.of(
                        "signal.queue.once",
                        "of standard signals only the first is queued",
                        "kernel/signal.c legacy_queue(), signal(7)",
                        SignalChecks::once),
                Check.of(
                        "signal.queue.limit",
                        "RLIMIT_SIGPENDING limits what can be queued: EAGAIN",
                        "kernel/signal.c sigqueue_alloc(), getrlimit(2)",
                        SignalChecks::limit),
                Check.of(
                        "signal.queue.thread",
                        "a thread has a queue of its own beside its process's",
                        "kernel/signal.c send_signal_locked(), proc(5)",
                        SignalChecks::ownQueue),
                Check.of(
                        "signal.queue.fork",
                        "a child has no pending signals",
                        "kernel/fork.c copy_process(), signal(7)",
                        SignalChecks::forked),
                Check.of(
                        "signal.ignore",
                        "to ignore a signal drops it from the queues",
                        "kernel/signal.c do_sigaction(), sigaction(2)",
                        SignalChecks::dropped),
                Check.of(
                        "signal.stop.second",
                        "a second SIGSTOP stays pending in a stopped process until SIGCONT",
                        "kernel/signal.c prepare_signal()",
                        SignalChecks::secondStop),
                Check.of(
                        "signal.restart",
                        "a read that a handler with SA_RESTART interrupts goes on",
                        "arch/x86/kernel/signal.c handle_signal(), signal(7)",
                        SignalChecks::restart),
                Check.of(
                        "signal.no-restart",
                        "a read that a handler without SA_RESTART interrupts ends with EINTR",
                        "arch/x86/kernel/signal.c handle_signal(), signal(7)",
                        SignalChecks::noRestart),
                Check.of(
                        "signal.altstack",
                        "an alternate stack is each thread's own, and a fork copies it",
                        "kernel/signal.c do_sigaltstack(), kernel/fork.c copy_process(), sigaltstack(2)",
                        SignalChecks::alternateStack),
                Check.of(
                        "signal.mask.kill",
                        "SIGKILL and SIGSTOP cannot be blocked",
                        "kernel/signal.c sys_rt_sigprocmask(), sigprocmask(2)",
                        SignalChecks::unblockable));
    }

    private static Data siginfo(Lab lab, int signal, int code, long value) {
        return lab.data(SignalInfo.LENGTH)
                .put(SignalInfo.SIGNAL, signal)
                .put(SignalInfo.CODE, code)
                .put(SignalInfo.PID, 4321)
                .put(SignalInfo.UID, 77)
                .put(SignalInfo.VALUE, value);
    }

    /** Takes a signal from the queue, and returns what was queued with it. */
    private static Data take(Lab lab, Subject subject, long set, int expected) {
        Data info = lab.data(SignalInfo.LENGTH);
        subject.call(
                        SyscallNumber.RT_SIGTIMEDWAIT,
                        lab.longs(set).at(),
                        info.at(),
                        lab.longs(0, 0).at(),
                        Steps.SIGNAL_SET)
                .shouldReturn(expected);
        return info;
    }

    private static void info(Lab lab) {
        Subject subject = lab.subject();
        Data sent = siginfo(lab, FIRST, SI_QUEUE, 0x1234_5678_9abc_def0L);
        subject.call(SyscallNumber.RT_SIGQUEUEINFO, subject.pid(), FIRST, sent.at())
                .shouldReturn(0);
        Data got = take(lab, subject, -1, FIRST);
        Should.be("si_code", SI_QUEUE, got.intAt(SignalInfo.CODE));
        Should.be("si_pid", 4321, got.intAt(SignalInfo.PID));
        Should.be("si_uid", 77, got.intAt(SignalInfo.UID));
        Should.be("si_value", 0x1234_5678_9abc_def0L, got.longAt(SignalInfo.VALUE));
    }

    private static void code(Lab lab) {
        Subject subject = lab.subject();
        Subject child = subject.fork();
        Data asKernel = siginfo(lab, FIRST, 0x80, 1);
        subject.call(SyscallNumber.RT_SIGQUEUEINFO, child.pid(), FIRST, asKernel.at())
                .shouldFailWith(Errno.EPERM);
        child.call(SyscallNumber.RT_SIGQUEUEINFO, child.pid(), FIRST, asKernel.at())
                .shouldReturn(0);
        Should.be("si_code", 0x80, take(lab, child, -1, FIRST).intAt(SignalInfo.CODE));
        Data asQueued = siginfo(lab, FIRST, SI_QUEUE, 1);
        subject.call(SyscallNumber.RT_SIGQUEUEINFO, child.pid(), FIRST, asQueued.at())
                .shouldReturn(0);
    }

    private static void order(Lab lab) {
        Subject subject = lab.subject();
        int[] signals = {FIRST + 2, FIRST, FIRST + 2, FIRST + 1, FIRST};
        for (int i = 0; i < signals.length; i++) {
            Data info = siginfo(lab, signals[i], SI_QUEUE, i);
            subject.call(SyscallNumber.RT_SIGQUEUEINFO, subject.pid(), signals[i], info.at())
                    .shouldReturn(0);
        }
        int[][] expected = {{FIRST, 1}, {FIRST, 4}, {FIRST + 1, 3}, {FIRST + 2, 0}, {FIRST + 2, 2}};
        for (int[] one : expected) {
            Should.be("value", one[1], take(lab, subject, -1, one[0]).longAt(SignalInfo.VALUE));
        }
    }

    private static void once(Lab lab) {
        Subject subject = lab.subject();
        for (int i = 1; i <= 2; i++) {
            Data info = siginfo(lab, Signals.SIGUSR1, SI_QUEUE, i);
            subject.call(SyscallNumber.RT_SIGQUEUEINFO, subject.pid(), Signals.SIGUSR1, info.at())
                    .shouldReturn(0);
        }
        Should.be("value", 1, take(lab, subject, -1, Signals.SIGUSR1).longAt(SignalInfo.VALUE));
        Should.be("pending signals", 0, Steps.pending(lab, subject));
    }

    private static void limit(Lab lab) {
        Subject subject = lab.subject().fork();
        subject.call(
                        SyscallNumber.PRLIMIT64,
                        0,
                        RLIMIT_SIGPENDING,
                        lab.longs(0, 0).at(),
                        0)
                .shouldReturn(0);
        Data info = siginfo(lab, FIRST, SI_QUEUE, 1);
        subject.call(SyscallNumber.RT_SIGQUEUEINFO, subject.pid(), FIRST, info.at())
                .shouldFailWith(Errno.EAGAIN);
        Signals.kill(subject.pid(), Signals.SIGUSR1);
        Should.hold("a plain SIGUSR1 comes nevertheless", Steps.has(Steps.pending(lab, subject), Signals.SIGUSR1));
    }

    private static void ownQueue(Lab lab) {
        Subject subject = lab.subject();
        Subject thread = subject.fork(Fork.thread());
        Signals.killThread(subject.pid(), thread.pid(), Signals.SIGUSR1);
        Signals.kill(subject.pid(), Signals.SIGUSR2);
        Should.be("signals pending for the first thread", Signals.bit(Signals.SIGUSR2), Steps.pending(lab, subject));
        var sets = lab.proc().status(subject.pid(), thread.pid()).signals();
        Should.be("SigPnd of the thread", Signals.bit(Signals.SIGUSR1), sets.pending());
        Should.be("ShdPnd of the thread", Signals.bit(Signals.SIGUSR2), sets.sharedPending());
    }

    private static void forked(Lab lab) {
        Subject subject = lab.subject();
        Signals.kill(subject.pid(), Signals.SIGUSR1);
        Should.be("signals pending for the child", 0, Steps.pending(lab, subject.fork()));
        Should.be("signals pending for the parent", Signals.bit(Signals.SIGUSR1), Steps.pending(lab, subject));
    }

    private static void dropped(Lab lab) {
        Subject subject = lab.subject();
        Signals.kill(subject.pid(), Signals.SIGUSR1);
        Signals.killThread(subject.pid(), subject.pid(), Signals.SIGUSR1);
        Data ignore = lab.longs(1, 0, 0, 0);
        subject.call(SyscallNumber.RT_SIGACTION, Signals.SIGUSR1, ignore.at(), 0, Steps.SIGNAL_SET)
                .shouldReturn(0);
        Should.be("pending signals", 0, Steps.pending(lab, subject));
    }

    private static void secondStop(Lab lab) {
        Subject child = lab.subject().fork();
        Signals.kill(child.pid(), Signals.SIGSTOP);
        lab.await("the stop", () -> lab.state(child.pid()) == 'T');
        Data info = siginfo(lab, Signals.SIGSTOP, SI_QUEUE, 42);
        lab.own(SyscallNumber.RT_SIGQUEUEINFO, child.pid(), Signals.SIGSTOP, info.ours())
                .shouldReturn(0);
        long pending = lab.proc().status(child.pid()).signals().sharedPending();
        Should.be("signals pending in the stopped process", Signals.bit(Signals.SIGSTOP), pending);
        Signals.kill(child.pid(), Signals.SIGCONT);
        child.call(SyscallNumber.GETPID).shouldReturn(child.pid());
        Should.hold("SIGSTOP is pending no more", !Steps.has(Steps.pending(lab, child), Signals.SIGSTOP));
    }

    private static void restart(Lab lab) {
        long restart = 0x1000_0000;
        interruptedRead(lab, restart).shouldReturn(1);
    }

    private static void noRestart(Lab lab) {
        interruptedRead(lab, 0).shouldFailWith(Errno.EINTR);
    }

    private static Result interruptedRead(Lab lab, long flags) {
        Subject subject = lab.subject();
        Subject thread = subject.fork(Fork.thread());
        Data pipe = lab.data(8);
        subject.call(SyscallNumber.PIPE2, pipe.at(), 0).shouldReturn(0);
        Data action = Steps.handler(lab, subject, flags);
        subject.call(SyscallNumber.RT_SIGACTION, Signals.SIGUSR1, action.at(), 0, Steps.SIGNAL_SET)
                .shouldReturn(0);
        Steps.unblock(lab, subject, Signals.SIGUSR1);
        Data byteRead = lab.data(1);
        Subject.Pending read = subject.start(SyscallNumber.READ, pipe.intAt(0), byteRead.at(), 1);
        lab.await(
                "the read to sleep",
                () -> lab.state(subject.pid()) == 'S'
                        && lab.proc().readText(subject.pid(), "syscall").startsWith("0 "));
        Signals.killThread(subject.pid(), subject.pid(), Signals.SIGUSR1);
        lab.await(
                "the signal to be taken",
                () -> lab.proc().status(subject.pid()).signals().pending() == 0);
        if (flags != 0) {
            thread.call(SyscallNumber.WRITE, pipe.intAt(4), byteRead.at(), 1).shouldReturn(1);
        }
        return read.await();
    }

    private static void alternateStack(Lab lab) {
        int disabled = 2;
        Subject subject = lab.subject();
        Data stack = lab.longs(Steps.map(subject, 16), 0, 16L * Steps.PAGE);
        subject.call(SyscallNumber.SIGALTSTACK, stack.at(), 0).shouldReturn(0);
        Data seen = lab.data(24);
        subject.fork().call(SyscallNumber.SIGALTSTACK, 0, seen.at()).shouldReturn(0);
        Should.be("the child's", stack.longAt(0), seen.longAt(0));
        subject.fork(Fork.thread())
                .call(SyscallNumber.SIGALTSTACK, 0, seen.clear().at())
                .shouldReturn(0);
        Should.be("the thread's flags", disabled, seen.intAt(8));
        subject.call(
                        SyscallNumber.SIGALTSTACK,
                        lab.longs(stack.longAt(0), 0, 64).at(),
                        0)
                .shouldFailWith(Errno.ENOMEM);
    }

    private static void unblockable(Lab lab) {
        Subject subject = lab.subject();
        Data old = lab.data(8);
        subject.call(
                        SyscallNumber.RT_SIGPROCMASK,
                        Steps.SIG_BLOCK,
                        lab.longs(-1).at(),
                        old.at(),
                        Steps.SIGNAL_SET)
                .shouldReturn(0);
        Should.be("the mask", ~(Signals.bit(Signals.SIGKILL) | Signals.bit(Signals.SIGSTOP)), old.longAt(0));
    }
}
