package io.baton.coordinator.restore;

import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.error.ErrorCode;
import io.baton.coordinator.supervision.Supervision;
import io.baton.mktree.launch.Helper;
import io.baton.mktree.launch.TaskIds;
import io.baton.mktree.plan.CreationPlan;
import io.baton.mktree.plan.RestoreStage;
import io.baton.task.linux.WaitStatus;
import io.baton.task.segment.Segment;
import java.util.function.BooleanSupplier;

/**
 * A restore under way, as the coordinator's one thread sees it: everything waits here, on the bell, until something that
 * it waits for has come, a task has failed, or the time is up.
 */
final class Operation {
    /** How often the living are counted while nothing else happens. */
    private static final long TICK_NANOS = 100_000_000;

    private final Segment segment;
    private final CreationPlan plan;
    private final Helper helper;
    private final long deadlineNanos;
    private final TaskIds ids;
    private final FailureReport.Things things;
    private final Supervision supervision;
    private final TaskEvents events;
    private RestoreStage stage = RestoreStage.ROOT_TASK;
    private boolean inStage;
    private long stageDeadlineNanos;
    private long progress;

    /**
     * A restore whose helper has been started.
     *
     * @param ids what we call the tasks
     * @param things what their items are about
     * @param deadlineNanos of all of it, System.nanoTime; 0: none
     */
    Operation(
            final Segment segment,
            final CreationPlan plan,
            final Helper helper,
            final TaskIds ids,
            final FailureReport.Things things,
            final long deadlineNanos,
            final Supervision supervision) {
        this.supervision = supervision;
        this.events = new TaskEvents(segment, plan, supervision.listener());
        this.ids = ids;
        this.things = things;
        this.segment = segment;
        this.plan = plan;
        this.helper = helper;
        this.deadlineNanos = deadlineNanos;
    }

    Segment segment() {
        return segment;
    }

    CreationPlan plan() {
        return plan;
    }

    Helper helper() {
        return helper;
    }

    /** What we call the tasks. */
    TaskIds ids() {
        return ids;
    }

    RestoreStage stage() {
        return stage;
    }

    /** Starts a stage that so many tasks confirm; the one before has ended. */
    void start(final RestoreStage newStage, final int tasks) {
        endStage();
        stage = newStage;
        inStage = true;
        final long now = System.nanoTime();
        final long limit = supervision.limits().stageNanos();
        stageDeadlineNanos = limit == 0 ? 0 : now + limit;
        supervision.listener().stageStarted(newStage, tasks, now);
        segment.expect(newStage.number(), tasks);
        segment.start(newStage.number());
    }

    /** The stage has ended: its tasks have confirmed it, and the coordinator has done its own part. */
    void endStage() {
        if (inStage) {
            inStage = false;
            events.tell();
            supervision.listener().stageEnded(stage, System.nanoTime());
        }
    }

    /** When whatever is done now must have ended: the earlier of both deadlines; 0: never. */
    long deadlineNanos() {
        if (stageDeadlineNanos == 0 || deadlineNanos == 0) {
            return Math.max(stageDeadlineNanos, deadlineNanos);
        }
        return stageDeadlineNanos - deadlineNanos < 0 ? stageDeadlineNanos : deadlineNanos;
    }

    /** Waits until a stage has been confirmed by so many, doing {@code work} while there is some. */
    void awaitConfirmed(final RestoreStage awaited, final int tasks, final BooleanSupplier work) {
        await(() -> segment.confirmed(awaited.number()) >= tasks, work);
    }

    /** Waits until {@code done}; in the meantime, does {@code work} as long as that returns true. */
    void await(final BooleanSupplier done, final BooleanSupplier work) {
        while (true) {
            final int bell = segment.bell();
            check();
            if (done.getAsBoolean()) {
                return;
            }
            checkDeadline();
            if (work.getAsBoolean()) {
                continue;
            }
            events.tell();
            final long tick = System.nanoTime() + TICK_NANOS;
            final long deadline = deadlineNanos();
            segment.awaitBell(bell, deadline == 0 ? tick : Math.min(tick, deadline));
            if (System.nanoTime() - tick >= 0) {
                countTheLiving();
            }
        }
    }

    /** Throws what the first task that failed has left in its slot. */
    void check() {
        final int failed = segment.failedSlot();
        if (failed >= 0) {
            throw report().failure(failed, ids);
        }
        checkCancelled();
    }

    /** Throws when the time is up or nobody wants the restore any more. */
    void checkPatience() {
        checkCancelled();
        checkDeadline();
    }

    private void checkCancelled() {
        if (Thread.currentThread().isInterrupted() || supervision.cancelled().getAsBoolean()) {
            throw new BatonException(ErrorCode.INTERRUPTED, "interrupted in stage " + stage, "");
        }
    }

    private void checkDeadline() {
        final long deadline = deadlineNanos();
        if (deadline != 0 && System.nanoTime() - deadline > 0) {
            throw report().timeout(ids, deadline != deadlineNanos);
        }
    }

    private FailureReport report() {
        return new FailureReport(segment, plan, stage, things);
    }

    private void countTheLiving() {
        final WaitStatus status = helper.poll();
        if (status != null) {
            check();
            checkDeadline();
            throw new BatonException(
                    ErrorCode.TASK_DIED, "the helper died in stage " + stage + ": " + Helper.describe(status), "");
        }
        // As long as something moves there is no need to look at all of them.
        final long now = segment.confirmed(stage.number()) + (long) segment.position();
        if (now == progress) {
            try {
                report().throwIfSomeoneDied(ids);
            } catch (final BatonException e) {
                check(); // of the first error, or of the deadline, others die
                checkDeadline();
                throw e;
            }
        }
        progress = now;
    }
}
