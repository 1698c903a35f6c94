package io.baton.mktree.plan;

import io.baton.mktree.plan.Step.Flag;
import io.baton.task.linux.Errno;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.program.Op;
import io.baton.task.program.ProgramBuilder;
import io.baton.task.segment.SlotDescriptor;

/** One step as instructions. */
final class StepCompiler {
    private static final int CLONE_VM = 0x0000_0100;
    private static final int CLONE_FS = 0x0000_0200;
    private static final int CLONE_FILES = 0x0000_0400;
    private static final int CLONE_SIGHAND = 0x0000_0800;
    private static final int CLONE_PARENT = 0x0000_8000;
    private static final int CLONE_THREAD = 0x0001_0000;
    private static final int CLONE_SYSVSEM = 0x0004_0000;
    private static final int THREAD_FLAGS =
            CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM;

    private static final int ROOT = 0;
    private static final long LAST_FD = 0xffff_ffffL;
    private static final int PR_SET_PDEATHSIG = 1;
    private static final int PR_SET_CHILD_SUBREAPER = 36;
    private static final int SIGKILL = 9;
    private static final int CLONE_NEWPID = 0x2000_0000;
    private static final int WAIT_ALL = 0x4000_0000;
    private static final int SIGNAL_SET_LENGTH = 8;
    private static final int FUTEX_WAIT = 0;
    private static final int FUTEX_WAKE_OP = 5;

    /** In the encoding of FUTEX_WAKE_OP: set the word to 1; never mind what it was. */
    private static final int FUTEX_SET_ONE = 1 << 12;

    private final CreationPlan plan;
    private final HierarchyPrograms.Options options;
    private final ProgramBuilder builder;

    StepCompiler(final CreationPlan plan, final HierarchyPrograms.Options options, final ProgramBuilder builder) {
        this.plan = plan;
        this.options = options;
        this.builder = builder;
    }

    void compile(final Step step) {
        builder.tag(options.tag().applyAsInt(0));
        if (step instanceof Step.Fork fork) {
            options.fork().append(fork.slot(), builder);
            fork(plan.task(fork.slot()), fork.sibling());
        } else if (step instanceof Step.StartThread thread) {
            clone(plan.task(thread.slot()), THREAD_FLAGS, 0);
        } else if (step instanceof Step.StartSession) {
            builder.call(SyscallNumber.SETSID);
        } else if (step instanceof Step.LeadGroup) {
            builder.call(SyscallNumber.SETPGID).value(0).value(0);
        } else if (step instanceof Step.JoinGroup join) {
            final int group = join.pgid() == Step.JoinGroup.OUTER ? options.outerGroup() : join.pgid();
            builder.call(SyscallNumber.SETPGID).value(0).value(group);
        } else if (step instanceof Step.BecomeSubreaper subreaper) {
            builder.call(SyscallNumber.PRCTL).value(PR_SET_CHILD_SUBREAPER).value(subreaper.on() ? 1 : 0);
        } else if (step instanceof Step.DieWithParent) {
            builder.call(SyscallNumber.PRCTL).value(PR_SET_PDEATHSIG).value(SIGKILL);
        } else if (step instanceof Step.PrepareNamespaces) {
            options.namespaces().root().accept(builder);
        } else if (step instanceof Step.LeaveUserNamespace) {
            options.namespaces().leave().accept(builder);
        } else if (step instanceof Step.HoldNamespaces) {
            options.namespaces().hold().accept(builder);
        } else {
            compileWait(step);
        }
    }

