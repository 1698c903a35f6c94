package io.baton.coordinator.restore;

import io.baton.coordinator.action.ActionContext;
import io.baton.coordinator.action.ActionPoint;
import io.baton.coordinator.action.Actions;
import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.error.ErrorCode;
import io.baton.coordinator.error.Failure;
import io.baton.coordinator.error.Refusals;
import io.baton.coordinator.progress.OperationKind;
import io.baton.coordinator.progress.OperationListener;
import io.baton.coordinator.state.OwnState;
import io.baton.coordinator.state.RestoreOptions;
import io.baton.coordinator.state.StateKind;
import io.baton.coordinator.state.StateKinds;
import io.baton.coordinator.state.identity.ThreadModes;
import io.baton.coordinator.state.memory.LooseSegments;
import io.baton.coordinator.state.namespaces.Namespace;
import io.baton.coordinator.state.seccomp.Seccomp;
import io.baton.coordinator.state.seccomp.SeccompFilters;
import io.baton.coordinator.supervision.Supervision;
import io.baton.coordinator.supervision.TimeLimits;
import io.baton.mktree.image.proto.CoreEntry;
import io.baton.mktree.image.proto.PstreeEntry;
import io.baton.mktree.launch.Helper;
import io.baton.mktree.launch.NativeFiles;
import io.baton.mktree.launch.TaskIds;
import io.baton.mktree.launch.TaskKiller;
import io.baton.mktree.plan.CreationPlan;
import io.baton.mktree.plan.HierarchyPrograms;
import io.baton.mktree.plan.RestoreStage;
import io.baton.mktree.tree.TreeFromImage;
import io.baton.task.linux.FileStatus;
import io.baton.task.linux.Files;
import io.baton.task.segment.Segment;
import io.baton.task.segment.SegmentLayout;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.slf4j.LoggerFactory;

/**
 * One restore, from the image to running tasks. All of it runs on the thread that calls {@link #run}, because ptrace
 * and parent-death signals are a thread's and not a process's.
 */
public final class TreeRestore {
    private static final int CONTEXT_RING_CAPACITY = 4 * 1024 * 1024;
    private static final int LOCAL_LENGTH = 16 * 1024;
    private static final String MAKE_TREE = "make tree";
    private static final long GRACE_NANOS = TimeUnit.SECONDS.toNanos(5);
    private static final long UNDO_NANOS = TimeUnit.SECONDS.toNanos(5);

    private final RestoreRequest request;
    private final OperationListener listener;
    private final Actions actions;
    private final SavedTree tree;
    private final Inheritance inheritance;
    private final long deadlineNanos;
    private final Laps laps;

    private TreeRestore(final RestoreRequest request, final SavedTree tree, final Actions actions, final Laps laps) {
        final long total = request.supervision().limits().totalNanos();
        this.request = request;
        this.listener = request.supervision().listener();
        this.actions = actions;
        this.laps = laps;
        this.tree = tree;
        this.inheritance = new Inheritance(tree, request.parent());
        this.deadlineNanos = total == 0 ? 0 : laps.start() + total;
    }

    /**
     * Restores the image in that directory.
     *
     * @param timeoutNanos for the whole operation; 0: none
     * @return what runs now
     * @throws BatonException with nothing left behind
     */
    public static Restored run(final Path images, final RestoreOptions options, final long timeoutNanos) {
        return run(new RestoreRequest(images, options, Supervision.NONE.withLimits(new TimeLimits(timeoutNanos, 0))));
    }

    /**
     * Restores an image.
     *
     * @return what runs now
     * @throws BatonException with nothing left behind, but for what actions did
     */
    public static Restored run(final RestoreRequest request) {
        final OperationListener listener = request.supervision().listener();
        final Actions actions = new Actions(request.supervision().actions(), listener);
        final Laps laps = new Laps(listener);
        listener.began(OperationKind.RESTORE, request.images(), 0, laps.start());
        try {
            final SavedTree tree = SavedTree.open(
                    request.images(),
                    request.options(),
                    OwnState.of(request.parent().pid()));
            laps.end("open image");
            final Restored restored = new TreeRestore(request, tree, actions, laps).run();
            listener.ended(restored.root(), System.nanoTime());
            return restored;
        } catch (final RuntimeException e) {
            final BatonException failure = Failure.of(e, actions.notUndone());
            listener.failed(failure, System.nanoTime());
            throw failure;
        }
    }

