package io.baton.coordinator.regress.checks;

import io.baton.coordinator.ptrace.Ask;
import io.baton.coordinator.ptrace.AskRunner;
import io.baton.coordinator.ptrace.Deadline;
import io.baton.coordinator.ptrace.SeizedTree;
import io.baton.coordinator.ptrace.TreeSeizer;
import io.baton.coordinator.regress.Check;
import io.baton.coordinator.regress.CheckSkipped;
import io.baton.coordinator.regress.Data;
import io.baton.coordinator.regress.Lab;
import io.baton.coordinator.regress.Need;
import io.baton.coordinator.regress.Should;
import io.baton.coordinator.regress.Subject;
import io.baton.mktree.launch.NativeFiles;
import io.baton.task.linux.Cpuid;
import io.baton.task.linux.Errno;
import io.baton.task.linux.LinuxException;
import io.baton.task.linux.Ptrace;
import io.baton.task.linux.SignalInfo;
import io.baton.task.linux.Signals;
import io.baton.task.linux.SyscallInfo;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.linux.UserRegs;
import io.baton.task.linux.WaitStatus;
import io.baton.task.program.ProgramBuilder;
import java.util.List;

/** ptrace(2): stopping, looking, letting go. The tracer is the check's own thread. */
final class TraceChecks {
    private static final String PTRACE = "kernel/ptrace.c ptrace_request(), ptrace(2)";
    private static final String RIGHTS = "run as root, or with CAP_SYS_PTRACE";
    private static final int ASK_SECONDS = 5;
    private static final int SLEEPS = 3;
    private static final int RSEQ_LENGTH = 32;
    private static final int RSEQ_SIGNATURE = 0x5305_3053;

    private TraceChecks() {}

    static List<Check> list() {
        return List.of(
                Check.of(
                                "ptrace.seize",
                                "PTRACE_SEIZE stops nobody, PTRACE_INTERRUPT does",
                                "kernel/ptrace.c ptrace_attach(), ptrace(2)",
                                TraceChecks::seize)
                        .neededBy(Need.DUMP, RIGHTS),
                Check.of(
                                "ptrace.ask",
                                "a stopped task runs Baton's runner, and then goes on as if nothing had been",
                                "kernel/ptrace.c, arch/x86/kernel/signal.c, ptrace(2)",
                                TraceChecks::ask)
                        .neededBy(Need.DUMP, RIGHTS),
                Check.of(
                        "ptrace.seize.twice",
                        "a task has one tracer: EPERM",
                        "kernel/ptrace.c ptrace_attach(), ptrace(2)",
                        TraceChecks::seizeTwice),
                Check.of(
                        "ptrace.listen",
                        "a stopped process can be seized, and stays stopped with PTRACE_LISTEN until SIGCONT",
                        PTRACE,
                        TraceChecks::listen),
                Check.of(
                        "ptrace.detach.stopped",
                        "a stopped process that is let go stays stopped",
                        "kernel/ptrace.c ptrace_detach()",
                        TraceChecks::detachStopped),
                Check.of(
                                "ptrace.peeksiginfo",
                                "PTRACE_PEEKSIGINFO shows both queues and leaves them",
                                "kernel/ptrace.c ptrace_peek_siginfo(), ptrace(2)",
                                TraceChecks::peek)
                        .neededBy(Need.DUMP, "a kernel with CONFIG_CHECKPOINT_RESTORE"),
                Check.of("ptrace.sigmask", "the signal mask can be read and set", PTRACE, TraceChecks::mask)
                        .neededBy(Need.DUMP, "Linux 3.11"),
                Check.of(
                        "ptrace.rseq_configuration",
                        "PTRACE_GET_RSEQ_CONFIGURATION shows where rseq is registered",
                        "kernel/ptrace.c ptrace_get_rseq_configuration()",
                        TraceChecks::rseq),
                Check.of(
                        "ptrace.syscall_info",
                        "PTRACE_GET_SYSCALL_INFO tells number and arguments at entry, the result at exit",
                        "kernel/ptrace.c ptrace_get_syscall_info(), ptrace(2)",
                        TraceChecks::syscallInfo),
                Check.of(
                                "ptrace.exitkill",
                                "with PTRACE_O_EXITKILL a task dies with its tracer's thread",
                                "kernel/ptrace.c exit_ptrace(), ptrace(2)",
                                TraceChecks::exitKill)
                        .neededBy(Need.RESTORE, ""),
                Check.of(
                                "ptrace.tracer-death",
                                "without it, a stopped task runs on when its tracer's thread ends",
                                "kernel/ptrace.c exit_ptrace(), ptrace(2)",
                                TraceChecks::tracerDeath)
                        .neededBy(Need.DUMP, ""),
                Check.of(
                        "ptrace.xstate",
                        "NT_X86_XSTATE is as large as the CPU says, and its header says which parts are in use",
                        "arch/x86/kernel/fpu/regset.c xstateregs_get()",
                        TraceChecks::extendedState),
                Check.of(
                        "ptrace.restart.block",
                        "an interrupted nanosleep shows -ERESTART_RESTARTBLOCK, and then sleeps for the rest",
                        "kernel/time/hrtimer.c hrtimer_nanosleep(), arch/x86/kernel/signal.c",
                        TraceChecks::restartBlock),
                Check.of(
                        "ptrace.restart.nohand",
                        "an interrupted pause shows -ERESTARTNOHAND, and sleeps on",
                        "kernel/signal.c sys_pause(), arch/x86/kernel/signal.c",
                        TraceChecks::restartNoHandler),
                Check.of(
                        "ptrace.restart.eintr",
                        "a call whose result the tracer changes to -EINTR is not restarted",
                        "arch/x86/kernel/signal.c arch_do_signal_or_restart()",
                        TraceChecks::noRestart),
                Check.of(
                        "ptrace.zombie",
                        "a zombie cannot be seized: EPERM",
                        "kernel/ptrace.c ptrace_attach()",
                        TraceChecks::zombie));
    }

