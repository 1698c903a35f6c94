package io.baton.coordinator.cli;

import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.error.ErrorCode;
import io.baton.mktree.image.ImageDirectory;
import io.baton.mktree.launch.BareTree;
import io.baton.mktree.launch.FreePids;
import io.baton.mktree.launch.LaunchException;
import io.baton.mktree.plan.PlanOptions;
import io.baton.mktree.tree.ProcessTree;
import io.baton.mktree.tree.TreeException;
import io.baton.mktree.tree.TreeFromImage;
import io.baton.mktree.tree.TreeFromSystem;
import io.baton.mktree.tree.TreeShape;
import io.baton.mktree.tree.TreeSpec;
import io.baton.mktree.tree.TreeVariant;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code baton mktree}. */
@Command(
        name = "mktree",
        description =
                "Makes a bare tree: processes, threads, zombies, groups and sessions, and no state. It stays until "
                        + "this command is ended, which kills it.")
final class MktreeCommand implements Callable<Integer> {
    private static final String STANDARD_INPUT = "-";
    private static final long TICK_MILLIS = 100;

    /** Where the tree comes from. */
    static final class Source {
        @Parameters(
                paramLabel = "SPEC",
                arity = "0..1",
                description =
                        "File with a line for each process, such as \"pid=+1 ppid=+0 threads=+1,+2\"; -: standard "
                                + "input. See TreeSpec.")
        private @Nullable String spec;

        @Option(names = "--shape", paramLabel = "SHAPE", description = "star, chain, binary or random.")
        private @Nullable String shape;

        @Option(
                names = {"-D", "--images-dir"},
                paramLabel = "DIR",
                description = "The tree of the image in this directory.")
        private @Nullable Path images;
    }

    @ArgGroup(multiplicity = "1")
    private Source source = new Source();

    @Option(
            names = "--size",
            paramLabel = "N",
            defaultValue = "100",
            description = "Processes of a shape (default: ${DEFAULT-VALUE}).")
    private int size;

    @Option(
            names = "--seed",
            paramLabel = "N",
            defaultValue = "1",
            description = "Of a random shape (default: ${DEFAULT-VALUE}).")
    private long seed;

    @Option(
            names = "--threads",
            paramLabel = "N",
            defaultValue = "1",
            description = "Threads of each process, at least.")
    private int threads;

    @Option(
            names = "--zombies",
            paramLabel = "N",
            defaultValue = "0",
            description = "So many childless processes become zombies.")
    private int zombies;

    @Option(
            names = "--base",
            paramLabel = "PID",
            description = "First pid, for shapes and for what a SPEC writes as +N (default: a free one).")
    private @Nullable Integer base;

    @Option(names = "--json", description = "Print JSON.")
    private boolean json;

    @Option(
            names = {"--once", "--exit"},
            description = "Make it, print it, kill it.")
    private boolean once;

    @Option(
            names = "--timeout",
            paramLabel = "SECONDS",
            defaultValue = "60",
            description = "Seconds to make it (default: ${DEFAULT-VALUE}).")
    private int timeoutSeconds;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Override
    public Integer call() throws IOException {
        final ProcessTree tree = tree();
        refuseTakenPids(tree);
        final PlanOptions options = PlanOptions.defaults().withFreePids(FreePids::isFree, FreePids.last());
        final long start = System.nanoTime();
        try (BareTree made = BareTree.make(tree, options, TimeUnit.SECONDS.toNanos(timeoutSeconds))) {
            final long micros = TimeUnit.NANOSECONDS.toMicros(System.nanoTime() - start);
            print(new MadeTree(TreeFromSystem.read(made.rootPid()), made.plan(), micros));
            if (!once) {
                stay(made);
            }
        } catch (final LaunchException e) {
            throw new BatonException(ErrorCode.TASK_FAILED, String.valueOf(e.getMessage()), "", e);
        }
        return 0;
    }

    private ProcessTree tree() throws IOException {
        final IntFunction<ProcessTree> trees = trees();
        try {
            return base != null ? trees.apply(base) : FreePids.place(trees);
        } catch (final TreeException e) {
            throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()), e);
        }
    }

    /** The wanted tree as a function of its first pid. */
    private IntFunction<ProcessTree> trees() throws IOException {
        if (source.shape != null) {
            final String text = source.shape + ":" + size + (source.shape.equals("random") ? ":" + seed : "");
            return first -> vary(TreeShape.parse(text, first));
        }
        if (source.images != null) {
            final ProcessTree tree = vary(TreeFromImage.read(ImageDirectory.open(source.images)));
            return first -> tree;
        }
        final String file = String.valueOf(source.spec);
        final String text = file.equals(STANDARD_INPUT)
                ? new String(System.in.readAllBytes(), StandardCharsets.UTF_8)
                : Files.readString(Path.of(file));
        return first -> vary(TreeSpec.parse(text, first));
    }

    private ProcessTree vary(final ProcessTree tree) {
        final ProcessTree dead = zombies > 0 ? TreeVariant.withZombies(tree, zombies) : tree;
        return threads > 1 ? TreeVariant.withThreads(dead, threads) : dead;
    }

    private static void refuseTakenPids(final ProcessTree tree) {
        final List<Integer> taken = FreePids.taken(tree);
        if (!taken.isEmpty()) {
            throw new BatonException(
                    ErrorCode.PID_TAKEN, "pids are taken: " + taken, "end who has them, or choose another --base");
        }
    }

    private void print(final MadeTree made) throws IOException {
        final PrintWriter out = spec.commandLine().getOut();
        if (json) {
            made.printJson(out);
        } else {
            made.printTable(out);
        }
        out.flush();
    }

    /** Until the tree ends or we are told to: the signals that end a JVM run its hooks first. */
    private static void stay(final BareTree made) {
        final Thread hook = new Thread(made::close, "mktree-end");
        Runtime.getRuntime().addShutdownHook(hook);
        while (made.isAlive()) {
            try {
                Thread.sleep(TICK_MILLIS);
            } catch (final InterruptedException e) {
                Thread.currentThread().interrupt();
                break;
            }
        }
        Runtime.getRuntime().removeShutdownHook(hook);
    }
}
