package io.baton.task.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(5)
class PtraceTest {
    /** The tracer: all requests come from its one thread. */
    private final ExecutorService tracer = Executors.newSingleThreadExecutor();

    @AfterEach
    void stop() {
        tracer.shutdownNow();
    }

    private void trace(final Runnable work) throws InterruptedException, ExecutionException {
        final Future<?> done = tracer.submit(work);
        done.get();
    }

    private static void seizeAndStop(final int pid, final int options) {
        Ptrace.seize(pid, options);
        Ptrace.interrupt(pid);
        final WaitStatus status = Wait.wait4(pid, Wait.WALL);
        assertTrue(status.isStopped(), status::toString);
        assertEquals(Ptrace.EVENT_STOP, status.event());
        assertEquals(Signals.SIGTRAP, status.stopSignal());
    }

    @Test
    void shouldReadRegistersOfAStoppedTask() throws Exception {
        try (Child child = Child.sleeping();
                UserRegs registers = new UserRegs()) {
            trace(() -> {
                seizeAndStop(child.pid(), 0);
                Ptrace.getRegisters(child.pid(), registers);
                Ptrace.detach(child.pid(), 0);
            });
            assertEquals(SyscallNumber.CLOCK_NANOSLEEP, registers.origRax());
            assertEquals(0x33, registers.get(UserRegs.CS));
            assertTrue(registers.rip() > 0 && registers.rsp() > 0);
            try (ProcFs proc = new ProcFs()) {
                assertEquals(0, proc.status(child.pid()).tracer());
                assertFalse(proc.stat(child.pid()).isZombie());
            }
        }
    }

    @Test
    void shouldChangeRegistersAndPutThemBack() throws Exception {
        try (Child child = Child.sleeping();
                UserRegs saved = new UserRegs();
                UserRegs changed = new UserRegs()) {
            trace(() -> {
                final int pid = child.pid();
                seizeAndStop(pid, Ptrace.O_EXITKILL);
                Ptrace.getRegisters(pid, saved);
                Ptrace.setRegisters(pid, changed.copyFrom(saved).set(UserRegs.R15, 0x1234_5678_9abcL));
                assertEquals(0x1234_5678_9abcL, Ptrace.peekUser(pid, UserRegs.R15));
                Ptrace.pokeUser(pid, UserRegs.R14, 77);
                Ptrace.getRegisters(pid, changed);
                assertEquals(77, changed.get(UserRegs.R14));
                Ptrace.setRegisters(pid, saved);
                assertEquals(saved.rsp(), Ptrace.peekUser(pid, UserRegs.RSP));
            });
        }
    }

    @Test
    void shouldReadExtendedState() throws Exception {
        try (Child child = Child.sleeping();
                Memory area = Memory.allocate(16 * 1024)) {
            trace(() -> {
                final int pid = child.pid();
                seizeAndStop(pid, 0);
                final int length = Ptrace.getRegisterSet(pid, Ptrace.NT_X86_XSTATE, area.address(), area.length());
                assertTrue(length >= 576, "FXSAVE area and XSAVE header");
                assertTrue(area.buffer().getLong(464) != 0, "XCR0, where the kernel notes it");
                Ptrace.setRegisterSet(pid, Ptrace.NT_X86_XSTATE, area.address(), length);
            });
        }
    }

    @Test
    void shouldReadAndChangeTheSignalMask() throws Exception {
        try (Child child = Child.sleeping();
                Memory info = Memory.allocate(4 * SignalInfo.LENGTH)) {
            trace(() -> {
                final int pid = child.pid();
                seizeAndStop(pid, 0);
                assertEquals(0, Ptrace.getSignalMask(pid));
                Ptrace.setSignalMask(pid, Signals.bit(Signals.SIGUSR1) | Signals.bit(Signals.SIGUSR2));
                assertEquals(0xa00, Ptrace.getSignalMask(pid));
                Signals.kill(pid, Signals.SIGUSR1);
                Signals.killThread(pid, pid, Signals.SIGUSR2);
                assertEquals(1, Ptrace.peekSignals(pid, true, 0, 4, info.address()));
                assertEquals(Signals.SIGUSR1, info.buffer().getInt(SignalInfo.SIGNAL));
                assertEquals(Identity.pid(), info.buffer().getInt(SignalInfo.PID));
                assertEquals(1, Ptrace.peekSignals(pid, false, 0, 4, info.address()));
                assertEquals(Signals.SIGUSR2, info.buffer().getInt(SignalInfo.SIGNAL));
                assertEquals(0, Ptrace.peekSignals(pid, false, 1, 4, info.address()));
                Ptrace.getSignalInfo(pid, info.address());
                assertEquals(Signals.SIGTRAP, info.buffer().getInt(SignalInfo.SIGNAL));
            });
        }
    }

