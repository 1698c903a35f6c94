package io.baton.coordinator.restore;

import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.error.ErrorCode;
import io.baton.coordinator.state.ContextBuilder;
import io.baton.coordinator.state.Item;
import io.baton.coordinator.state.StateKind;
import io.baton.coordinator.state.StateKinds;
import io.baton.coordinator.state.ThreadRestore;
import io.baton.coordinator.state.files.InheritedFiles;
import io.baton.coordinator.state.identity.Exit;
import io.baton.coordinator.state.registers.SystemCallRestart;
import io.baton.mktree.image.proto.CoreEntry;
import io.baton.mktree.image.proto.PstreeEntry;
import io.baton.mktree.plan.RestoreStage;
import io.baton.mktree.tree.TreeFromImage;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.program.FaultInjector;
import io.baton.task.program.Op;
import io.baton.task.program.ProgramBuilder;
import io.baton.task.program.ProgramDescriptor;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/**
 * Compiles the contexts of all tasks in PID-array order and feeds them to the rings, as far as those have room. A task's kept
 * program ends at the gate: it confirms RESTORE_CREDS and awaits a stage that never starts.
 */
final class ContextStream {
    private static final int NEVER = Integer.MAX_VALUE;

    /** Blocks that wait for room in all rings but one, while that one still gets some. */
    private static final int LONGEST_BACKLOG = 256;

    private final SavedTree tree;
    private final Source processes;
    private final Outlet outlet;
    private final FaultInjector faults;
    private final ContextBuilder context;
    private final ProgramBuilder kept = new ProgramBuilder();
    private final Lanes lanes;
    /** For each lane what its ring had no room for. */
    private final List<ArrayDeque<Block>> backlog = new ArrayList<>();

    private int waiting;
    private final ArrayDeque<ProgramBuilder> spare = new ArrayDeque<>();
    private int next;
    private int awaitingSignals;
    private int gated;

    private record Block(ProgramBuilder program, int position, int flags) {}

    /** Where the processes come from; read ahead or on demand. */
    interface Source {
        SavedProcess process(int entry);

        CoreEntry leader(int entry);
    }

    /** Where contexts go. */
    interface Outlet {
        /** Takes a block, unless there is no room for it now. */
        boolean offer(ProgramBuilder block, int position, int flags);

        /** Bytes a block may have. */
        int longestBlock();

        /** Bytes a kept program may have. */
        int longestKept();
    }

    /** In saved order. */
    ContextStream(final SavedTree tree, final Source processes, final Outlet outlet) {
        this(tree, processes, outlet, Lanes.saved(tree), FaultInjector.NONE);
    }

    ContextStream(
            final SavedTree tree,
            final Source processes,
            final Outlet outlet,
            final Lanes lanes,
            final FaultInjector faults) {
        this.faults = faults;
        this.lanes = lanes;
        for (int lane = 0; lane < lanes.count(); lane++) {
            backlog.add(new ArrayDeque<>());
        }
        this.tree = tree;
        this.processes = processes;
        this.outlet = outlet;
        this.context = new ContextBuilder(this::publish, lanes);
    }

    /** Compiles and publishes one process, or what of it has room; false when there was nothing to do. */
    boolean advance() {
        final boolean moved = waiting > 0 && drain();
        // One lane's ring may be full while another's runs dry.
        if (waiting > (lanes.count() - 1) * LONGEST_BACKLOG
                || next == tree.entries().size()) {
            return moved;
        }
        compile(next++);
        return true;
    }

    boolean isFinished() {
        return next == tree.entries().size() && waiting == 0;
    }

    /** How many tasks take part in RESTORE_SIGCHLD; final when finished. */
    int awaitingSignals() {
        return awaitingSignals;
    }

    /** How many tasks will stand at the gate; final when finished. */
    int gated() {
        return gated;
    }

    private void compile(final int entry) {
        final PstreeEntry pstree = tree.entries().get(entry);
        final int position = tree.position(entry);
        context.begin(position);
        awaitOthers(entry);
        if (TreeFromImage.isZombie(pstree)) {
            Exit.emitZombie(processes.leader(entry), kept.reset());
            finish(position);
            return;
        }
        final SavedProcess process = processes.process(entry);
        for (int i = 0; i < pstree.getThreadsCount(); i++) {
            compileThread(
                    process,
                    new ThreadRestore(
                            process, i, pstree.getThreads(i), process.cores().get(i)));
        }
    }

    private void awaitOthers(final int entry) {
        for (final int other : lanes.awaitedBy(entry)) {
            context.item(Item.NONE.tag()).op(Op.AFTER).value(other);
        }
    }

