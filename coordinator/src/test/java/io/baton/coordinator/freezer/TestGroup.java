package io.baton.coordinator.freezer;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.baton.coordinator.Victim;
import io.baton.task.linux.ProcFs;
import io.baton.task.linux.VanishedException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/** A freezer group for a test; whoever is in it is moved out, thawed, and it is removed when closed. */
public final class TestGroup implements AutoCloseable {
    private static final AtomicInteger COUNT = new AtomicInteger();

    private static final long PATIENCE_NANOS = 10_000_000_000L;
    private static final long PAUSE_NANOS = 1_000_000;

    private final Path path;

    private TestGroup(Path path) {
        this.path = path;
    }

    /** A new one of version 1 or 2; skips the test where there is no such hierarchy. */
    public static TestGroup make(int version) throws IOException {
        return new TestGroup(Files.createDirectory(vacant(version)));
    }

    /** One that is there. */
    public static TestGroup at(Path path) {
        return new TestGroup(path);
    }

    /** A path where there is none yet. */
    public static Path vacant(int version) {
        Path hierarchy = Path.of(version == 1 ? "/sys/fs/cgroup/freezer" : "/sys/fs/cgroup/unified");
        if (!Files.exists(hierarchy.resolve("cgroup.procs")) && version == 2) {
            hierarchy = Path.of("/sys/fs/cgroup");
        }
        Path root = hierarchy;
        assumeTrue(Files.isWritable(root.resolve("cgroup.procs")), () -> "no freezer hierarchy of version " + version);
        return root.resolve("baton-test-" + ProcessHandle.current().pid() + "-" + COUNT.incrementAndGet());
    }

    /** One below. */
    public TestGroup below(String name) throws IOException {
        return new TestGroup(Files.createDirectory(path.resolve(name)));
    }

    public Path path() {
        return path;
    }

    public FreezerGroup group() {
        return FreezerGroup.open(path);
    }

    /** Moves a process into it. */
    public TestGroup add(int pid) throws IOException {
        Files.writeString(path.resolve("cgroup.procs"), Integer.toString(pid));
        return this;
    }

    /** Moves a process into it that forks all the time, and waits until no child is left from before. */
    public TestGroup addForking(int pid) throws Exception {
        add(pid);
        FreezerGroup group = group();
        try (ProcFs proc = new ProcFs()) {
            for (int thread : proc.threads(pid)) {
                for (int child : proc.children(pid, thread)) {
                    Victim.await(() -> isIn(group, proc, child));
                }
            }
        }
        return this;
    }

    private static boolean isIn(FreezerGroup group, ProcFs proc, int pid) {
        try {
            return proc.stat(pid).isZombie() || group.groupOf(proc, pid, pid).equals(group.name());
        } catch (VanishedException e) {
            return true;
        }
    }

    public List<Integer> processes() throws IOException {
        return Files.readAllLines(path.resolve("cgroup.procs")).stream()
                .map(Integer::valueOf)
                .toList();
    }

    /** Freezes it and waits until it is. */
    public TestGroup freeze() throws Exception {
        group().ask(true);
        Victim.await(() -> group().state() == FreezerState.FROZEN);
        return this;
    }

    /** Removes it. */
    @Override
    public void close() throws IOException {
        remove();
    }

    /** Likewise, before its time. */
    public void remove() throws IOException {
        long end = System.nanoTime() + PATIENCE_NANOS;
        while (Files.exists(path)) {
            group().ask(false);
            for (int pid : processes()) {
                move(pid);
            }
            if (!path.toFile().delete() && System.nanoTime() - end > 0) {
                throw new AssertionError(path + " cannot be removed: " + group().processes());
            }
            LockSupport.parkNanos(PAUSE_NANOS);
        }
    }

    private void move(int pid) throws IOException {
        try {
            Files.writeString(path.resolveSibling("cgroup.procs"), Integer.toString(pid));
        } catch (IOException e) {
            if (Files.exists(Path.of("/proc/" + pid)) && processes().contains(pid)) {
                throw e;
            }
        }
    }
}
