package io.baton.coordinator.state.identity;

import io.baton.coordinator.state.Item;
import io.baton.mktree.image.proto.CoreEntry;
import io.baton.task.linux.Limit;
import io.baton.task.linux.Signals;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.program.ProgramBuilder;

/**
 * How a task ends that is to be a zombie, or a dead leader: with its name and the wait status of the image (16 bits:
 * exit code in the upper 8, or signal in the lower 7). The bit 0x80, "core dumped", cannot come back: no core is dumped.
 */
public final class Exit {
    private static final int PR_SET_PDEATHSIG = 1;
    private static final int PR_SET_DUMPABLE = 4;
    private static final int SIG_UNBLOCK = 1;
    private static final int SIG_SETMASK = 2;
    private static final int SIGNAL_MASK = 0x7f;
    private static final int CODE_SHIFT = 8;
    private static final int CODE_MASK = 0xff;
    private static final int SHELL_SIGNAL_BASE = 128;

    private static final int OWN_PID = 0;
    private static final int OWN_TID = 1;

    private Exit() {}

    /**
     * Adds the instructions by which a process becomes a zombie. The task must have default actions for all signals, as
     * it has from the start.
     *
     * @param core of the zombie, which has only {@code tc}
     */
    public static void emitZombie(CoreEntry core, ProgramBuilder program) {
        Name.emit(core, program.tag(Item.NAME.tag()));
        program.tag(Item.EXIT.tag());
        int status = core.getTc().getExitCode();
        int signal = status & SIGNAL_MASK;
        if (signal != 0) {
            emitDeath(signal, program);
        }
        int code = signal == 0 ? status >>> CODE_SHIFT & CODE_MASK : SHELL_SIGNAL_BASE + signal;
        program.call(SyscallNumber.EXIT_GROUP).value(code);
    }

    /** Dies of a signal without dumping core: a core file would be a side effect, and takes time. */
    private static void emitDeath(int signal, ProgramBuilder program) {
        int noCore = program.longs(0, 0);
        program.call(SyscallNumber.PRLIMIT64)
                .value(0)
                .value(Limit.RLIMIT_CORE)
                .data(noCore)
                .value(0);
        program.call(SyscallNumber.PRCTL).value(PR_SET_DUMPABLE).value(0);
        int set = program.longs(Signals.bit(signal));
        program.call(SyscallNumber.RT_SIGPROCMASK)
                .value(SIG_UNBLOCK)
                .data(set)
                .value(0)
                .value(Long.BYTES);
        program.call(SyscallNumber.GETPID).store(OWN_PID);
        program.call(SyscallNumber.GETTID).store(OWN_TID);
        program.call(SyscallNumber.TGKILL).register(OWN_PID).register(OWN_TID).value(signal);
    }

    /** Adds the instructions by which a leader ends and leaves its threads alone: not exit_group(2). */
    public static void emitDeadLeader(CoreEntry core, ProgramBuilder program) {
        Name.emit(core, program.tag(Item.NAME.tag()));
        program.tag(Item.EXIT.tag());
        // Even a thread that has ended has its process killed with the parent.
        program.call(SyscallNumber.PRCTL).value(PR_SET_PDEATHSIG).value(0);
        int mask = program.longs(core.getTc().getBlkSigset());
        program.call(SyscallNumber.RT_SIGPROCMASK)
                .value(SIG_SETMASK)
                .data(mask)
                .value(0)
                .value(Long.BYTES);
        int code = core.getTc().getExitCode() >>> CODE_SHIFT & CODE_MASK;
        program.call(SyscallNumber.EXIT).value(code);
    }

    /** Adds, for a thread whose leader ends, what the leader had: it and its process die when the parent does. */
    public static void emitDieWithParent(ProgramBuilder program) {
        program.call(SyscallNumber.PRCTL).value(PR_SET_PDEATHSIG).value(Signals.SIGKILL);
    }
}
