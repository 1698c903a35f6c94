package io.baton.coordinator.state.registers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.baton.coordinator.ptrace.Deadline;
import io.baton.coordinator.ptrace.SeizedThread;
import io.baton.coordinator.ptrace.SeizedTree;
import io.baton.coordinator.ptrace.TreeSeizer;
import io.baton.coordinator.state.Answers;
import io.baton.coordinator.state.Fixtures;
import io.baton.coordinator.state.Grandchild;
import io.baton.coordinator.state.ProcessCapture;
import io.baton.coordinator.state.ThreadCapture;
import io.baton.mktree.image.proto.CoreEntry;
import io.baton.task.linux.Memory;
import io.baton.task.linux.Ptrace;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.linux.UserRegs;
import io.baton.task.program.ProgramBuilder;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;

class RegistersTest {
    private final Deadline deadline = Deadline.after(20);

    /** What the kind sees of a thread when nothing has to be asked. */
    private record Capture(SeizedThread thread, CoreEntry.Builder core) implements ThreadCapture {
        @Override
        public ProcessCapture process() {
            throw new UnsupportedOperationException();
        }

        @Override
        public ProgramBuilder ask() {
            throw new UnsupportedOperationException();
        }

        @Override
        public void then(Consumer<Answers> reader) {
            throw new UnsupportedOperationException();
        }
    }

    private static CoreEntry capture(SeizedThread thread) {
        CoreEntry.Builder core = CoreEntry.newBuilder();
        new Registers().captureThread(new Capture(thread, core));
        return core.buildPartial();
    }

    @Test
    void shouldBringBackWhatCriuSaved() throws Exception {
        UnsafeBuffer registers = new UnsafeBuffer(new byte[UserRegs.LENGTH]);
        for (CoreEntry core : Fixtures.cores()) {
            if (core.hasThreadInfo()) {
                GeneralRegisters.fromImage(core.getThreadInfo().getGpregs(), registers);
                assertEquals(
                        core.getThreadInfo().getGpregs(),
                        GeneralRegisters.toImage(registers).build());
            }
        }
    }

    @Test
    void shouldGiveTheKernelTheVectorStateItGave() throws Exception {
        try (Grandchild process = Grandchild.start("sleep 60");
                SeizedTree tree = TreeSeizer.seize(process.pid(), deadline);
                Memory area = Memory.allocate(GateRegisters.vectorStateLength())) {
            SeizedThread thread = tree.root().firstThread();
            assertEquals(thread.extendedState().capacity(), GateRegisters.vectorStateLength());

            int length = GateRegisters.vectorState(capture(thread), area.buffer());
            Ptrace.setRegisterSet(thread.tid(), Ptrace.NT_X86_XSTATE, area.address(), length);
            assertEquals(
                    length, Ptrace.getRegisterSet(thread.tid(), Ptrace.NT_X86_XSTATE, area.address(), area.length()));
            assertEquals(thread.extendedState(), new UnsafeBuffer(area.address(), length));
        }
    }

    @Test
    void shouldShowAnInterruptedCallAsCriuDoes() throws Exception {
        try (Grandchild process = Grandchild.start("sleep 60");
                SeizedTree tree = TreeSeizer.seize(process.pid(), deadline)) {
            SeizedThread thread = tree.root().firstThread();
            CoreEntry core = capture(thread);

            assertEquals(
                    SyscallNumber.CLOCK_NANOSLEEP,
                    core.getThreadInfo().getGpregs().getAx());
            assertEquals(
                    SyscallNumber.CLOCK_NANOSLEEP,
                    core.getThreadInfo().getGpregs().getOrigAx());
            assertEquals(
                    thread.register(UserRegs.RIP),
                    core.getThreadInfo().getGpregs().getIp() + 2);
            assertEquals(-516, core.getThreadCore().getSyscall().getError());
            assertEquals(
                    thread.register(UserRegs.RIP),
                    core.getThreadCore().getSyscall().getIp());
            long remaining = core.getThreadCore().getSyscall().getRemainingNs();
            assertTrue(remaining > TimeUnit.SECONDS.toNanos(40) && remaining < TimeUnit.SECONDS.toNanos(60));
            assertTrue(SystemCallRestart.needsSleep(core));
        }
    }

    @Test
    void shouldMakeTheInterruptedCallAgain() throws Exception {
        long began = System.nanoTime();
        try (Grandchild process = Grandchild.start("sleep 0.3")) {
            try (SeizedTree tree = TreeSeizer.seize(process.pid(), deadline);
                    UserRegs registers = new UserRegs()) {
                SeizedThread thread = tree.root().firstThread();
                CoreEntry core = capture(thread);
                registers.buffer().putBytes(0, thread.registers(), 0, UserRegs.LENGTH);
                GateRegisters.replace(core, registers.buffer());
                Ptrace.setRegisters(thread.tid(), registers);
            }

            assertEquals(0, process.exitCode());
            assertTrue(System.nanoTime() - began > TimeUnit.MILLISECONDS.toNanos(250));
        }
    }

    @Test
    void shouldNotRestartWhatTheImageShowsAtItsInstruction() throws Exception {
        CoreEntry core = Fixtures.cores().stream()
                .filter(CoreEntry::hasThreadInfo)
                .findFirst()
                .orElseThrow();
        UnsafeBuffer registers = new UnsafeBuffer(new byte[UserRegs.LENGTH]);
        GateRegisters.replace(core, registers);

        assertEquals(-1, registers.getLong(UserRegs.ORIG_RAX));
        assertEquals(core.getThreadInfo().getGpregs().getIp(), registers.getLong(UserRegs.RIP));
    }
}
