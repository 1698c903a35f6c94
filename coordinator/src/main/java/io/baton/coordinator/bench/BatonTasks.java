package io.baton.coordinator.bench;

import io.baton.mktree.launch.Helper;
import io.baton.mktree.launch.NativeFiles;
import io.baton.mktree.launch.TaskKiller;
import io.baton.mktree.plan.RestoreStage;
import io.baton.task.linux.Signals;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.program.Op;
import io.baton.task.program.ProgramBuilder;
import io.baton.task.program.ProgramDescriptor;
import io.baton.task.segment.Segment;
import io.baton.task.segment.SegmentLayout;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** Real native tasks, children of one root, that have arrived and sleep until the baton comes. */
public final class BatonTasks implements AutoCloseable {
    private static final long HOLE = 0x2000_0000_0000L;
    private static final int LOCAL_LENGTH = 8192;
    private static final int PR_SET_PDEATHSIG = 1;
    private static final long PATIENCE = TimeUnit.SECONDS.toNanos(30);

    private final Segment segment;
    private final Helper helper;
    private final int tasks;
    private final BooleanSupplier allDone;
    private final ProgramBuilder nothing = new ProgramBuilder().reset();

    /** Makes so many tasks, with a context ring of that many bytes. */
    public BatonTasks(int tasks, int ringCapacity) {
        this.tasks = tasks;
        byte[] runner = NativeFiles.runner();
        ProgramBuilder root = rootProgram();
        ProgramBuilder child = dieWithParent(new ProgramBuilder().reset());
        waitForTurn(child);
        ProgramBuilder first = dieWithParent(new ProgramBuilder().reset());
        first.op(Op.CLONE).value(0).value(0).value(Signals.SIGCHLD);
        first.op(Op.AWAIT).value(Integer.MAX_VALUE);
        int length = root.length() + child.length() + first.length();
        SegmentLayout layout = SegmentLayout.of(tasks + 1, tasks, LOCAL_LENGTH, runner.length, length, ringCapacity);
        segment = Segment.create(layout, HOLE, runner, 0);
        allDone = () -> segment.position() == tasks;
        int childAt = layout.planOffset() + root.copyTo(segment.buffer(), layout.planOffset(), 0, 0);
        int firstAt = childAt + child.copyTo(segment.buffer(), childAt, 0, 0);
        first.copyTo(segment.buffer(), firstAt, 0, 0);
        segment.program(0, layout.planOffset());
        for (int slot = 1; slot < tasks; slot++) {
            segment.program(slot, childAt);
        }
        segment.program(tasks, firstAt);
        segment.expect(RestoreStage.FORKING.number(), tasks);
        helper = Helper.start(segment, List.of());
        try {
            await(() -> segment.confirmed(RestoreStage.FORKING.number()) == tasks);
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    private ProgramBuilder rootProgram() {
        ProgramBuilder root = dieWithParent(new ProgramBuilder().reset());
        for (int slot = 1; slot < tasks; slot++) {
            root.op(Op.CLONE).value(slot).value(0).value(Signals.SIGCHLD);
        }
        waitForTurn(root);
        return root;
    }

    private static ProgramBuilder dieWithParent(ProgramBuilder program) {
        return program.call(SyscallNumber.PRCTL).value(PR_SET_PDEATHSIG).value(Signals.SIGKILL);
    }

    private static void waitForTurn(ProgramBuilder program) {
        program.op(Op.CONFIRM).value(RestoreStage.FORKING.number());
        program.op(Op.TURN);
        program.op(Op.AWAIT).value(Integer.MAX_VALUE);
    }

    public Segment segment() {
        return segment;
    }

    public int count() {
        return tasks;
    }

    /** Publishes an empty context for each, which must find room in the ring. */
    public void publishAll() {
        for (int task = 0; task < tasks; task++) {
            publish(task);
        }
    }

    /** Publishes an empty context for a task. */
    public void publish(int task) {
        if (!segment.contexts().offer(nothing, task, ProgramDescriptor.FLAG_LAST)) {
            throw new IllegalStateException("the ring is too small: tasks=" + tasks);
        }
    }

    /** From the first hand-over to the last task's end. */
    public void round() {
        segment.handOver();
        await(allDone);
    }

    /** Sleeps on the bell until {@code done}. */
    public void await(BooleanSupplier done) {
        long until = System.nanoTime() + PATIENCE;
        while (true) {
            int bell = segment.bell();
            if (done.getAsBoolean()) {
                return;
            }
            if (System.nanoTime() > until || segment.failedSlot() >= 0) {
                throw new IllegalStateException("tasks do not answer: failed slot=" + segment.failedSlot());
            }
            segment.awaitBell(bell, until);
        }
    }

    @Override
    public void close() {
        TaskKiller.killAll(segment, helper, System.nanoTime() + PATIENCE);
        helper.close();
        segment.close();
    }
}