    /** Stops a task that is seized; what is told must be the stop by PTRACE_INTERRUPT. */
    static void interrupt(Lab lab, int pid) {
        Ptrace.interrupt(pid);
        WaitStatus status = lab.await(pid, 0);
        Should.be("ptrace event", Ptrace.EVENT_STOP, status.event());
        Should.be("stop signal", Signals.SIGTRAP, status.stopSignal());
    }

    private static void seize(Lab lab) {
        Subject subject = lab.subject();
        Ptrace.seize(subject.pid(), 0);
        subject.call(SyscallNumber.GETPID).shouldReturn(subject.pid());
        interrupt(lab, subject.pid());
        Should.be("state", "t", String.valueOf(lab.state(subject.pid())));
        Ptrace.resume(subject.pid(), 0);
        subject.call(SyscallNumber.GETPID).shouldReturn(subject.pid());
        Ptrace.interrupt(subject.pid());
        lab.await(subject.pid(), 0);
        Ptrace.detach(subject.pid(), 0);
        subject.call(SyscallNumber.GETPID).shouldReturn(subject.pid());
    }

    private static void ask(Lab lab) {
        Subject child = lab.subject().fork();
        child.call(SyscallNumber.SETSID).shouldReturn(child.pid());
        Subject.Pending pause = child.start(SyscallNumber.PAUSE);
        lab.await("the pause", () -> isIn(lab, child, SyscallNumber.PAUSE));
        Deadline deadline = Deadline.after(ASK_SECONDS);
        try (SeizedTree tree = TreeSeizer.seize(child.pid(), deadline);
                AskRunner runner = new AskRunner(tree.proc(), NativeFiles.runner(), NativeFiles.ASK_OFFSET, deadline)) {
            ProgramBuilder program = new ProgramBuilder();
            int result = program.call(SyscallNumber.GETPID).result();
            Ask ask = new Ask(tree.root().firstThread(), program);
            runner.run(List.of(ask));
            Should.be("answer", child.pid(), ask.block().getLong(ProgramBuilder.resultOffset(result)));
        }
        lab.await("the pause again", () -> isIn(lab, child, SyscallNumber.PAUSE));
        Should.hold("its call has not returned", !pause.isDone());
    }

