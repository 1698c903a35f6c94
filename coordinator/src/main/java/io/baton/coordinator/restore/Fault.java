package io.baton.coordinator.restore;

import io.baton.mktree.plan.RestoreStage;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.program.FaultInjector;
import io.baton.task.program.Op;
import io.baton.task.program.ProgramBuilder;
import java.util.Locale;

/**
 * One thing that goes wrong in one task of a restore. As text, for {@code BATON_FAULT}: {@code fail:TASK:N}, {@code
 * die:TASK:N}, {@code hang:TASK:N}, {@code drop:TASK:STAGE}, where TASK is the place in the PID array (0 is the root;
 * ghosts, placeholders and the helper follow) and N counts all instructions that the task will run.
 */
public final class Fault implements FaultInjector {
    /** No kernel has it. */
    static final int NO_SUCH_CALL = 1_000_000;

    static final int EXIT_STATUS = 99;
    private static final int PARTS = 3;

    private final Kind kind;
    private final int slot;
    private final int number;
    private int seen;
    private boolean injected;

    /** What goes wrong. */
    public enum Kind {
        /** A system call fails before the instruction. */
        FAIL,
        /** The task exits before the instruction. */
        DIE,
        /** The task sleeps for ever before the instruction. */
        HANG,
        /** The task does not confirm that stage. */
        DROP
    }

    /**
     * A fault.
     *
     * @param number of the instruction; for DROP of the stage
     */
    public Fault(final Kind kind, final int slot, final int number) {
        this.kind = kind;
        this.slot = slot;
        this.number = number;
    }

    /**
     * Reads a fault as text.
     *
     * @throws IllegalArgumentException it is none
     */
    public static Fault parse(final String text) {
        final String[] parts = text.split(":", -1);
        if (parts.length != PARTS) {
            throw new IllegalArgumentException("not a fault: text=" + text);
        }
        final Kind kind = Kind.valueOf(parts[0].toUpperCase(Locale.ROOT));
        final int number = kind == Kind.DROP ? RestoreStage.valueOf(parts[2]).number() : Integer.parseInt(parts[2]);
        return new Fault(kind, Integer.parseInt(parts[1]), number);
    }

    public Kind kind() {
        return kind;
    }

    /** Place of the task in the PID array, or after it. */
    public int slot() {
        return slot;
    }

    /** Of the instruction; for DROP of the stage. */
    public int number() {
        return number;
    }

    /** Whether the task has the instruction at all. */
    public boolean wasInjected() {
        return injected;
    }

    @Override
    public void inject(final int toSlot, final ProgramBuilder program) {
        if (toSlot != slot || injected) {
            return;
        }
        if (kind == Kind.DROP) {
            drop(program);
        } else if (number < seen + program.count()) {
            injected = true;
            insert(program, number - seen);
        }
        seen += program.count();
    }

    private void insert(final ProgramBuilder program, final int at) {
        switch (kind) {
            case FAIL -> program.insertCall(at, NO_SUCH_CALL, 0);
            case DIE -> program.insertCall(at, SyscallNumber.EXIT_GROUP, EXIT_STATUS);
            default -> program.insertCall(at, SyscallNumber.PAUSE, 0);
        }
    }

    private void drop(final ProgramBuilder program) {
        for (int i = 0; i < program.count(); i++) {
            if (program.opAt(i) == Op.CONFIRM && program.firstValueAt(i) == number) {
                injected = true;
                program.replaceByCall(i, SyscallNumber.GETPID);
            }
        }
    }

    @Override
    public String toString() {
        return kind.name().toLowerCase(Locale.ROOT) + ":" + slot + ":"
                + (kind == Kind.DROP ? RestoreStage.of(number).name() : Integer.toString(number));
    }
}
