package io.baton.task.program;

/**
 * Makes tasks fail on purpose, to prove that every failure is told and undone. A task's program comes in parts, in the
 * order in which it will run them: its hierarchy program, the blocks of its context, its kept program.
 */
@FunctionalInterface
public interface FaultInjector {
    /** Leaves everything as it is. */
    FaultInjector NONE = (slot, program) -> {};

    /** Changes a part of the program of the task in that slot, or leaves it as it is. */
    void inject(int slot, ProgramBuilder program);
}