    private void compileThread(final SavedProcess process, final ThreadRestore thread) {
        final List<StateKind> kinds = StateKinds.ALL;
        final int position = process.position() + thread.index();
        if (!thread.isLeader()) {
            context.begin(position);
        } else {
            for (int i = 0; i < kinds.size(); i++) {
                kinds.get(i).compile(process, context);
            }
            if (process.isLastOfTable()) {
                closeInherited(process);
            }
        }
        if (thread.isLeader() && process.pstree().getLeaderDead()) {
            Exit.emitDeadLeader(thread.core(), kept.reset());
            finish(position);
            return;
        }
        if (thread.isFirst() && !thread.isLeader() && !parentLosesLeader(process.pstree())) {
            Exit.emitDieWithParent(context.item(Item.EXIT.tag()));
        }
        for (int i = 0; i < kinds.size(); i++) {
            kinds.get(i).compileThread(thread, context);
        }
        compileKept(thread);
        finish(position);
    }

    /** Then the end of that leader would count as the parent's death. */
    private boolean parentLosesLeader(final PstreeEntry child) {
        for (final PstreeEntry entry : tree.entries()) {
            if (entry.getPid() == child.getPpid()) {
                return entry.getLeaderDead();
            }
        }
        return false;
    }

    /** What the helper handed down was for the restore only; threads share their leader's descriptors. */
    private void closeInherited(final SavedProcess process) {
        final ProgramBuilder block = context.item(Item.NONE.tag());
        block.call(SyscallNumber.CLOSE).value(process.imagesFd());
        if (process.terminalFd() >= 0) {
            block.call(SyscallNumber.CLOSE).value(process.terminalFd());
        }
        final InheritedFiles inherited = tree.inheritedFiles();
        if (inherited.count() > 0) {
            block.call(SyscallNumber.CLOSE_RANGE)
                    .value(inherited.first())
                    .value(inherited.first() + inherited.count() - 1)
                    .value(0);
        }
    }

    private void compileKept(final ThreadRestore thread) {
        final List<StateKind> kinds = StateKinds.ALL;
        kept.reset();
        final int start = kept.count();
        kept.op(Op.AWAIT).value(RestoreStage.RESTORE_SIGCHLD.number());
        final int signals = kept.count();
        for (int i = 0; i < kinds.size(); i++) {
            kinds.get(i).compileSignals(thread, kept);
        }
        if (kept.count() == signals) {
            kept.rollback(start);
        } else {
            kept.op(Op.CONFIRM).value(RestoreStage.RESTORE_SIGCHLD.number());
            awaitingSignals++;
        }
        final int beforeCredentials = kept.count();
        kept.op(Op.AWAIT).value(RestoreStage.RESTORE_CREDS.number());
        final int credentials = kept.count();
        for (int i = 0; i < kinds.size(); i++) {
            kinds.get(i).compileCredentials(thread, kept);
        }
        if (kept.count() == credentials) {
            kept.rollback(beforeCredentials);
        }
        kept.op(Op.CONFIRM).value(RestoreStage.RESTORE_CREDS.number());
        if (SystemCallRestart.needsSleep(thread.core())) {
            SystemCallRestart.emit(thread.core(), kept);
        }
        kept.op(Op.AWAIT).value(NEVER);
        gated++;
    }

    /** Ends a context with its kept program, which is in {@link #kept} unless that is empty. */
    private void finish(final int position) {
        if (kept.length() > outlet.longestKept()) {
            throw new BatonException(
                    ErrorCode.UNSUPPORTED,
                    "position " + position + ": too much state for the last stages: bytes=" + kept.length() + ", room="
                            + outlet.longestKept(),
                    "");
        }
        context.end(true);
        publish(kept, position, ProgramDescriptor.FLAG_KEEP | ProgramDescriptor.FLAG_LAST);
    }

    private void publish(final ProgramBuilder block, final int position, final int flags) {
        faults.inject(position, block);
        if (block.length() > outlet.longestBlock()) {
            throw new BatonException(
                    ErrorCode.INTERNAL,
                    "context block too long: position=" + position + ", bytes=" + block.length(),
                    "");
        }
        final ArrayDeque<Block> before = backlog.get(lanes.lane(position));
        if (before.isEmpty() && outlet.offer(block, position, flags)) {
            return;
        }
        final ProgramBuilder copy = spare.isEmpty() ? new ProgramBuilder() : spare.pop();
        waiting++;
        before.add(new Block(copy.copyFrom(block), position, flags));
    }

    private boolean drain() {
        final int before = waiting;
        for (int lane = 0; lane < backlog.size(); lane++) {
            final ArrayDeque<Block> blocks = backlog.get(lane);
            while (!blocks.isEmpty()) {
                final Block block = blocks.peek();
                if (!outlet.offer(block.program(), block.position(), block.flags())) {
                    break;
                }
                blocks.remove();
                spare.push(block.program());
                waiting--;
            }
        }
        return waiting < before;
    }
}
