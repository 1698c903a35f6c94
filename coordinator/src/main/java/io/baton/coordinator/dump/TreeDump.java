package io.baton.coordinator.dump;

import io.baton.coordinator.action.ActionContext;
import io.baton.coordinator.action.ActionPoint;
import io.baton.coordinator.action.Actions;
import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.error.Failure;
import io.baton.coordinator.error.Refusals;
import io.baton.coordinator.progress.OperationKind;
import io.baton.coordinator.progress.OperationListener;
import io.baton.coordinator.ptrace.AskRunner;
import io.baton.coordinator.ptrace.Caller;
import io.baton.coordinator.ptrace.Deadline;
import io.baton.coordinator.ptrace.SeizedProcess;
import io.baton.coordinator.ptrace.SeizedTree;
import io.baton.coordinator.ptrace.TreeSeizer;
import io.baton.coordinator.state.cgroups.GroupSets;
import io.baton.coordinator.state.memory.MemoryIncrement;
import io.baton.coordinator.state.memory.MemoryKind;
import io.baton.coordinator.state.memory.MemoryStatistics;
import io.baton.coordinator.state.namespaces.TreeNamespaces;
import io.baton.coordinator.state.tcp.HeldConnections;
import io.baton.coordinator.suspend.SuspendOptions;
import io.baton.coordinator.suspend.Suspension;
import io.baton.coordinator.tracking.Parent;
import io.baton.coordinator.tracking.TreeWatch;
import io.baton.mktree.image.proto.CgroupEntry;
import io.baton.mktree.launch.NativeFiles;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Dumps a tree of processes: stops it, inspects it, lets every kind of state capture its part, writes the image, and lets
 * the tree go or ends it. Until the image is complete, any failure lets the tree run on as if nothing had been.
 *
 * <p>The calling thread is the tracer and does all that takes ptrace; what does not is done beside it.
 */
public final class TreeDump {
    private static final Logger LOG = LoggerFactory.getLogger(TreeDump.class);

    private static final int KILL_SECONDS = 60;

    private final DumpRequest request;
    private final SeizedTree tree;
    private final TreeFreezer freezer;
    private final @Nullable TreeWatch watch;
    private final DumpStatistics statistics;
    private final long started;
    private final OperationListener listener;
    private final Actions actions;
    private final HeldConnections connections;

    private TreeDump(
            DumpRequest request,
            SeizedTree tree,
            TreeFreezer freezer,
            @Nullable TreeWatch watch,
            DumpStatistics statistics,
            Actions actions) {
        this.request = request;
        this.listener = request.supervision().listener();
        this.actions = actions;
        this.tree = tree;
        this.freezer = freezer;
        this.watch = watch;
        this.statistics = statistics;
        this.started = statistics.started();
        this.connections = new HeldConnections(request.options().tcp().lock());
    }

    /**
     * Dumps a tree.
     *
     * @throws BatonException UNSUPPORTED with every reason why not; or what went wrong. The tree runs on
     */
    public static void run(DumpRequest request) {
        long started = System.nanoTime();
        OperationListener listener = request.supervision().listener();
        Actions actions = new Actions(request.supervision().actions(), listener);
        listener.began(OperationKind.DUMP, request.images(), request.root(), started);
        try {
            run(request, started, actions);
            listener.ended(request.root(), System.nanoTime());
        } catch (RuntimeException e) {
            BatonException failure = Failure.of(e, actions.notUndone());
            listener.failed(failure, System.nanoTime());
            throw failure;
        }
    }

    private static void run(DumpRequest request, long started, Actions actions) {
        actions.run(ActionPoint.PRE_DUMP, context(request));
        try (TreeWatch watch = watch(request);
                Suspension asked = ask(request)) {
            long freezing = watch == null && asked.turns().isEmpty() ? started : System.nanoTime();
            try (TreeFreezer freezer = freezer("dump", request)) {
                DumpRequest watched = request.withDeadline(freezer.watched(request.deadline()));
                Deadline seizing = freezer.seizing(request.root(), request.deadline());
                try (SeizedTree tree = TreeSeizer.seize(request.root(), seizing, request.caller(), freezer)) {
                    // From now on it is us who hold them; what the image says must let them return from COMPLETE.
                    asked.release();
                    checkHierarchy(request, tree, freezer);
                    LOG.info("stopped {} processes in {} us", tree.processes().size(), micros(freezing));
                    new TreeDump(watched, tree, freezer, watch, new DumpStatistics(freezing), actions).run();
                }
            }
        }
    }

    /** Who checkpoints the hierarchy it belongs to has the others frozen before; Linux-CR wants it so, too. */
    private static void checkHierarchy(DumpRequest request, SeizedTree tree, TreeFreezer freezer) {
        Caller caller = request.caller();
        if (caller == null || freezer.hasGroup()) {
            return;
        }
        Refusals refusals = new Refusals();
        for (SeizedProcess process : tree.processes()) {
            if (process != caller.process(tree) && !process.isZombie()) {
                refusals.add(
                        process.pid(),
                        "process (" + process.firstThread().stat().comm() + ")",
                        "runs, while another one checkpoints the hierarchy",
                        "put all but the caller into one freezer cgroup, and freeze that before");
            }
        }
        refusals.throwIfAny("dump");
    }