    @Test
    void shouldStopAtSystemCalls() throws Exception {
        try (Child child = Child.sleeping()) {
            trace(() -> {
                final int pid = child.pid();
                seizeAndStop(pid, Ptrace.O_TRACESYSGOOD);
                Ptrace.resumeToSyscall(pid, 0);
                final WaitStatus status = Wait.wait4(pid, Wait.WALL);
                assertTrue(status.isSyscallStop(), status::toString);
                final SyscallInfo info = Ptrace.getSyscallInfo(pid);
                assertEquals(SyscallInfo.ENTRY, info.stop());
                assertEquals(SyscallInfo.AUDIT_ARCH_X86_64, info.architecture());
                assertEquals(SyscallNumber.RESTART_SYSCALL, info.number(), "the sleep goes on where it was");
                assertEquals(6, info.arguments().size());
            });
        }
    }

    @Test
    void shouldGiveRseqOfAThread() throws Exception {
        try (Child child = Child.sleeping()) {
            trace(() -> {
                seizeAndStop(child.pid(), 0);
                final Ptrace.RseqConfiguration rseq = Ptrace.getRseqConfiguration(child.pid());
                assertTrue(rseq.address() == 0 || rseq.size() >= 20, rseq::toString);
                Ptrace.detach(child.pid(), 0);
            });
            assertEquals(24, RobustList.of(child.pid()).length());
        }
    }

    @Test
    void shouldTellOfExit() throws Exception {
        try (Child child = Child.sleeping()) {
            trace(() -> {
                final int pid = child.pid();
                Ptrace.seize(pid, Ptrace.O_TRACEEXIT);
                Signals.kill(pid, Signals.SIGTERM);
                final WaitStatus signal = Wait.wait4(pid, Wait.WALL);
                assertEquals(Signals.SIGTERM, signal.stopSignal());
                assertEquals(0, signal.event());
                Ptrace.resume(pid, Signals.SIGTERM);
                assertEquals(Ptrace.EVENT_EXIT, Wait.wait4(pid, Wait.WALL).event());
                assertEquals(Signals.SIGTERM, Ptrace.getEventMessage(pid));
                // Not even SIGKILL gets it past this stop.
                Ptrace.resume(pid, 0);
            });
        }
    }

    @Test
    void shouldKeepAGroupStop() throws Exception {
        try (Child child = Child.sleeping()) {
            trace(() -> {
                final int pid = child.pid();
                Ptrace.seize(pid, 0);
                Signals.kill(pid, Signals.SIGSTOP);
                assertEquals(Signals.SIGSTOP, Wait.wait4(pid, Wait.WALL).stopSignal());
                Ptrace.resume(pid, Signals.SIGSTOP);
                final WaitStatus group = Wait.wait4(pid, Wait.WALL);
                assertEquals(Signals.SIGSTOP, group.stopSignal());
                assertEquals(Ptrace.EVENT_STOP, group.event());
                Ptrace.listen(pid);
                assertTrue(Wait.wait4(pid, Wait.WALL | Wait.WNOHANG).isNone());
                Signals.kill(pid, Signals.SIGCONT);
                assertEquals(Ptrace.EVENT_STOP, Wait.wait4(pid, Wait.WALL).event());
            });
        }
    }

    @Test
    void shouldRefuseRequestsOfAnotherThread() throws Exception {
        try (Child child = Child.sleeping()) {
            trace(() -> seizeAndStop(child.pid(), 0));
            final LinuxException e = assertThrows(LinuxException.class, () -> Ptrace.getSignalMask(child.pid()));
            assertEquals(Errno.ESRCH, e.errno());
            assertEquals("ptrace getsigmask", e.call());
            assertFalse(e.detail().isEmpty());
            trace(() -> Ptrace.detach(child.pid(), 0));
        }
    }
}
