package io.baton.mktree.launch;

import io.baton.mktree.plan.CreationPlan;
import io.baton.mktree.plan.CreationPlanner;
import io.baton.mktree.plan.HierarchyPrograms;
import io.baton.mktree.plan.PlanOptions;
import io.baton.mktree.plan.RestoreStage;
import io.baton.mktree.tree.ProcessTree;
import io.baton.mktree.tree.Task;
import io.baton.task.linux.Errno;
import io.baton.task.linux.Identity;
import io.baton.task.linux.ProcFs;
import io.baton.task.linux.Signals;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.linux.VanishedException;
import io.baton.task.program.Op;
import io.baton.task.program.ProgramBuilder;
import io.baton.task.program.ProgramDescriptor;
import io.baton.task.segment.Segment;
import io.baton.task.segment.SegmentLayout;
import io.baton.task.segment.SlotDescriptor;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/**
 * A process tree made of nothing but its shape: the saved pids, parents, groups, sessions, threads, zombies and dead
 * leaders, and no state. Its living tasks sleep, deaf to all signals but SIGKILL, until the tree is closed.
 */
public final class BareTree implements AutoCloseable {
    /** Where runner and segment lie in each task; nothing else is mapped there. */
    private static final long HOLE = 0x2000_0000_0000L;

    private static final int LOCAL_LENGTH = 4096;
    private static final int CONTEXT_RING = 64 * 1024;
    private static final int CONTEXT_FLAGS = ProgramDescriptor.FLAG_KEEP | ProgramDescriptor.FLAG_LAST;
    private static final int PR_SET_PDEATHSIG = 1;
    private static final int PR_SET_DUMPABLE = 4;
    private static final int SIG_UNBLOCK = 1;
    private static final long PAUSE_NANOS = 100_000;
    private static final long TICK_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
    private static final long UNDO_NANOS = TimeUnit.SECONDS.toNanos(10);

    private final ProcessTree tree;
    private final CreationPlan plan;
    private final Segment segment;
    private final Helper helper;
    private final long untilNanos;
    private volatile boolean closed;

    private BareTree(
            final ProcessTree tree,
            final CreationPlan plan,
            final Segment segment,
            final Helper helper,
            final long untilNanos) {
        this.tree = tree;
        this.plan = plan;
        this.segment = segment;
        this.helper = helper;
        this.untilNanos = untilNanos;
    }

    /**
     * Makes a tree. It dies with the calling thread, if not before.
     *
     * @param timeoutNanos how long that may take
     * @throws LaunchException if a task met an error; all is undone then
     * @throws io.baton.mktree.plan.PlanException if there is no way to make such a tree
     */
    public static BareTree make(final ProcessTree tree, final PlanOptions options, final long timeoutNanos) {
        final CreationPlan plan = CreationPlanner.plan(tree, options);
        final HierarchyPrograms programs =
                HierarchyPrograms.compile(plan, HierarchyPrograms.Options.of(Identity.processGroup(0)));
        final byte[] runner = NativeFiles.runner();
        final SegmentLayout layout = SegmentLayout.of(
                plan.slotCount(), plan.taskCount(), LOCAL_LENGTH, runner.length, programs.length(), CONTEXT_RING);
        // No deadline in the segment: when the tree has been made, its tasks wait for ever.
        final Segment segment = Segment.create(layout, HOLE, runner, 0);
        programs.writeTo(segment);
        for (final RestoreStage stage : RestoreStage.values()) {
            segment.expect(stage.number(), plan.confirmations(stage));
        }
        final BareTree made =
                new BareTree(tree, plan, segment, Helper.start(segment, List.of()), System.nanoTime() + timeoutNanos);
        try {
            made.run();
        } catch (final RuntimeException e) {
            made.close();
            throw e;
        }
        return made;
    }

    /** Pid of the root. */
    public int rootPid() {
        return tree.root().pid();
    }

    /** The plan by which it was made. */
    public CreationPlan plan() {
        return plan;
    }

    /** Whether nobody has ended it from outside. */
    public boolean isAlive() {
        return !closed && helper.poll() == null;
    }

