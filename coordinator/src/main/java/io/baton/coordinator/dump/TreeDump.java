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
import io.baton.coordinator.ptrace.Deadline;
import io.baton.coordinator.ptrace.SeizedTree;
import io.baton.coordinator.ptrace.TreeSeizer;
import io.baton.coordinator.state.namespaces.TreeNamespaces;
import io.baton.mktree.image.ImageKind;
import io.baton.mktree.image.proto.DumpStatsEntry;
import io.baton.mktree.image.proto.StatsEntry;
import io.baton.mktree.launch.NativeFiles;
import java.io.IOException;
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
    private final long started;
    private final long frozen;
    private final OperationListener listener;
    private final Actions actions;

    private TreeDump(DumpRequest request, SeizedTree tree, long started, Actions actions) {
        this.request = request;
        this.listener = request.supervision().listener();
        this.actions = actions;
        this.tree = tree;
        this.started = started;
        this.frozen = System.nanoTime();
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
        try (SeizedTree tree = TreeSeizer.seize(request.root(), request.deadline())) {
            LOG.info("stopped {} processes in {} us", tree.processes().size(), micros(started));
            new TreeDump(request, tree, started, actions).run();
        }
    }

    private static ActionContext context(DumpRequest request) {
        return new ActionContext(
                request.images(), request.root(), request.deadline().nanos());
    }

    /** Every reason why a tree cannot be dumped; none if it can. It is stopped for that time. */
    public static Refusals check(DumpRequest request) {
        try (SeizedTree tree = TreeSeizer.seize(request.root(), request.deadline());
                CapturedTree image = new CapturedTree()) {
            return Preflight.inspect(tree, image, request.options());
        } catch (IOException e) {
            throw new IllegalStateException(e); // nothing was open
        }
    }

    private void run() {
        listener.phase("stop the tree", started, frozen);
        if (listener.isActive()) {
            listener.planned(TreeRows.tasks(tree));
        }
        ImageOutput output = null;
        try (CapturedTree image = new CapturedTree()) {
            actions.run(ActionPoint.NETWORK_LOCK, context(request));
            long from = System.nanoTime();
            Preflight.inspect(tree, image, request.options()).throwIfAny("dump");
            LOG.info("inspected in {} us", micros(from));
            listener.phase("inspect", from, System.nanoTime());
            output = ImageOutput.create(request.images(), image.shared(TreeNamespaces.class, TreeNamespaces::new));
            image.open(output.directory());
            from = System.nanoTime();
            write(image, output);
            listener.phase("capture and write", from, System.nanoTime());
            actions.run(ActionPoint.POST_DUMP, context(request));
            if (request.finish() != Finish.KILL) {
                actions.run(ActionPoint.NETWORK_UNLOCK, context(request));
            }
        } catch (IOException e) {
            discard(output, e);
            unlock(e);
            throw CapturedTree.cannotWrite(request.images(), e);
        } catch (RuntimeException | Error e) {
            discard(output, e);
            unlock(e);
            throw e;
        }
        long from = System.nanoTime();
        finish(output);
        listener.phase("finish", from, System.nanoTime());
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
        try (AskRunner runner =
                new AskRunner(tree.proc(), NativeFiles.runner(), NativeFiles.ASK_OFFSET, request.deadline())) {
            new CapturePipeline(tree, request, image, output).run(runner);
        }
        image.close();
        output.writeTree(image.seccomp());
        output.directory().seal();
    }

    /** The image is complete: from here on the tree does not run on by mistake. */
    private void finish(ImageOutput output) {
        LOG.info("image complete after {} us", micros(started));
        switch (request.finish()) {
            // Neither the deadline nor the user can stop it half-way.
            case KILL -> tree.kill(Deadline.after(KILL_SECONDS));
            case LEAVE_STOPPED -> tree.releaseStopped();
            case LEAVE_RUNNING -> tree.release();
        }
        try {
            output.directory().write(ImageKind.STATS_DUMP, 0, statistics());
        } catch (IOException e) {
            LOG.warn("statistics not written: {}", e.getMessage());
        }
    }

    private StatsEntry statistics() {
        DumpStatsEntry.Builder stats = DumpStatsEntry.newBuilder()
                .setFreezingTime((int) TimeUnit.NANOSECONDS.toMicros(frozen - started))
                .setFrozenTime((int) micros(frozen))
                .setMemdumpTime(0)
                .setMemwriteTime(0)
                .setPagesScanned(0)
                .setPagesSkippedParent(0)
                .setPagesWritten(0)
                .setPagesLazy(0);
        return StatsEntry.newBuilder().setDump(stats).build();
    }

    private static long micros(long since) {
        return TimeUnit.NANOSECONDS.toMicros(System.nanoTime() - since);
    }

    private static void discard(@Nullable ImageOutput output, Throwable cause) {
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