    private void compileWait(final Step step) {
        if (step instanceof Step.Confirm confirm) {
            builder.op(Op.CONFIRM).value(confirm.stage().number());
        } else if (step instanceof Step.Await await) {
            builder.op(Op.AWAIT).value(await.stage().number());
        } else if (step instanceof Step.RaiseFlag raise) {
            final long word = flag(raise.slot(), raise.flag());
            builder.call(SyscallNumber.FUTEX).segment(word).value(FUTEX_WAKE_OP).value(Integer.MAX_VALUE);
            builder.value(0).segment(word).value(FUTEX_SET_ONE);
        } else if (step instanceof Step.AwaitFlag await) {
            final long word = flag(await.slot(), await.flag());
            builder.call(SyscallNumber.FUTEX)
                    .segment(word)
                    .value(FUTEX_WAIT)
                    .value(0)
                    .value(0);
            builder.orErrno(Errno.EAGAIN);
        } else if (step instanceof Step.Reap reap) {
            reap(reap);
        } else if (step instanceof Step.ReapHolder holder) {
            builder.call(SyscallNumber.WAIT4)
                    .segmentInt(SlotDescriptor.inSegment(holder.slot()) + SlotDescriptor.TID_OFFSET)
                    .value(0)
                    .value(WAIT_ALL)
                    .value(0);
        } else if (step instanceof Step.Leave) {
            builder.call(SyscallNumber.EXIT_GROUP).value(0);
        } else if (step instanceof Step.ReapUntilRootEnds init) {
            builder.op(Op.REAP).value(init.rootPid());
        } else if (step instanceof Step.Settle) {
            builder.call(SyscallNumber.CLOSE_RANGE).value(0).value(LAST_FD).value(0);
            builder.call(SyscallNumber.PRCTL).value(PR_SET_PDEATHSIG).value(0);
        } else if (step instanceof Step.Outlive) {
            outlive();
        } else if (step instanceof Step.Guard) {
            guard();
        } else if (step instanceof Step.Turn) {
            builder.op(Op.TURN);
        } else {
            throw new IllegalArgumentException("unknown step: " + step);
        }
    }

    /** Our parent is alive as long as its death would kill us: so its pid is asked for before that is called off. */
    private void outlive() {
        builder.call(SyscallNumber.GETPPID).store(0);
        builder.call(SyscallNumber.PRCTL).value(PR_SET_PDEATHSIG).value(0);
        // What loses its parent meanwhile is ours to end.
        builder.call(SyscallNumber.PRCTL).value(PR_SET_CHILD_SUBREAPER).value(1);
    }

    private void guard() {
        // In a pid namespace of its own the root is init: all die with it, and only its id is known out here.
        final boolean init = (options.namespaces().rootFlags() & CLONE_NEWPID) != 0;
        builder.op(Op.GUARD)
                .register(0)
                .value(RestoreStage.COMPLETE.number())
                .value(init ? 1 : plan.taskCount())
                .value(init ? 1 : plan.helperSlot())
                .value(RestoreStage.ORPHANS.number());
    }

    private void fork(final PlannedTask child, final boolean sibling) {
        final int files = options.sharedTables().test(child.slot()) ? CLONE_FILES : 0;
        if (sibling) {
            clone(child, files | CLONE_PARENT, 0);
        } else {
            clone(child, files | (child.slot() == ROOT ? options.namespaces().rootFlags() : 0), child.exitSignal());
        }
    }

    private void clone(final PlannedTask child, final int flags, final int exitSignal) {
        builder.tag(options.tag().applyAsInt(child.pid()));
        final int pids = builder.ints(child.pid());
        builder.op(Op.CLONE)
                .value(child.slot())
                .value(flags)
                .value(exitSignal)
                .data(pids)
                .value(child.pid() == 0 ? 0 : 1);
    }

    private void reap(final Step.Reap reap) {
        builder.tag(options.tag().applyAsInt(reap.pid()));
        builder.call(SyscallNumber.WAIT4)
                .value(reap.pid())
                .value(0)
                .value(WAIT_ALL)
                .value(0);
        builder.expect(reap.pid());
        if (reap.signalled()) {
            final int set = builder.longs(1L << (PlannedTask.SIGCHLD - 1));
            final int now = builder.longs(0, 0);
            builder.call(SyscallNumber.RT_SIGTIMEDWAIT)
                    .data(set)
                    .value(0)
                    .data(now)
                    .value(SIGNAL_SET_LENGTH);
            builder.orErrno(Errno.EAGAIN);
        }
    }

    private static long flag(final int slot, final Flag flag) {
        final int word = switch (flag) {
            case GO -> 0;
            case GONE -> 1;
            case SETTLED -> 2;
        };
        return SlotDescriptor.inSegment(slot) + SlotDescriptor.FLAGS_OFFSET + (long) word * Integer.BYTES;
    }
}
