package io.baton.coordinator.state;

import io.baton.coordinator.error.Refusals;
import io.baton.coordinator.ptrace.SeizedProcess;
import io.baton.task.program.ProgramBuilder;
import java.util.List;

/**
 * One kind of kernel state. A kind is stateless: what it finds goes into the image, what it needs comes from there.
 * {@link StateKinds} lists them in the order in which they are restored.
 *
 * <p>Dump: {@link #inspect} and {@link #inspectTree} first, for all tasks, so that a refusal leaves the tree untouched;
 * then the two captures, which read what can be read from outside and add instructions to the ask for what only the
 * task can tell.
 *
 * <p>Restore, for each process in PID-array order: {@link #compile} for the leader, then {@link #compileThread} for every
 * thread (the leader first, in the same context), all run while the task holds the baton. What must wait until all tasks
 * are restored goes to the kept program: {@link #compileSignals} in stage RESTORE_SIGCHLD, {@link #compileCredentials}
 * in RESTORE_CREDS, in that order and only where there is something to do.
 */
public interface StateKind {
    /** Name for messages. */
    default String name() {
        return account().what();
    }

    /** How it goes there and back, and what of it does not: the line in {@code docs/state.md}. */
    Account account();

    /** Lists what the process has of this kind, by the names under which {@link #inspect} would refuse it. */
    default void list(final SeizedProcess process, final TreeImage tree, final TreeObjects objects) {
        objects.add(name(), process.pid(), name());
    }

    /** Adds every reason why this process cannot be dumped. The process is stopped; it must not be changed. */
    default void inspect(final SeizedProcess process, final DumpOptions options, final Refusals refusals) {}

    /**
     * As {@link #inspect}, and at the same time, for what only the whole tree can tell. What was found on the way may be
     * kept for the captures in {@code tree.shared}; nothing else of the image may be touched.
     *
     * @param processes all living ones
     */
    default void inspectTree(
            final List<SeizedProcess> processes,
            final TreeImage tree,
            final DumpOptions options,
            final Refusals refusals) {}

    /** Captures what a process has once. */
    default void capture(final ProcessCapture capture) {}

    /** Captures what each thread has. */
    default void captureThread(final ThreadCapture capture) {}

    /** Adds every reason why this process cannot be restored here; runs before anything is created. */
    default void validate(final ProcessRestore process, final Refusals refusals) {}

    /**
     * Whether this process must come back when all before it are whole and none after it has begun, even where tasks do not
     * wait for each other: because what it does is seen by others, or counts. What it takes from one task that comes before
     * it is no reason: see {@link ContextBuilder#after}.
     */
    default boolean needsOrder(final ProcessRestore process) {
        return false;
    }

    /** Restores what a process has once. */
    default void compile(final ProcessRestore process, final ContextBuilder context) {}

    /** Restores what each thread has. */
    default void compileThread(final ThreadRestore thread, final ContextBuilder context) {}

    /** After all tasks are restored and zombies are zombies. */
    default void compileSignals(final ThreadRestore thread, final ProgramBuilder kept) {}

    /** Last: nobody may attach to a task that is not yet confined. */
    default void compileCredentials(final ThreadRestore thread, final ProgramBuilder kept) {}
}
