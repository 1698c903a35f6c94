package io.baton.bench;

import io.baton.coordinator.progress.OperationListener;
import io.baton.coordinator.progress.SuspendOutcome;
import io.baton.coordinator.progress.SuspendTurn;
import io.baton.coordinator.ptrace.Deadline;
import io.baton.coordinator.suspend.SuspendOptions;
import io.baton.coordinator.suspend.SuspendOrder;
import io.baton.coordinator.suspend.Suspension;
import io.baton.task.linux.Fd;
import io.baton.task.linux.Files;
import io.baton.task.linux.Identity;
import io.baton.task.linux.Prctl;
import io.baton.task.linux.ProcFs;
import io.baton.task.linux.Signals;
import io.baton.task.linux.Spawner;
import io.baton.task.linux.Wait;
import java.nio.file.Path;
import java.util.Collections;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What it costs to ask a tree before it is dumped: a root and its children, all of which have a callback and call COMPLETE in
 * it. The time is from the look for them until all sleep in COMPLETE and are released again; divided by {@code
 * processes} it is that of one: its maps read, its page mapped, it woken, its callback run, we told of it.
 *
 * <p>The processes are {@code native/victims/task-suspends.c}; run it from the project's directory, or below it.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 10)
@Measurement(iterations = 20)
@Fork(
        value = 1,
        jvmArgsAppend = {"--add-opens=java.base/jdk.internal.misc=ALL-UNNAMED"})
public class AskingBenchmark {
    private static final String PROGRAM = "native/target/out/victims/task-suspends-static";
    private static final int SECONDS = 60;
    private static final int FIRST_FREE = 3;
    private static final long PAUSE_NANOS = 10_000_000;

    @Param({"10", "100", "1000"})
    int processes;

    @Param({"PARENTS_FIRST", "CHILDREN_FIRST", "ALL_AT_ONCE"})
    SuspendOrder order = SuspendOrder.PARENTS_FIRST;

    /** inside: all have a callback; none: nobody has, and all that is done is to look. */
    @Param({"inside", "none"})
    String behaviour = "inside";

    private int root;

    /** Until all have made their pages: then the last of them sleeps. */
    @Setup(Level.Trial)
    public void startTree() throws InterruptedException {
        Prctl.setChildSubreaper(true);
        String tree = behaviour + '(' + String.join(",", Collections.nCopies(processes - 1, behaviour)) + ')';
        try (Fd nothing = Files.open("/dev/null", Files.O_RDWR)) {
            Spawner spawner = new Spawner(program(), program(), tree).newSession();
            for (int fd = 0; fd < FIRST_FREE; fd++) {
                spawner.dup(nothing.number(), fd);
            }
            root = spawner.closeFrom(FIRST_FREE).spawn();
        }
        int wanted = behaviour.equals("inside") ? processes : 0;
        do {
            LockSupport.parkNanos(PAUSE_NANOS);
        } while (children() < processes - 1 || ask() < wanted);
    }

    private static String program() {
        Path directory = Path.of("").toAbsolutePath();
        while (directory.getParent() != null && !java.nio.file.Files.exists(directory.resolve(PROGRAM))) {
            directory = directory.getParent();
        }
        return directory.resolve(PROGRAM).toString();
    }

    private int children() {
        try (ProcFs proc = new ProcFs()) {
            return proc.children(root, root).length;
        }
    }

    /** Asks the tree, and lets it run on. */
    @Benchmark
    public int ask() {
        SuspendOptions options = new SuspendOptions(true, TimeUnit.SECONDS.toNanos(SECONDS), order, false);
        try (Suspension suspension =
                Suspension.ask(root, 0, options, Deadline.after(SECONDS), OperationListener.NONE)) {
            int completed = 0;
            for (SuspendTurn turn : suspension.turns()) {
                completed += turn.outcome() == SuspendOutcome.COMPLETED ? 1 : 0;
            }
            return completed;
        }
    }

    /** Children first, or they would be ours and stay. */
    @TearDown(Level.Trial)
    public void endTree() {
        try (ProcFs proc = new ProcFs()) {
            for (int child : proc.children(root, root)) {
                Signals.kill(child, Signals.SIGKILL);
            }
        }
        Signals.kill(root, Signals.SIGKILL);
        while (hasChildren()) {
            Wait.wait4(-1, Wait.WALL);
        }
    }

    private static boolean hasChildren() {
        try (ProcFs proc = new ProcFs()) {
            for (int tid : proc.threads(Identity.pid())) {
                if (proc.children(Identity.pid(), tid).length > 0) {
                    return true;
                }
            }
            return false;
        }
    }
}