    private static Suspension ask(DumpRequest request) {
        // Who calls for a checkpoint of itself has chosen the moment.
        long caller = request.caller() == null
                ? 0
                : ProcessHandle.current().parent().map(ProcessHandle::pid).orElse(0L);
        // Who stands still cannot answer; to ask would only take all the time there is for it.
        boolean frozen =
                TreeFreezer.isFrozen(request.root()) && !request.suspend().required();
        return Suspension.ask(
                request.root(),
                (int) caller,
                frozen ? SuspendOptions.NONE : request.suspend(),
                request.deadline(),
                request.supervision().listener());
    }

    static TreeFreezer freezer(String operation, DumpRequest request) {
        return TreeFreezer.freeze(
                operation,
                request.root(),
                request.freezeCgroup(),
                request.caller(),
                request.deadline(),
                request.supervision().listener());
    }

    private static @Nullable TreeWatch watch(DumpRequest request) {
        Path previous = request.increment().previous();
        if (previous == null && !request.tracks()) {
            return null;
        }
        Parent parent = previous == null ? null : Parent.open(request.images(), previous);
        return TreeWatch.prepare(request.root(), request.tracks(), parent);
    }

    private static ActionContext context(DumpRequest request) {
        return new ActionContext(
                request.images(),
                request.root(),
                request.deadline().nanos(),
                request.supervision().cancelled());
    }

    private void run() {
        listener.phase("stop the tree", started, statistics.frozen());
        if (listener.isActive()) {
            listener.planned(TreeRows.tasks(tree));
        }
        try (connections) {
            save();
        }
    }

    private void save() {
        ImageOutput output = null;
        try (CapturedTree image = new CapturedTree()) {
            actions.run(ActionPoint.NETWORK_LOCK, context(request));
            long from = System.nanoTime();
            Preflight.inspect(tree, image, request.options()).throwIfAny("dump");
            LOG.info("inspected in {} us", micros(from));
            listener.phase("inspect", from, System.nanoTime());
            freezer.check();
            output = ImageOutput.create(request.images(), TreeNamespaces.of(image));
            image.open(output.directory());
            image.beginFiles();
            image.shared(HeldConnections.class, () -> connections);
            Caller caller = request.caller();
            if (caller != null) {
                caller.restarted(tree);
            }
            from = System.nanoTime();
            write(image, output);
            listener.phase("capture and write", from, System.nanoTime());
            actions.run(ActionPoint.POST_DUMP, context(request));
            if (request.finish() == Finish.KILL) {
                connections.keep(output.run());
            } else {
                actions.run(ActionPoint.NETWORK_UNLOCK, context(request));
            }
        } catch (IOException e) {
            abandon(output, e);
            unlock(e);
            throw CapturedTree.cannotWrite(request.images(), e);
        } catch (RuntimeException | Error e) {
            abandon(output, e);
            unlock(e);
            throw e;
        }
        long from = System.nanoTime();
        finish(output);
        listener.phase("finish", from, System.nanoTime());
    }

    private void abandon(@Nullable ImageOutput output, Throwable cause) {
        if (watch != null) {
            watch.abandon();
        }
        discard(output, cause);
    }

    /** The tree runs on after all. */
    private void unlock(Throwable cause) {
        try {
            actions.run(ActionPoint.NETWORK_UNLOCK, context(request));
        } catch (BatonException e) {
            cause.addSuppressed(e);
        }
    }

    private void write(CapturedTree image, ImageOutput output) throws IOException {
        MemoryStatistics memory = MemoryStatistics.of(image);
        statistics.ofMemory(memory);
        listener.counting(memory::bytesWritten);
        try (AskRunner runner =
                new AskRunner(tree.proc(), NativeFiles.runner(), NativeFiles.ASK_OFFSET, request.deadline())) {
            if (watch != null) {
                watch.begin(tree, runner);
                image.shared(MemoryIncrement.class, () -> new MemoryIncrement(watch));
            }
            new CapturePipeline(tree, request, image, output).run(runner);
        }
        CgroupEntry groups = image.shared(GroupSets.class, GroupSets::new).entry();
        output.sharesPages(MemoryKind.sharesPages(image) || (watch != null && watch.parentSharesPages()));
        image.close();
        output.writeTree(image.seccomp(), groups, connections.method());
        freezer.check();
        output.seal(watch, request.increment().previous());
    }

    /** The image is complete: from here on the tree does not run on by mistake. */
    private void finish(ImageOutput output) {
        LOG.info("image complete after {} us", micros(started));
        Caller caller = request.caller();
        if (caller != null) {
            caller.checkpointed(tree, output.checkpoint());
        }
        switch (request.finish()) {
            // Neither the deadline nor the user can stop it half-way.
            case KILL -> {
                tree.kill(Deadline.after(KILL_SECONDS));
                connections.end();
            }
            case LEAVE_STOPPED -> {
                connections.close();
                tree.releaseStopped();
            }
            case LEAVE_RUNNING -> {
                connections.close();
                tree.release();
            }
        }
        statistics.frozenUntilNow();
        listener.stoodStill(statistics.frozen(), statistics.released());
        statistics.write(output.directory());
    }

    private static long micros(long since) {
        return TimeUnit.NANOSECONDS.toMicros(System.nanoTime() - since);
    }

    /** Removes what there is of an image. */
    static void discard(@Nullable ImageOutput output, Throwable cause) {
        if (output == null) {
            return;
        }
        try {
            output.discard();
        } catch (IOException | RuntimeException e) {
            cause.addSuppressed(e);
        }
    }
}
