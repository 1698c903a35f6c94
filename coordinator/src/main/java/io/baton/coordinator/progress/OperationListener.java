package io.baton.coordinator.progress;

import io.baton.coordinator.error.BatonException;
import io.baton.mktree.plan.RestoreStage;
import java.nio.file.Path;
import java.util.List;
import java.util.function.LongSupplier;

/**
 * Hears how an operation goes. It is called on the operation's own thread, between two waits: take the facts and return;
 * what it throws fails the operation. All times are of {@link System#nanoTime()}, which is CLOCK_MONOTONIC here.
 */
public interface OperationListener {
    /** Hears nothing. */
    OperationListener NONE = new OperationListener() {};

    /** Whether anybody listens; if not, nothing is collected. */
    default boolean isActive() {
        return this != NONE;
    }

    /**
     * It begins.
     *
     * @param root pid of the tree's root; 0 while unknown, as before an image is read
     */
    default void began(OperationKind kind, Path images, int root, long nanos) {}

    /** The tasks are known, in PID-array order. */
    default void planned(List<TaskRow> tasks) {}

    /**
     * The helper runs, and with it the segment is mapped; until the gate, whoever maps that file is of this restore.
     *
     * @param device of the segment's memory file, as stat(2) has it
     * @param inode of the segment's memory file
     */
    default void helper(int pid, long device, long inode, long nanos) {}

    /**
     * A freezer group will be frozen or thawed, and be put back at the end.
     *
     * @param group its directory
     * @param frozen whether it is frozen now
     * @param made whether it was not there before
     */
    default void freezer(Path group, boolean frozen, boolean made, long nanos) {}

    /** A part of the coordinator's own work has ended. */
    default void phase(String name, long startNanos, long endNanos) {}

    /** The tree did not run in that time; told by dumps. */
    default void stoodStill(long startNanos, long endNanos) {}

    /** A stage starts; so many tasks are to confirm it. */
    default void stageStarted(RestoreStage stage, int tasks, long nanos) {}

    /** All have confirmed it, and the coordinator has done its own part. */
    default void stageEnded(RestoreStage stage, long nanos) {}

    /** Something happened to a task; told in order of time, but as late as at the end of the stage. */
    default void task(TaskEvent event, int pid, long startNanos, long endNanos) {}

    /** A process was asked to suspend itself, or not; told once for each, as a {@link #task} event too. */
    default void suspended(SuspendTurn turn) {}

    /** One of the slowest instructions of all tasks: the call and what it is about; the slowest first. */
    default void slowest(int pid, String instruction, long durationNanos) {}

    /** Bytes of pages written or read so far, and of how many; total 0: unknown. */
    default void bytes(long done, long total) {}

    /** Where to look for the bytes of pages so far, from any thread and for ever: for whoever wants to sample them. */
    default void counting(LongSupplier bytes) {}

    /** An action script ended; status as of a shell. */
    default void script(String point, String command, int status, long startNanos, long endNanos) {}

    /** It failed, and all that can be undone was undone. Nothing is told after that. */
    default void failed(BatonException failure, long nanos) {}

    /** All is done: the tree of that root runs, or its image is complete. Nothing is told after that. */
    default void ended(int root, long nanos) {}
}