    private static void seizeTwice(Lab lab) {
        int seize = 0x4206;
        Subject subject = lab.subject();
        Subject child = subject.fork();
        Ptrace.seize(child.pid(), 0);
        subject.call(SyscallNumber.PTRACE, seize, child.pid(), 0, 0).shouldFailWith(Errno.EPERM);
    }

    private static void listen(Lab lab) {
        Subject child = lab.subject().fork();
        Signals.kill(child.pid(), Signals.SIGSTOP);
        lab.await("the stop", () -> lab.state(child.pid()) == 'T');
        Ptrace.seize(child.pid(), 0);
        WaitStatus status = lab.await(child.pid(), 0);
        Should.be("ptrace event", Ptrace.EVENT_STOP, status.event());
        Should.be("stop signal", Signals.SIGSTOP, status.stopSignal());
        Ptrace.listen(child.pid());
        Signals.kill(child.pid(), Signals.SIGCONT);
        status = lab.await(child.pid(), 0);
        Should.be("ptrace event after SIGCONT", Ptrace.EVENT_STOP, status.event());
        Should.be("stop signal after SIGCONT", Signals.SIGTRAP, status.stopSignal());
        Ptrace.resume(child.pid(), 0);
        child.call(SyscallNumber.GETPID).shouldReturn(child.pid());
    }

    private static void detachStopped(Lab lab) {
        Subject child = lab.subject().fork();
        Signals.kill(child.pid(), Signals.SIGSTOP);
        lab.await("the stop", () -> lab.state(child.pid()) == 'T');
        Ptrace.seize(child.pid(), 0);
        lab.await(child.pid(), 0);
        Ptrace.detach(child.pid(), 0);
        lab.await("the stop after it was let go", () -> lab.state(child.pid()) == 'T');
        Signals.kill(child.pid(), Signals.SIGCONT);
        child.call(SyscallNumber.GETPID).shouldReturn(child.pid());
    }

    private static void peek(Lab lab) {
        Subject subject = lab.subject();
        int realTime = 34;
        Data info = lab.data(SignalInfo.LENGTH).put(SignalInfo.CODE, -1);
        for (int i = 0; i < 2; i++) {
            info.put(SignalInfo.SIGNAL, realTime).put(SignalInfo.VALUE, 10L + i);
            subject.call(SyscallNumber.RT_SIGQUEUEINFO, subject.pid(), realTime, info.at())
                    .shouldReturn(0);
        }
        Signals.killThread(subject.pid(), subject.pid(), Signals.SIGUSR1);
        Ptrace.seize(subject.pid(), 0);
        interrupt(lab, subject.pid());
        Data seen = lab.data(8 * SignalInfo.LENGTH);
        for (int look = 0; look < 2; look++) {
            Should.be(
                    "signals shared",
                    2,
                    Ptrace.peekSignals(subject.pid(), true, 0, 8, seen.clear().ours()));
            Should.be("the second one's value", 11, seen.longAt(SignalInfo.LENGTH + SignalInfo.VALUE));
            Should.be(
                    "signals of the thread",
                    1,
                    Ptrace.peekSignals(subject.pid(), false, 0, 8, seen.clear().ours()));
            Should.be("its number", Signals.SIGUSR1, seen.intAt(SignalInfo.SIGNAL));
        }
    }