    private Restored run() {
        final Processes processes = new Processes(tree);
        processes.readAll();
        laps.end("read");
        final CreationPlan plan = tree.plan(processes, actions.areAny());
        laps.end("plan");
        if (listener.isActive()) {
            listener.planned(TaskRows.of(plan, processes));
        }
        try (TaskGroups groups = new TaskGroups(tree, processes, listener)) {
            return run(processes, plan, groups);
        } finally {
            tree.connections().close();
        }
    }

    private Restored run(final Processes processes, final CreationPlan plan, final TaskGroups groups) {
        validate(processes, plan, groups);
        final Lanes lanes = Lanes.of(request.order(), tree, processes);
        laps.end("validate");
        if (!tree.options().pidNamespace()) {
            Pids.checkFree(plan);
        }
        actions.run(ActionPoint.PRE_RESTORE, context(0, outsideStages()));
        if (groups.areAny()) {
            inheritance.helperMoves();
        }
        final HierarchyPrograms programs = HierarchyPrograms.compile(
                plan, inheritance.programOptions(plan, processes).withFaults(request.faults()));
        final byte[] runner = NativeFiles.runner();
        final SegmentLayout layout = SegmentLayout.of(
                plan.slotCount(),
                plan.taskCount(),
                LOCAL_LENGTH + SeccompFilters.read(tree.directory()).longestProgram(),
                runner.length,
                programs.length(),
                lanes.count(),
                CONTEXT_RING_CAPACITY);
        final long hole = processes.addresses().findFree(layout.holeLength());
        try (Segment segment = Segment.create(layout, hole, runner, tasksDeadline());
                Gate gate = new Gate(hole, layout.holeLength(), runner)) {
            programs.writeTo(segment);
            lanes.writeTo(segment);
            expectConfirmations(segment, plan);
            if (listener.isActive() && mayTime(processes)) {
                segment.timeInstructions();
            }
            tree.ghosts().make(tree::hasTask);
            groups.make();
            laps.end("prepare");
            try (Helper helper = inheritance.startHelper(segment)) {
                final TaskIds ids = tree.options().pidNamespace() ? TaskIds.inNamespace() : TaskIds.same();
                return restore(
                        new Operation(segment, plan, helper, ids, processes, deadlineNanos, request.supervision()),
                        processes,
                        lanes,
                        gate,
                        groups);
            }
        } finally {
            tree.ghosts().remove();
        }
    }

    /** Whether the tree comes back in a network of its own, where no packet waits for it. */
    private boolean ownNetwork() {
        return tree.namespaces().wanted().contains(Namespace.NET);
    }

    /** By which file to know the tasks that nobody has taken down. */
    private void tell(final Segment segment, final Helper helper) {
        if (listener.isActive()) {
            final FileStatus file = Files.status(segment.fd().number());
            listener.helper(helper.pid(), file.dev(), file.ino(), System.nanoTime());
        }
    }

    /** The tasks give up by themselves, but only after we have had the time to look who is late. */
    private long tasksDeadline() {
        // Of another clock ours means nothing: those that get one rely on us.
        return deadlineNanos == 0 || tree.namespaces().wanted().contains(Namespace.TIME)
                ? 0
                : deadlineNanos + GRACE_NANOS;
    }

    /** Time is read off the time stamp counter, which a thread may have given up. */
    private boolean mayTime(final Processes processes) {
        for (int entry = 0; entry < tree.entries().size(); entry++) {
            if (!TreeFromImage.isZombie(tree.entries().get(entry))
                    && ThreadModes.forbidsCounter(processes.process(entry).cores())) {
                return false;
            }
        }
        return true;
    }

    /** Checks every process against this machine. */
    private void validate(final Processes processes, final CreationPlan plan, final TaskGroups groups) {
        inheritance.choose(processes);
        final Refusals refusals = new Refusals();
        tree.namespaces().validate(refusals);
        final boolean joinsNetwork = tree.namespaces().joins(Namespace.NET);
        groups.validate(refusals);
        final DescriptorTables tables = processes.tables();
        if (tables != null) {
            tables.validate(plan, refusals);
        }
        for (int entry = 0; entry < tree.entries().size(); entry++) {
            if (TreeFromImage.isZombie(tree.entries().get(entry))) {
                continue;
            }
            final SavedProcess process = processes.process(entry);
            for (final StateKind kind : StateKinds.ALL) {
                kind.validate(process, refusals);
            }
            ending(process); // is one
            tree.namespaces().validate(process.pstree().getPid(), process.ids(), refusals);
            processes.addresses().add(process.mm());
        }
        if (joinsNetwork && tree.connections().areAny()) {
            refusals.add(
                    tree.entries().get(0).getPid(),
                    "net namespace",
                    "TCP connections cannot go on in one that is joined yet",
                    "give --tcp-close");
        }
        refusals.throwIfAny("restore");
    }

