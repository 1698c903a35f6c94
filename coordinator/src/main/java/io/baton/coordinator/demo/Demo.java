package io.baton.coordinator.demo;

import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.error.ErrorCode;
import io.baton.mktree.tree.ProcessTree;
import io.baton.mktree.tree.Task;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** The tour, step by step; each prints the command a user would type, and what came of it. */
public final class Demo {
    private static final int ENOUGH = 8;
    private static final int COMPILER_SECONDS = 60;

    private final PrintStream out;
    private final Baton baton;
    private final Duration pause;
    private final Path directory;
    private final Path image;
    private final Counts counts;
    private int step;

    /** Runs a command of Baton as the shell would. */
    public interface Baton {
        /** Returns its exit status. */
        int run(String... args);
    }

    private Demo(final PrintStream out, final Baton baton, final Duration pause, final Path directory) {
        this.out = out;
        this.baton = baton;
        this.pause = pause;
        this.directory = directory;
        this.image = directory.resolve("image");
        this.counts = new Counts(directory);
    }

    /**
     * Runs the tour in a directory of its own, which is gone afterwards unless it is kept.
     *
     * @param pause between the steps, for whoever reads along
     * @return exit status: 0, or that of the command that failed
     */
    public static int run(final PrintStream out, final Baton baton, final Duration pause, final boolean keep)
            throws IOException, InterruptedException {
        final Path directory = Files.createTempDirectory("baton-demo-");
        try {
            return new Demo(out, baton, pause, directory).run();
        } finally {
            if (keep) {
                out.println("The directory is still there: " + directory);
            } else {
                delete(directory);
            }
        }
    }

    private int run() throws IOException, InterruptedException {
        final Victims victims = new Victims();
        final Thread hook = new Thread(victims::close);
        Runtime.getRuntime().addShutdownHook(hook);
        try {
            return steps();
        } finally {
            victims.close();
            Runtime.getRuntime().removeShutdownHook(hook);
            out.println();
            out.println("All that the demo started has been ended.");
        }
    }

    private int steps() throws IOException, InterruptedException {
        final int root = startTree();
        title("What is there");
        int status = baton("show", "-t", Integer.toString(root));
        if (status != 0) {
            return status;
        }
        final ProcessTree before = Victims.tree(root);
        title("Save it; its processes end");
        status = baton("dump", "-t", Integer.toString(root), "-D", image.toString());
        if (status != 0) {
            return status;
        }
        final Map<Path, Integer> saved = showGone(before);
        title("What was saved");
        baton("show", "-D", image.toString());
        title("Bring it back");
        status = baton("restore", "-d", "-D", image.toString());
        if (status != 0) {
            return status;
        }
        baton("show", "-t", Integer.toString(root));
        return showCounts(saved);
    }

    private int startTree() throws IOException, InterruptedException {
        title("A tree comes to life: a pipeline that counts, a zombie, a session" + threads());
        final String shell = Files.isExecutable(Path.of("/bin/bash")) ? "/bin/bash" : "/bin/sh";
        copy("tree.sh");
        command("cd " + directory + "; setsid " + shell.substring(shell.lastIndexOf('/') + 1)
                + " tree.sh </dev/null >log 2>&1 &");
        final int root = Victims.start(shell, directory, "tree.sh");
        if (!Counts.await(ticks(), ENOUGH)) {
            throw new BatonException(
                    ErrorCode.INTERNAL,
                    "the demo's tree does not count: log=" + Files.readString(directory.resolve("log")),
                    "baton demo --keep leaves its directory for a look");
        }
        out.println("[" + root + "]");
        command("tail -n 3 " + ticks());
        tail(ticks(), 3);
        return root;
    }

    /** Prepares the program with threads, if this machine can; returns what to say of it. */
    private String threads() throws IOException, InterruptedException {
        copy("threads.c");
        if (runs("cc", "-O1", "-pthread", "-o", "threads", "threads.c")) {
            return ", threads";
        }
        if (runs("python3", "-c", "import threading")) {
            copy("threads.py");
            return ", threads of a Python";
        }
        return "";
    }

    private boolean runs(final String... command) throws InterruptedException {
        try {
            final Process process = new ProcessBuilder(command)
                    .directory(directory.toFile())
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            return process.waitFor(COMPILER_SECONDS, TimeUnit.SECONDS) && process.exitValue() == 0;
        } catch (final IOException e) {
            return false; // not installed
        }
    }

    /** Says that the processes are gone; returns how far each file had come. */
    private Map<Path, Integer> showGone(final ProcessTree before) throws IOException {
        final boolean gone = Victims.awaitGone(before);
        final List<String> paths = new ArrayList<>();
        for (final Task task : before) {
            paths.add("/proc/" + task.pid());
        }
        command("ls -d " + String.join(" ", paths));
        for (final Task task : before) {
            out.println("/proc/" + task.pid() + (Victims.exists(task.pid()) ? "" : ": No such file or directory"));
        }
        if (!gone) {
            throw new BatonException(ErrorCode.INTERNAL, "processes of the tree are still there after the dump", "");
        }
        final Map<Path, Integer> saved = new LinkedHashMap<>();
        for (final Path file : counts.files()) {
            saved.put(file, Counts.last(file));
        }
        return saved;
    }

    private int showCounts(final Map<Path, Integer> saved) throws IOException, InterruptedException {
        title("It counts on from where it was");
        boolean whole = true;
        for (final Map.Entry<Path, Integer> entry : saved.entrySet()) {
            final Path file = entry.getKey();
            final boolean on = Counts.await(file, entry.getValue() + ENOUGH);
            final boolean gapless = Counts.isWithoutGap(file);
            whole &= on && gapless;
            out.printf(
                    "%-10s 1 to %d before the dump, now at %d: %s%n",
                    file.getFileName(), entry.getValue(), Counts.last(file), verdict(on, gapless));
        }
        command("tail -n 3 " + ticks());
        tail(ticks(), 3);
        return whole ? 0 : ErrorCode.TASK_FAILED.exitStatus();
    }

    private static String verdict(final boolean on, final boolean gapless) {
        if (!on) {
            return "it does NOT count on";
        }
        return gapless ? "no gap" : "there is a GAP";
    }

    private Path ticks() {
        return directory.resolve("ticks");
    }

    private void title(final String text) throws InterruptedException {
        if (step > 0) {
            TimeUnit.NANOSECONDS.sleep(pause.toNanos());
        }
        out.println();
        out.println(++step + ". " + text);
    }

    private void command(final String line) {
        out.println("$ " + line);
    }

    private int baton(final String... args) {
        command("baton " + String.join(" ", args));
        out.flush();
        final long start = System.nanoTime();
        final int status = baton.run(args);
        final long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
        if (status != 0) {
            out.println("(exit status " + status + ")");
        } else if (!"show".equals(args[0])) {
            out.println("(done in " + millis + " ms)");
        }
        return status;
    }

    private void tail(final Path file, final int lines) throws IOException {
        final List<Integer> numbers = Counts.numbers(file);
        numbers.subList(Math.max(0, numbers.size() - lines), numbers.size()).forEach(out::println);
    }

    private void copy(final String name) throws IOException {
        try (InputStream resource = Demo.class.getResourceAsStream(name)) {
            if (resource == null) {
                throw new IOException("resource is missing: name=" + name);
            }
            Files.copy(resource, directory.resolve(name));
        }
    }

    private static void delete(final Path directory) throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            for (final Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
