package io.baton.coordinator.progress;

import io.baton.coordinator.error.BatonException;
import io.baton.mktree.plan.RestoreStage;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/** Several listeners as one. */
public final class Listeners implements OperationListener {
    private final List<OperationListener> all;

    private Listeners(final List<OperationListener> all) {
        this.all = all;
    }

    /** All of them that are active. */
    public static OperationListener of(final List<OperationListener> all) {
        final List<OperationListener> active =
                all.stream().filter(OperationListener::isActive).toList();
        return switch (active.size()) {
            case 0 -> NONE;
            case 1 -> active.get(0);
            default -> new Listeners(active);
        };
    }

    private void tell(final Consumer<OperationListener> news) {
        for (final OperationListener listener : all) {
            news.accept(listener);
        }
    }

    @Override
    public void began(final OperationKind kind, final Path images, final int root, final long nanos) {
        tell(one -> one.began(kind, images, root, nanos));
    }

    @Override
    public void planned(final List<TaskRow> tasks) {
        tell(one -> one.planned(tasks));
    }

    @Override
    public void helper(final int pid, final long device, final long inode, final long nanos) {
        tell(one -> one.helper(pid, device, inode, nanos));
    }

    @Override
    public void freezer(final Path group, final boolean frozen, final boolean made, final long nanos) {
        tell(one -> one.freezer(group, frozen, made, nanos));
    }

    @Override
    public void phase(final String name, final long startNanos, final long endNanos) {
        tell(one -> one.phase(name, startNanos, endNanos));
    }

    @Override
    public void stoodStill(final long startNanos, final long endNanos) {
        tell(one -> one.stoodStill(startNanos, endNanos));
    }

    @Override
    public void stageStarted(final RestoreStage stage, final int tasks, final long nanos) {
        tell(one -> one.stageStarted(stage, tasks, nanos));
    }

    @Override
    public void stageEnded(final RestoreStage stage, final long nanos) {
        tell(one -> one.stageEnded(stage, nanos));
    }

    @Override
    public void task(final TaskEvent event, final int pid, final long startNanos, final long endNanos) {
        tell(one -> one.task(event, pid, startNanos, endNanos));
    }

    @Override
    public void suspended(final SuspendTurn turn) {
        tell(one -> one.suspended(turn));
    }

    @Override
    public void slowest(final int pid, final String instruction, final long durationNanos) {
        tell(one -> one.slowest(pid, instruction, durationNanos));
    }

    @Override
    public void bytes(final long done, final long total) {
        tell(one -> one.bytes(done, total));
    }

    @Override
    public void counting(final LongSupplier bytes) {
        tell(one -> one.counting(bytes));
    }

    @Override
    public void script(
            final String point, final String command, final int status, final long startNanos, final long endNanos) {
        tell(one -> one.script(point, command, status, startNanos, endNanos));
    }

    @Override
    public void failed(final BatonException failure, final long nanos) {
        tell(one -> one.failed(failure, nanos));
    }

    @Override
    public void ended(final int root, final long nanos) {
        tell(one -> one.ended(root, nanos));
    }
}