    private static void expectConfirmations(final Segment segment, final CreationPlan plan) {
        for (final RestoreStage stage : RestoreStage.values()) {
            if (stage.compareTo(RestoreStage.RESTORE) < 0) {
                segment.expect(stage.number(), plan.confirmations(stage));
            }
        }
    }

    private Restored restore(
            final Operation operation,
            final Processes processes,
            final Lanes lanes,
            final Gate gate,
            final TaskGroups groups) {
        final Segment segment = operation.segment();
        final RestoredBytes bytes;
        try {
            tell(segment, operation.helper());
            groups.join(operation.helper().pid());
            if (!ownNetwork() && tree.options().tcp().lock()) {
                tree.connections().hold();
            }
            bytes = RestoredBytes.of(tree, processes, operation.plan().taskCount(), listener);
            final ContextStream stream =
                    new ContextStream(tree, processes, new RingOutlet(segment, lanes), lanes, request.faults());
            makeTree(operation, stream, processes);
            groups.settle(operation);
            laps.end(MAKE_TREE);
            passTheBaton(operation, lanes, stream, processes, bytes);
            laps.end("baton");
            tree.ghosts().remove();
            if (stream.awaitingSignals() > 0) {
                operation.start(RestoreStage.RESTORE_SIGCHLD, stream.awaitingSignals());
                operation.awaitConfirmed(RestoreStage.RESTORE_SIGCHLD, stream.awaitingSignals(), () -> false);
            }
            laps.end("signals");
            act(ActionPoint.POST_RESTORE, operation);
            act(ActionPoint.NETWORK_UNLOCK, operation);
            seizeAll(operation, gate, processes);
            laps.end("seize");
            operation.start(RestoreStage.RESTORE_CREDS, stream.gated());
            operation.awaitConfirmed(RestoreStage.RESTORE_CREDS, stream.gated(), () -> false);
            laps.end("credentials");
            gate.prepare(operation::checkPatience);
            act(ActionPoint.PRE_RESUME, operation);
            gate.open(() -> {
                groups.beforeResume(operation.helper().pid());
                tree.connections().resume(operation.ids()::of, ownNetwork() ? null : tree.networkLock());
            });
            complete(operation, groups);
            tree.ghosts().finish();
        } catch (final RuntimeException e) {
            groups.undo();
            if (!TaskKiller.killAll(segment, operation.helper(), operation.ids(), System.nanoTime() + UNDO_NANOS)) {
                e.addSuppressed(new BatonException(ErrorCode.INTERNAL, "some tasks could not be killed in time", ""));
            }
            throw e;
        }
        operation.endStage();
        laps.end("gate");
        if (listener.isActive()) {
            new SlowInstructions(segment, operation.plan(), processes).tell(listener);
        }
        LoggerFactory.getLogger(TreeRestore.class)
                .info("restored {} tasks: {}", operation.plan().taskCount(), laps);
        RestoreStatistics.write(
                tree.directory(), bytes.pages(), laps.nanos(MAKE_TREE), System.nanoTime() - laps.start());
        return resumed(operation);
    }

    /** The tree runs: nothing is undone any more. */
    private Restored resumed(final Operation operation) {
        final int root = root(operation);
        try {
            actions.run(ActionPoint.POST_RESUME, context(root, outsideStages()));
        } catch (final BatonException e) {
            throw new BatonException(
                    e.code(), e.message() + System.lineSeparator() + "the tree runs: root pid " + root, e.remedy(), e);
        }
        return new Restored(
                root,
                operation.plan().confirmations(RestoreStage.COMPLETE) > 0
                        ? operation.helper().pid()
                        : root);
    }

    /** The deadline of what is done between stages. */
    private long outsideStages() {
        final long stage = request.supervision().limits().stageNanos();
        final long now = System.nanoTime();
        if (stage == 0 || (deadlineNanos != 0 && deadlineNanos - now < stage)) {
            return deadlineNanos;
        }
        return now + stage;
    }