    private static void mask(Lab lab) {
        Subject subject = lab.subject();
        Ptrace.seize(subject.pid(), 0);
        interrupt(lab, subject.pid());
        long all = ~(Signals.bit(Signals.SIGKILL) | Signals.bit(Signals.SIGSTOP));
        Should.be("the mask read", all, Ptrace.getSignalMask(subject.pid()));
        long wanted = Signals.bit(Signals.SIGUSR1) | Signals.bit(40);
        Ptrace.setSignalMask(subject.pid(), wanted);
        Ptrace.resume(subject.pid(), 0);
        Data old = lab.data(8);
        subject.call(SyscallNumber.RT_SIGPROCMASK, 0, 0, old.at(), Steps.SIGNAL_SET)
                .shouldReturn(0);
        Should.be("the mask set", wanted, old.longAt(0));
    }

    private static void rseq(Lab lab) {
        Subject subject = lab.subject();
        Data area = lab.pages(1);
        subject.call(SyscallNumber.RSEQ, area.at(), RSEQ_LENGTH, 0, RSEQ_SIGNATURE)
                .skipOn(Errno.ENOSYS, "a kernel without CONFIG_RSEQ")
                .shouldReturn(0);
        Ptrace.seize(subject.pid(), 0);
        interrupt(lab, subject.pid());
        Ptrace.RseqConfiguration seen;
        try {
            seen = Ptrace.getRseqConfiguration(subject.pid());
        } catch (LinuxException e) {
            if (e.errno() == Errno.EIO) {
                throw new CheckSkipped("PTRACE_GET_RSEQ_CONFIGURATION: EIO: a kernel before Linux 5.13");
            }
            throw e;
        }
        Should.be("configuration", new Ptrace.RseqConfiguration(area.at(), RSEQ_LENGTH, RSEQ_SIGNATURE, 0), seen);
    }

    private static void syscallInfo(Lab lab) {
        Subject subject = lab.subject();
        Subject child = subject.fork();
        Subject.Pending sleep = child.start(SyscallNumber.PAUSE);
        lab.await("the pause", () -> isIn(lab, child, SyscallNumber.PAUSE));
        Ptrace.seize(child.pid(), Ptrace.O_TRACESYSGOOD);
        interrupt(lab, child.pid());
        Should.be(
                "kind of stop",
                SyscallInfo.NONE,
                Ptrace.getSyscallInfo(child.pid()).stop());
        Ptrace.resumeToSyscall(child.pid(), 0);
        Should.hold("the restarted call stops", lab.await(child.pid(), 0).isSyscallStop());
        SyscallInfo entry = Ptrace.getSyscallInfo(child.pid());
        Should.be("kind of stop at entry", SyscallInfo.ENTRY, entry.stop());
        Should.be("number", 34, entry.number());
        Should.be("architecture", SyscallInfo.AUDIT_ARCH_X86_64, entry.architecture());
        Should.hold("the call has not returned", !sleep.isDone());
    }

    private static void exitKill(Lab lab) {
        Subject child = lab.subject().fork();
        inAnotherThread(lab, () -> Ptrace.seize(child.pid(), Ptrace.O_EXITKILL));
        Should.be("wait status", Signals.SIGKILL, lab.subject().reap(child, 0));
    }

    private static void tracerDeath(Lab lab) {
        Subject child = lab.subject().fork();
        inAnotherThread(lab, () -> {
            Ptrace.seize(child.pid(), 0);
            interrupt(lab, child.pid());
        });
        child.call(SyscallNumber.GETPID).shouldReturn(child.pid());
    }

    private static void inAnotherThread(Lab lab, Runnable action) {
        Thread tracer = new Thread(action, "tracer");
        tracer.setDaemon(true);
        tracer.start();
        lab.await("the end of the tracer's thread", () -> !tracer.isAlive());
    }

