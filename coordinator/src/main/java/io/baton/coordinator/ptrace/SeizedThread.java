package io.baton.coordinator.ptrace;

import io.baton.task.linux.Memory;
import io.baton.task.linux.ProcStat;
import io.baton.task.linux.ProcStatus;
import io.baton.task.linux.Ptrace;
import io.baton.task.linux.RobustList;
import io.baton.task.linux.SignalInfo;
import io.baton.task.linux.UserRegs;
import java.util.ArrayList;
import java.util.List;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.jspecify.annotations.Nullable;

/**
 * A thread stopped by us. What is read of it is read once and kept: it is stopped, so nothing of it changes.
 *
 * <p>What ptrace tells is for the one thread that seized it to ask: to the kernel that <em>thread</em>, not the JVM, is the
 * tracer. After {@link #prefetch} all of it is at hand for others too. Errors are those of {@link Ptrace}: a thread killed
 * meanwhile gives ESRCH.
 */
public final class SeizedThread {
    /** Room for any CPU's extended state, AMX tiles too. */
    private static final int EXTENDED_STATE_LIMIT = 16 * 1024;

    private static final int SIGNALS_AT_ONCE = 32;
    /** {@code seccompMode} of {@link ProcStatus}. */
    private static final int FILTERED = 2;
    /** What the kernel takes in one filter, and the length of one of them. */
    private static final int MOST_INSTRUCTIONS = 4096;

    private static final int INSTRUCTION_LENGTH = 8;

    private final SeizedProcess process;
    private final int tid;
    private final int stopSignal;

    private boolean lost;
    private volatile @Nullable UnsafeBuffer registers;
    private volatile @Nullable UnsafeBuffer resumeRegisters;
    private volatile @Nullable UnsafeBuffer savedRegisters;
    private volatile @Nullable UnsafeBuffer extendedState;
    private volatile @Nullable Long blockedSignals;
    private volatile @Nullable List<DirectBuffer> pendingSignals;
    private volatile Ptrace.@Nullable RseqConfiguration rseq;
    private volatile @Nullable List<Filter> seccompFilters;
    private volatile @Nullable RobustList robustList;
    private volatile @Nullable ProcStat stat;
    private volatile @Nullable ProcStatus status;

    SeizedThread(SeizedProcess process, int tid, int stopSignal) {
        this.process = process;
        this.tid = tid;
        this.stopSignal = stopSignal;
    }

    public SeizedProcess process() {
        return process;
    }

    /** Of its process. */
    public int pid() {
        return process.pid();
    }

    public int tid() {
        return tid;
    }

    public boolean isLeader() {
        return tid == process.pid();
    }

    /** The signal of the group stop it was in when it was seized (SIGSTOP, SIGTSTP...), or 0 if it ran. */
    public int stopSignal() {
        return stopSignal;
    }

    /**
     * General registers as they were when it was seized, {@code struct user_regs_struct}; offsets in {@link UserRegs}. In
     * a system call that the stop has interrupted, the result is one of the kernel's own ERESTART codes.
     */
    public DirectBuffer registers() {
        UnsafeBuffer kept = registers;
        if (kept == null) {
            try (Memory memory = Memory.allocate(UserRegs.LENGTH)) {
                kept = registerSet(Ptrace.NT_PRSTATUS, memory);
            }
            InterruptedCall.takeBack(this, kept);
            registers = kept;
        }
        return kept;
    }

    /** One general register, by its offset in {@link UserRegs}. */
    public long register(int offset) {
        return registers().getLong(offset);
    }

    /**
     * The general registers it gets back from whoever has borrowed it: {@link #registers()}, but at the abort handler of
     * the restartable sequence it was stopped in, if any.
     */
    DirectBuffer resumeRegisters() {
        UnsafeBuffer kept = resumeRegisters;
        if (kept == null) {
            kept = new UnsafeBuffer(new byte[UserRegs.LENGTH]);
            kept.putBytes(0, registers(), 0, UserRegs.LENGTH);
            kept.putLong(UserRegs.RIP, CriticalSection.resumeAt(this));
            resumeRegisters = kept;
        }
        return kept;
    }

    /** The general registers an image is to have: {@link #registers()}, unless {@link Caller} has changed them. */
    public DirectBuffer savedRegisters() {
        UnsafeBuffer kept = savedRegisters;
        return kept == null ? registers() : kept;
    }

    void saved(UnsafeBuffer changed) {
        savedRegisters = changed;
    }

    /** Gives it these registers when it is let go. */
    void resume(UnsafeBuffer changed) {
        resumeRegisters = changed;
    }