    private int root(final Operation operation) {
        return operation.ids().of(tree.entries().get(0).getPid());
    }

    private void act(final ActionPoint point, final Operation operation) {
        actions.run(point, context(root(operation), operation.deadlineNanos()));
    }

    private ActionContext context(final int root, final long untilNanos) {
        return new ActionContext(
                request.images(), root, untilNanos, request.supervision().cancelled());
    }

    /** All tasks are out: from here on nobody kills them for our sake. The helper has nothing more to do, unless it is init. */
    private static void complete(final Operation operation, final TaskGroups groups) {
        final int settled = operation.plan().confirmations(RestoreStage.COMPLETE);
        operation.start(RestoreStage.COMPLETE, settled);
        groups.settled(); // at once: were we killed before, the tree would be left, but not as frozen as it is to be
        if (settled > 0) {
            operation.awaitConfirmed(RestoreStage.COMPLETE, settled, () -> false);
        } else {
            Processes.awaitHelper(operation.helper());
        }
    }

    private void makeTree(final Operation operation, final ContextStream stream, final Processes processes) {
        for (final RestoreStage stage : RestoreStage.values()) {
            if (stage == RestoreStage.RESTORE) {
                break;
            }
            final int tasks = operation.plan().confirmations(stage);
            if (tasks > 0) {
                operation.start(stage, tasks);
                operation.awaitConfirmed(stage, tasks, stream::advance);
            }
            if (stage == RestoreStage.ROOT_TASK) {
                final int maker =
                        tree.namespaces().areInner() ? 0 : operation.plan().holderSlot();
                tree.namespaces().writeMaps(operation.segment().tid(maker));
            } else if (stage == RestoreStage.PREPARE_NAMESPACES) {
                tree.namespaces().settle(operation.segment().tid(0));
                LooseSegments.make(processes.process(0), operation.segment().tid(0));
                if (ownNetwork() && tree.options().tcp().lock()) {
                    tree.connections().holdInside(operation.segment().tid(0));
                }
            }
            if (actions.areAny()) {
                if (stage == RestoreStage.ROOT_TASK) {
                    learnIds(operation);
                    act(ActionPoint.SETUP_NAMESPACES, operation);
                } else if (stage == RestoreStage.PREPARE_NAMESPACES) {
                    act(ActionPoint.POST_SETUP_NAMESPACES, operation);
                }
            }
        }
        learnIds(operation);
    }

    private void learnIds(final Operation operation) {
        operation
                .ids()
                .learn(
                        tree.rootIsInit()
                                ? operation.segment().tid(0)
                                : operation.helper().pid());
    }

    private static void passTheBaton(
            final Operation operation,
            final Lanes lanes,
            final ContextStream stream,
            final Processes processes,
            final RestoredBytes bytes) {
        final Segment segment = operation.segment();
        final int tasks = operation.plan().taskCount();
        operation.start(RestoreStage.RESTORE, 0);
        lanes.start(segment);
        operation.await(
                () -> {
                    final int position = segment.position();
                    bytes.sample(
                            position,
                            () -> operation
                                    .ids()
                                    .of(operation.plan().task(position).pid()));
                    return segment.position() == tasks && stream.isFinished();
                },
                stream::advance);
        bytes.ended();
        processes.awaitZombies(operation);
    }

    private void seizeAll(final Operation operation, final Gate gate, final Processes processes) {
        for (int entry = 0; entry < tree.entries().size(); entry++) {
            final PstreeEntry pstree = tree.entries().get(entry);
            if (TreeFromImage.isZombie(pstree)) {
                continue;
            }
            final SavedProcess process = processes.process(entry);
            final int first = pstree.getLeaderDead() ? 1 : 0;
            for (int i = first; i < pstree.getThreadsCount(); i++) {
                final CoreEntry core = process.cores().get(i);
                gate.add(new GateLane.Guest(
                        operation.ids().of(pstree.getPid()),
                        operation.ids().of(pstree.getThreads(i)),
                        i == first,
                        i == first ? ending(process) : Ending.RUNNING,
                        Seccomp.isConfined(process.cores()),
                        core));
            }
        }
        gate.seize();
    }

    private Ending ending(final SavedProcess process) {
        return Ending.of(process.cores(), tree.options().leaveStopped());
    }
}