    /** Kills all that lives of it, and returns when nothing is left. */
    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        try (segment;
                helper) {
            if (!TaskKiller.killAll(segment, helper, System.nanoTime() + UNDO_NANOS)) {
                throw new LaunchException("some tasks could not be killed in time");
            }
        }
    }

    private void run() {
        for (final RestoreStage stage : RestoreStage.values()) {
            if (stage == RestoreStage.RESTORE) {
                break;
            }
            final int tasks = plan.confirmations(stage);
            if (tasks > 0) {
                segment.start(stage.number());
                await(() -> segment.confirmed(stage.number()) >= tasks);
            }
        }
        segment.start(RestoreStage.RESTORE.number());
        segment.handOver();
        for (int row = 0; row < tree.size(); row++) {
            feed(row);
        }
        await(() -> segment.position() == plan.taskCount());
        awaitDead();
        segment.start(RestoreStage.RESTORE_SIGCHLD.number());
    }

    private void feed(final int row) {
        final Task task = tree.task(row);
        final int first = tree.position(row);
        offer(first, task.exitStatus() == Task.ALIVE ? sleep(plan.task(first).diesWithParent()) : exit(task));
        for (int thread = 1; thread < task.threads().size(); thread++) {
            offer(first + thread, sleep(true));
        }
    }

    private void offer(final int position, final ProgramBuilder program) {
        await(() -> segment.contexts().offer(program, position, CONTEXT_FLAGS));
    }

    /** Who could not ask to die with its parent while the parent's leader was alive, asks when that has gone. */
    private static ProgramBuilder sleep(final boolean diesWithParent) {
        final ProgramBuilder program = new ProgramBuilder().reset();
        if (!diesWithParent) {
            program.op(Op.AWAIT).value(RestoreStage.RESTORE_SIGCHLD.number());
            program.call(SyscallNumber.PRCTL).value(PR_SET_PDEATHSIG).value(Signals.SIGKILL);
        }
        return program.op(Op.AWAIT).value(Integer.MAX_VALUE);
    }

    private static ProgramBuilder exit(final Task task) {
        final ProgramBuilder program = new ProgramBuilder().reset();
        final int signal = task.exitStatus() & 0x7f;
        if (task.leaderDead()) {
            return program.call(SyscallNumber.EXIT).value(task.exitStatus() >> Byte.SIZE);
        }
        if (signal != 0) {
            final int set = program.longs(1L << (signal - 1));
            program.call(SyscallNumber.PRCTL).value(PR_SET_DUMPABLE).value(0); // no core
            program.call(SyscallNumber.RT_SIGPROCMASK)
                    .value(SIG_UNBLOCK)
                    .data(set)
                    .value(0)
                    .value(Long.BYTES);
            program.call(SyscallNumber.KILL).value(task.pid()).value(signal);
        }
        return program.call(SyscallNumber.EXIT_GROUP).value(task.exitStatus() >> Byte.SIZE);
    }

    private void await(final BooleanSupplier done) {
        while (true) {
            final int bell = segment.bell();
            if (segment.failedSlot() >= 0) {
                throw failure(segment.failedSlot());
            }
            if (done.getAsBoolean()) {
                return;
            }
            if (helper.poll() != null) {
                throw new LaunchException("the helper died: " + helper.poll());
            }
            final long now = System.nanoTime();
            if (now - untilNanos > 0) {
                throw new LaunchException("not made in time: " + waiting());
            }
            segment.awaitBell(bell, now + TICK_NANOS);
        }
    }

    /** Those that exit in their turn have truly done so only when the kernel says so. */
    private void awaitDead() {
        try (ProcFs proc = new ProcFs()) {
            for (final Task task : tree.tasks()) {
                while (task.exitStatus() != Task.ALIVE && !isDead(proc, task.pid())) {
                    if (System.nanoTime() - untilNanos > 0) {
                        throw new LaunchException("does not exit: pid=" + task.pid());
                    }
                    LockSupport.parkNanos(PAUSE_NANOS);
                }
            }
        }
    }

    private static boolean isDead(final ProcFs proc, final int pid) {
        try {
            return proc.stat(pid, pid).isZombie();
        } catch (final VanishedException e) {
            throw new LaunchException("zombie has vanished: pid=" + pid);
        }
    }

    private LaunchException failure(final int slot) {
        final int at = segment.slot(slot);
        final int errno = segment.buffer().getInt(at + SlotDescriptor.ERROR_OFFSET);
        final int op = segment.buffer().getInt(at + SlotDescriptor.OP_OFFSET);
        final int number = segment.buffer().getInt(at + SlotDescriptor.NUMBER_OFFSET);
        final int index = segment.buffer().getInt(at + SlotDescriptor.INSTRUCTION_OFFSET);
        final String call = op == Op.CLONE ? "clone3" : SyscallNumber.nameOf(number);
        return new LaunchException(
                describe(slot) + ": " + call + ": " + Errno.nameOf(errno) + ", instruction=" + index);
    }

    private String waiting() {
        for (int slot = 0; slot < plan.slotCount(); slot++) {
            final int state = segment.state(slot);
            if (state == SlotDescriptor.STATE_ARRIVED || state == SlotDescriptor.STATE_RESTORING) {
                final int index = segment.buffer().getInt(segment.slot(slot) + SlotDescriptor.INSTRUCTION_OFFSET);
                return describe(slot) + ", instruction=" + index;
            }
        }
        return "no task";
    }

    private String describe(final int slot) {
        return plan.task(slot).kind() + " pid=" + plan.task(slot).pid() + " slot=" + slot;
    }
}