    /** The extended state (x87, SSE, AVX...) in the CPU's own uncompacted XSAVE layout. */
    public DirectBuffer extendedState() {
        UnsafeBuffer kept = extendedState;
        if (kept == null) {
            try (Memory memory = Memory.allocate(EXTENDED_STATE_LIMIT)) {
                kept = registerSet(Ptrace.NT_X86_XSTATE, memory);
            }
            extendedState = kept;
        }
        return kept;
    }

    /** Says that it has run on by itself: what is kept of it is not true any more. */
    void lost() {
        lost = true;
    }

    boolean isLost() {
        return lost;
    }

    private UnsafeBuffer registerSet(int type, Memory memory) {
        byte[] bytes = new byte[Ptrace.getRegisterSet(tid, type, memory.address(), memory.length())];
        memory.buffer().getBytes(0, bytes);
        return new UnsafeBuffer(bytes);
    }

    /**
     * A seccomp filter.
     *
     * @param instructions of classic BPF, 8 bytes each
     * @param flags it was installed with
     */
    public record Filter(DirectBuffer instructions, int flags) {}

    /** Its seccomp filters, the latest first. */
    public List<Filter> seccompFilters() {
        List<Filter> kept = seccompFilters;
        if (kept == null) {
            kept = new ArrayList<>();
            try (Memory memory = Memory.allocate(MOST_INSTRUCTIONS * INSTRUCTION_LENGTH)) {
                int count;
                while ((count = Ptrace.getSeccompFilter(tid, kept.size(), memory.address())) > 0) {
                    byte[] bytes = new byte[count * INSTRUCTION_LENGTH];
                    memory.buffer().getBytes(0, bytes);
                    kept.add(new Filter(new UnsafeBuffer(bytes), (int) Ptrace.getSeccompFlags(tid, kept.size())));
                }
            }
            seccompFilters = kept;
        }
        return kept;
    }

    /** Reads all that only ptrace can tell, so that other threads may ask for it. */
    public void prefetch() {
        registers();
        extendedState();
        blockedSignals();
        rseq();
        if (status().seccompMode() == FILTERED) {
            seccompFilters();
        }
        if (status().signals().pending() != 0) {
            pendingSignals();
        }
        if (status().signals().sharedPending() != 0) {
            process.pendingSignals();
        }
    }

    /** Signal mask, bit 0 for signal 1. */
    public long blockedSignals() {
        Long kept = blockedSignals;
        if (kept == null) {
            kept = Ptrace.getSignalMask(tid);
            blockedSignals = kept;
        }
        return kept;
    }

    /** Signals queued to this thread alone, a {@code siginfo_t} of {@link SignalInfo#LENGTH} bytes each, in order. */
    public List<DirectBuffer> pendingSignals() {
        List<DirectBuffer> kept = pendingSignals;
        if (kept == null) {
            kept = peekSignals(false);
            pendingSignals = kept;
        }
        return kept;
    }

    List<DirectBuffer> peekSignals(boolean shared) {
        List<DirectBuffer> signals = new ArrayList<>();
        try (Memory memory = Memory.allocate(SIGNALS_AT_ONCE * SignalInfo.LENGTH)) {
            int count;
            do {
                count = Ptrace.peekSignals(tid, shared, signals.size(), SIGNALS_AT_ONCE, memory.address());
                for (int i = 0; i < count; i++) {
                    byte[] bytes = new byte[SignalInfo.LENGTH];
                    memory.buffer().getBytes(i * SignalInfo.LENGTH, bytes);
                    signals.add(new UnsafeBuffer(bytes));
                }
            } while (count == SIGNALS_AT_ONCE);
        }
        return signals;
    }

    /** Its registration for restartable sequences; address 0 if it has none. */
    public Ptrace.RseqConfiguration rseq() {
        Ptrace.RseqConfiguration kept = rseq;
        if (kept == null) {
            kept = Ptrace.getRseqConfiguration(tid);
            rseq = kept;
        }
        return kept;
    }

    /** Switches its seccomp filters off for as long as it is seized. Needs CAP_SYS_ADMIN. */
    public void suspendSeccomp() {
        Ptrace.setOptions(tid, Ptrace.O_TRACESYSGOOD | Ptrace.O_SUSPEND_SECCOMP);
    }

    public RobustList robustList() {
        RobustList kept = robustList;
        if (kept == null) {
            kept = RobustList.of(tid);
            robustList = kept;
        }
        return kept;
    }

    public ProcStat stat() {
        ProcStat kept = stat;
        if (kept == null) {
            kept = isLeader() ? process.stat() : process.proc().stat(pid(), tid);
            stat = kept;
        }
        return kept;
    }

    public ProcStatus status() {
        ProcStatus kept = status;
        if (kept == null) {
            kept = isLeader() ? process.proc().status(tid) : process.proc().status(pid(), tid);
            status = kept;
        }
        return kept;
    }

    @Override
    public String toString() {
        return isLeader() ? "pid " + tid : "pid " + pid() + " thread " + tid;
    }
}
