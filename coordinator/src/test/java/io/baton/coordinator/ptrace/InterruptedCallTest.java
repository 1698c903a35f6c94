package io.baton.coordinator.ptrace;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.baton.coordinator.Victim;
import io.baton.task.linux.Ptrace;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.linux.UserRegs;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class InterruptedCallTest {
    /**
     * As the kernel does it: stopped a second time between its preparations and the call itself, after an interrupt in
     * user mode, or before it ever came there, for the first or the second time.
     */
    @ParameterizedTest
    @ValueSource(ints = {-1, SyscallNumber.CLOCK_NANOSLEEP, SyscallNumber.RESTART_SYSCALL})
    void shouldKnowACallThatIsAboutToBeRestarted(int original) throws Exception {
        try (Victim victim = Victim.run("/bin/sleep", 1000);
                ProcReaders readers = new ProcReaders();
                UserRegs registers = new UserRegs()) {
            Stops stops = new Stops(readers.get(), Deadline.after(20));
            Ptrace.seize(victim.pid(), Ptrace.O_TRACESYSGOOD);
            do {
                Ptrace.interrupt(victim.pid());
                assertEquals(0, stops.awaitInterrupted(victim.pid(), victim.pid()));
                Ptrace.getRegisters(victim.pid(), registers);
                if (registers.rax() != -InterruptedCall.ERESTART_RESTARTBLOCK) {
                    assertTrue(Stops.resumed(victim.pid(), 0));
                    Thread.sleep(1);
                }
            } while (registers.rax() != -InterruptedCall.ERESTART_RESTARTBLOCK);
            long after = registers.buffer().getLong(UserRegs.RIP);
            registers
                    .set(UserRegs.RAX, SyscallNumber.RESTART_SYSCALL)
                    .set(UserRegs.ORIG_RAX, original)
                    .set(UserRegs.RIP, after - InterruptedCall.INSTRUCTION_LENGTH);
            Ptrace.setRegisters(victim.pid(), registers);

            SeizedProcess process = new SeizedProcess(readers, victim.pid(), 0);
            SeizedThread thread = new SeizedThread(process, victim.pid(), 0);
            assertEquals(-InterruptedCall.ERESTART_RESTARTBLOCK, thread.register(UserRegs.RAX));
            assertEquals(original < 0 ? SyscallNumber.RESTART_SYSCALL : original, thread.register(UserRegs.ORIG_RAX));
            assertEquals(after, thread.register(UserRegs.RIP));
            assertEquals(SyscallNumber.CLOCK_NANOSLEEP, InterruptedCall.number(thread, thread.registers()));
        }
    }
}