    private static void extendedState(Lab lab) {
        int leaf = 0xd;
        int maskInLegacyArea = 464;
        int header = 512;
        Subject subject = lab.subject();
        Ptrace.seize(subject.pid(), 0);
        interrupt(lab, subject.pid());
        Data state = lab.data(64 * 1024);
        int length = Ptrace.getRegisterSet(subject.pid(), Ptrace.NT_X86_XSTATE, state.ours(), state.length());
        long enabled = Cpuid.enabledComponents();
        // Without permission a task has no room for AMX (components 17 and 18).
        long dynamic = 0x6_0000;
        if ((enabled & dynamic) == 0) {
            Should.be("length", Cpuid.ask(leaf, 0).ebx(), length);
        } else {
            Should.hold(
                    "length is at most that of all components",
                    length <= Cpuid.ask(leaf, 0).ebx());
        }
        Should.be("components of the kernel and the CPU", enabled | dynamic, state.longAt(maskInLegacyArea) | dynamic);
        Should.be("components in use that there are not", 0, state.longAt(header) & ~enabled);
        Ptrace.setRegisterSet(subject.pid(), Ptrace.NT_X86_XSTATE, state.ours(), length);
    }

    private static long resultAtStop(Lab lab, Subject child) {
        Ptrace.seize(child.pid(), 0);
        interrupt(lab, child.pid());
        try (UserRegs registers = new UserRegs()) {
            Ptrace.getRegisters(child.pid(), registers);
            return registers.rax();
        }
    }

    /** On a busy machine the sleep may be over before we have seen it: then a longer one. */
    private static void restartBlock(Lab lab) {
        long restartBlock = -516;
        long nanos = 50_000_000;
        for (int attempt = 0; attempt < SLEEPS; attempt++, nanos *= SLEEPS) {
            Subject child = lab.subject().fork();
            long begun = System.nanoTime();
            Data time = lab.longs(0, nanos);
            Subject.Pending sleep = child.start(SyscallNumber.NANOSLEEP, time.at(), 0);
            lab.await("the sleep", () -> sleep.isDone() || isIn(lab, child, SyscallNumber.NANOSLEEP));
            long result = resultAtStop(lab, child);
            if (!sleep.isDone()) {
                Should.be("result at the stop", restartBlock, result);
                Ptrace.resume(child.pid(), 0);
                sleep.await().shouldReturn(0);
                Should.hold("it slept all its time", System.nanoTime() - begun >= time.longAt(8));
                return;
            }
        }
        throw new CheckSkipped("the machine is too busy");
    }

    private static boolean isIn(Lab lab, Subject subject, int call) {
        return lab.proc().readText(subject.pid(), "syscall").startsWith(call + " ");
    }

    private static void restartNoHandler(Lab lab) {
        long noHandler = -514;
        Subject child = lab.subject().fork();
        Subject.Pending pause = child.start(SyscallNumber.PAUSE);
        lab.await("the pause", () -> isIn(lab, child, SyscallNumber.PAUSE));
        Should.be("result at the stop", noHandler, resultAtStop(lab, child));
        Ptrace.resume(child.pid(), 0);
        lab.await("the pause again", () -> isIn(lab, child, SyscallNumber.PAUSE));
        Should.hold("it has not returned", !pause.isDone());
    }

    private static void noRestart(Lab lab) {
        Subject child = lab.subject().fork();
        Subject.Pending pause = child.start(SyscallNumber.PAUSE);
        lab.await("the pause", () -> isIn(lab, child, SyscallNumber.PAUSE));
        Ptrace.seize(child.pid(), 0);
        interrupt(lab, child.pid());
        try (UserRegs registers = new UserRegs()) {
            Ptrace.getRegisters(child.pid(), registers);
            registers.set(UserRegs.RAX, -Errno.EINTR);
            Ptrace.setRegisters(child.pid(), registers);
        }
        Ptrace.resume(child.pid(), 0);
        pause.await().shouldFailWith(Errno.EINTR);
    }

    private static void zombie(Lab lab) {
        Subject child = lab.subject().fork();
        child.exit(0);
        child.awaitZombie();
        lab.own(SyscallNumber.PTRACE, 0x4206, child.pid(), 0, 0).shouldFailWith(Errno.EPERM);
    }
}
