package io.baton.coordinator.state.registers;

import io.baton.coordinator.error.Refusals;
import io.baton.coordinator.ptrace.SeizedProcess;
import io.baton.coordinator.ptrace.SeizedThread;
import io.baton.coordinator.state.Account;
import io.baton.coordinator.state.DumpOptions;
import io.baton.coordinator.state.ProcessRestore;
import io.baton.coordinator.state.StateKind;
import io.baton.coordinator.state.ThreadCapture;
import io.baton.coordinator.state.TreeImage;
import io.baton.coordinator.state.TreeObjects;
import io.baton.mktree.image.proto.BatonSyscall;
import io.baton.mktree.image.proto.CoreEntry;
import io.baton.mktree.image.proto.ThreadInfoX86;
import io.baton.mktree.image.proto.UserDescT;
import io.baton.mktree.image.proto.UserX86RegsMode;
import io.baton.task.linux.Cpuid;
import io.baton.task.linux.LinuxException;
import io.baton.task.linux.Memory;
import io.baton.task.linux.Ptrace;
import io.baton.task.linux.UserRegs;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * General, floating point and vector registers and the signal mask of each thread. Read by ptrace; set by ptrace at the
 * gate, with {@link GateRegisters}, so nothing is compiled.
 */
public final class Registers implements StateKind {
    /** The three entries of the GDT that set_thread_area(2) may fill: unused by 64-bit code. */
    private static final int FIRST_TLS_ENTRY = 12;

    private static final int LAST_TLS_ENTRY = 14;

    private static final int LEAF_EXTENDED_FEATURES = 7;
    private static final int ECX_SHSTK = 1 << 7;

    @Override
    public String name() {
        return "registers";
    }

    @Override
    public Account account() {
        return new Account(
                        name(),
                        "PTRACE_GETREGSET",
                        "PTRACE_SETREGSET at the gate; interrupted calls restart as after SIGSTOP and SIGCONT",
                        "ThreadInfoX86")
                .refusing("the task has a shadow stack, which cannot be saved yet", "the task runs 32-bit code");
    }

    @Override
    public void list(SeizedProcess process, TreeImage tree, TreeObjects objects) {
        objects.addThreads(name(), process);
    }

    @Override
    public void inspect(SeizedProcess process, DumpOptions options, Refusals refusals) {
        for (SeizedThread thread : process.threads()) {
            if (hasShadowStack(thread)) {
                refusals.add(thread.tid(), "registers", "the task has a shadow stack, which cannot be saved yet", "");
            }
            if (thread.register(UserRegs.CS) != GeneralRegisters.CS_64_BIT) {
                refusals.add(thread.tid(), "registers", "the task runs 32-bit code", "");
            }
        }
    }

    private static boolean hasShadowStack(SeizedThread thread) {
        if ((Cpuid.ask(LEAF_EXTENDED_FEATURES, 0).ecx() & ECX_SHSTK) == 0) {
            return false;
        }
        try (Memory memory = Memory.allocate(Long.BYTES)) {
            return Ptrace.getRegisterSet(thread.tid(), Ptrace.NT_X86_SHSTK, memory.address(), Long.BYTES) > 0;
        } catch (LinuxException e) {
            return false;
        }
    }

    @Override
    public void captureThread(ThreadCapture capture) {
        SeizedThread thread = capture.thread();
        CoreEntry.Builder core = capture.core();
        core.setMtype(CoreEntry.March.X86_64);
        MutableDirectBuffer registers = new UnsafeBuffer(new byte[UserRegs.LENGTH]);
        registers.putBytes(0, thread.savedRegisters(), 0, UserRegs.LENGTH);
        BatonSyscall call = SavedCall.rewind(thread, registers);
        if (call != null) {
            core.getThreadCoreBuilder().setSyscall(call);
        }
        ThreadInfoX86.Builder info = core.getThreadInfoBuilder();
        info.setGpregs(GeneralRegisters.toImage(registers));
        FloatingPoint.toImage(thread.extendedState(), XsaveLayout.ofCpu(), info);
        for (int entry = FIRST_TLS_ENTRY; entry <= LAST_TLS_ENTRY; entry++) {
            info.addTls(unusedTls(entry));
        }
        core.getThreadCoreBuilder().setBlkSigset(thread.blockedSignals());
        if (thread.isLeader()) {
            core.getTcBuilder().setBlkSigset(thread.blockedSignals());
        }
    }

    private static UserDescT unusedTls(int entry) {
        return UserDescT.newBuilder()
                .setEntryNumber(entry)
                .setBaseAddr(0)
                .setLimit(0)
                .setSeg32Bit(false)
                .setContentsH(false)
                .setContentsL(false)
                .setReadExecOnly(true)
                .setLimitInPages(false)
                .setSegNotPresent(true)
                .setUsable(false)
                .build();
    }

    @Override
    public void validate(ProcessRestore process, Refusals refusals) {
        for (int i = 0; i < process.cores().size(); i++) {
            CoreEntry core = process.cores().get(i);
            int tid = process.pstree().getThreads(i);
            if (core.getMtype() != CoreEntry.March.X86_64) {
                refusals.add(tid, "registers", "the image is of another architecture: " + core.getMtype(), "");
            } else if (!(i == 0 && process.pstree().getLeaderDead())) {
                validate(tid, core.getThreadInfo(), refusals); // empty if there are none
            }
        }
    }

    private static void validate(int tid, ThreadInfoX86 info, Refusals refusals) {
        if (info.getGpregs().getMode() != UserX86RegsMode.NATIVE) {
            refusals.add(tid, "registers", "the task ran 32-bit code", "");
        }
        String unfit = FloatingPoint.unfit(info, XsaveLayout.ofCpu());
        if (!unfit.isEmpty()) {
            refusals.add(tid, "registers", unfit, "restore on a CPU like the one the image was made on");
        }
    }
}
