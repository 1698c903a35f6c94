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
import io.baton.coordinator.ptrace.SeizedProcess;
import io.baton.coordinator.ptrace.SeizedTree;
import io.baton.coordinator.ptrace.TreeSeizer;
import io.baton.coordinator.state.DumpOptions;
import io.baton.coordinator.state.StateKind;
import io.baton.coordinator.state.memory.LivePages;
import io.baton.coordinator.state.memory.MemoryIncrement;
import io.baton.coordinator.state.memory.MemoryStatistics;
import io.baton.coordinator.state.namespaces.TreeNamespaces;
import io.baton.coordinator.state.registers.Registers;
import io.baton.coordinator.state.seccomp.Seccomp;
import io.baton.coordinator.tracking.Parent;
import io.baton.coordinator.tracking.TreeWatch;
import io.baton.mktree.launch.NativeFiles;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes the memory of a tree while it runs, for a dump to come. The tree is stopped only for as long as it takes to begin
 * the watch for writes and to find the pages.
 */
public final class TreePreDump {
    private static final Logger LOG = LoggerFactory.getLogger(TreePreDump.class);

    /** Without their leave no task may be asked: it runs 32-bit code, or its filters would kill it. */
    private static final List<StateKind> BEFORE_ASKS = List.of(new Registers(), new Seccomp());

    private final PreDumpRequest request;
    private final TreeWatch watch;
    private final Deadline deadline;
    private final OperationListener listener;
    private final Actions actions;

    private TreePreDump(PreDumpRequest request, TreeWatch watch, Deadline deadline, Actions actions) {
        this.request = request;
        this.actions = actions;
        this.watch = watch;
        this.deadline = deadline;
        this.listener = request.supervision().listener();
    }

    /**
     * Pre-dumps a tree. It runs on, whatever happens.
     *
     * @throws BatonException what went wrong; there is no image then, and nothing is watched
     */
    public static void run(PreDumpRequest request) {
        OperationListener listener = request.supervision().listener();
        Actions actions = new Actions(request.supervision().actions(), listener);
        listener.began(OperationKind.PRE_DUMP, request.images(), request.root(), System.nanoTime());
        try {
            run(request, actions);
            listener.ended(request.root(), System.nanoTime());
        } catch (RuntimeException e) {
            BatonException failure = Failure.of(e, actions.notUndone());
            listener.failed(failure, System.nanoTime());
            throw failure;
        }
    }

    private static void run(PreDumpRequest request, Actions actions) {
        actions.run(ActionPoint.PRE_DUMP, context(request));
        try (TreeWatch watch = watch(request)) {
            new TreePreDump(request, watch, request.deadline(), actions).run();
        }
    }

    private static ActionContext context(PreDumpRequest request) {
        return new ActionContext(
                request.images(),
                request.root(),
                request.deadline().nanos(),
                request.supervision().cancelled());
    }

    private static TreeWatch watch(PreDumpRequest request) {
        Path previous = request.previous();
        Parent parent = previous == null ? null : Parent.open(request.images(), previous);
        return TreeWatch.prepare(request.root(), true, parent);
    }

    private void run() {
        ImageOutput output = null;
        try (CapturedTree image = new CapturedTree()) {
            image.shared(MemoryIncrement.class, () -> new MemoryIncrement(watch));
            List<LivePages> found = new ArrayList<>();
            DumpStatistics statistics = find(found, image);
            MemoryStatistics memory = MemoryStatistics.of(image);
            statistics.ofMemory(memory);
            listener.counting(memory::bytesWritten);
            output = ImageOutput.create(request.images(), new TreeNamespaces());
            write(found, image, output);
            actions.run(ActionPoint.POST_DUMP, context(request));
            statistics.write(output.directory());
        } catch (IOException e) {
            watch.abandon();
            TreeDump.discard(output, e);
            throw CapturedTree.cannotWrite(request.images(), e);
        } catch (RuntimeException | Error e) {
            watch.abandon();
            TreeDump.discard(output, e);
            throw e;
        }
    }

    private void write(List<LivePages> found, CapturedTree image, ImageOutput output) throws IOException {
        long from = System.nanoTime();
        image.open(output.directory());
        for (LivePages pages : found) {
            pages.write(image, deadline);
        }
        listener.phase("write", from, System.nanoTime());
        image.close();
        output.sharesPages(watch.parentSharesPages());
        output.writePreDump();
        output.seal(watch, request.previous());
    }

    /** Refuses only what a dump would refuse too. */
    private static void inspect(SeizedTree tree) {
        Refusals refusals = new Refusals();
        for (SeizedProcess process : tree.processes()) {
            if (process.isZombie()) {
                continue;
            }
            for (StateKind kind : BEFORE_ASKS) {
                kind.inspect(process, DumpOptions.DEFAULT, refusals);
            }
            process.maps(); // before anything is put into it
        }
        refusals.throwIfAny("pre-dump");
    }

    private DumpStatistics find(List<LivePages> found, CapturedTree image) {
        long started = System.nanoTime();
        try (TreeFreezer freezer = TreeFreezer.freeze(
                        "pre-dump", request.root(), request.freezeCgroup(), null, deadline, listener);
                SeizedTree tree =
                        TreeSeizer.seize(request.root(), freezer.seizing(request.root(), deadline), null, freezer)) {
            DumpStatistics statistics = new DumpStatistics(started);
            if (listener.isActive()) {
                listener.planned(TreeRows.tasks(tree));
            }
            inspect(tree);
            try (AskRunner runner = new AskRunner(
                    tree.proc(), NativeFiles.runner(), NativeFiles.ASK_OFFSET, freezer.watched(deadline))) {
                watch.begin(tree, runner);
            }
            long begun = System.nanoTime();
            for (SeizedProcess process : tree.processes()) {
                if (!process.isZombie()) {
                    found.add(LivePages.find(process, image));
                }
            }
            freezer.check();
            tree.release();
            statistics.frozenUntilNow();
            listener.stoodStill(statistics.frozen(), statistics.released());
            listener.phase("stop and find pages", started, System.nanoTime());
            LOG.info(
                    "stopped {} processes in {} us, began the watch in {} us, found the pages in {} us",
                    tree.processes().size(),
                    TimeUnit.NANOSECONDS.toMicros(statistics.frozen() - started),
                    TimeUnit.NANOSECONDS.toMicros(begun - statistics.frozen()),
                    TimeUnit.NANOSECONDS.toMicros(System.nanoTime() - begun));
            return statistics;
        }
    }
}
