package io.baton.coordinator.freezer;

import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.error.ErrorCode;
import io.baton.task.linux.ControlGroupLine;
import io.baton.task.linux.ControlGroupMount;
import io.baton.task.linux.LinuxException;
import io.baton.task.linux.ProcFs;
import io.baton.task.linux.VanishedException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A control group that can stop its tasks where they are. Freezing goes down: the groups below are frozen with it.
 *
 * <p>Source: {@code cgroup-v1/freezer-subsystem} and {@code cgroup-v2}, both in the kernel's documentation.
 */
public abstract sealed class FreezerGroup permits FreezerV1, FreezerV2 {
    private static final String CONTROLLER = "freezer";

    private final ControlGroupMount mount;
    private final Path path;
    private final String name;

    FreezerGroup(ControlGroupMount mount, Path path, String name) {
        this.mount = mount;
        this.path = path;
        this.name = name;
    }

    /**
     * The group of a directory.
     *
     * @throws BatonException FREEZER if it is none that can be frozen: not there, the root of its hierarchy, no control
     *     group at all
     */
    public static FreezerGroup open(Path directory) {
        Path real;
        try {
            real = directory.toRealPath();
        } catch (IOException e) {
            throw new BatonException(
                    ErrorCode.FREEZER,
                    "no such freezer group: " + directory,
                    "give the directory of a group, below where a cgroup hierarchy is mounted",
                    e);
        }
        for (ControlGroupMount mount : ControlGroupMount.all()) {
            String name = mount.group(real);
            FreezerGroup group = name == null ? null : of(mount, real, name);
            if (group != null) {
                return group;
            }
        }
        throw new BatonException(
                ErrorCode.FREEZER,
                directory + " is no group that can be frozen",
                "give a group of the v1 freezer hierarchy or of v2, but not its root");
    }

    private static @Nullable FreezerGroup of(ControlGroupMount mount, Path path, String name) {
        if (mount.version() == 1) {
            return Files.exists(path.resolve(FreezerV1.STATE)) ? new FreezerV1(mount, path, name) : null;
        }
        return Files.exists(path.resolve(FreezerV2.STATE)) ? new FreezerV2(mount, path, name) : null;
    }

    /** The group that a process is in and that is frozen, or just being so; v1 first; null if there is none. */
    public static @Nullable FreezerGroup frozenOf(ProcFs proc, int pid) {
        List<ControlGroupLine> lines;
        try {
            lines = ControlGroupLine.of(proc, pid, pid);
        } catch (VanishedException e) {
            return null;
        }
        FreezerGroup found = null;
        for (ControlGroupMount mount : ControlGroupMount.all()) {
            if (mount.version() != 2 && !mount.names().contains(CONTROLLER)) {
                continue;
            }
            for (ControlGroupLine line : lines) {
                Path directory = mount.isOf(line) ? mount.directory(line.group()) : null;
                FreezerGroup group = directory == null ? null : of(mount, directory, line.group());
                if (group != null && group.state() != FreezerState.THAWED && (found == null || mount.version() == 1)) {
                    found = group;
                }
            }
        }
        return found;
    }

    /** Its directory. */
    public final Path path() {
        return path;
    }

    /** As {@code /proc/PID/cgroup} names it. */
    public final String name() {
        return name;
    }

    public final int version() {
        return mount.version();
    }

    /** What its tasks do, whoever wants it: itself or a group above. */
    public abstract FreezerState state();

    /** Whether it is itself asked to be frozen. */
    public abstract boolean isAsked();

    /** Whether a group above it is asked to be frozen, and so keeps it frozen. */
    public abstract boolean isFrozenAbove();

    /** The file by which it is asked. */
    public final Path stateFile() {
        return path.resolve(stateName());
    }

    abstract String stateName();

    /** What to write there. */
    abstract String text(boolean frozen);

    /** Asks it to freeze, or lets its tasks run on; which for those below a frozen group it cannot. */
    public final void ask(boolean frozen) {
        try {
            Files.writeString(stateFile(), text(frozen));
        } catch (IOException e) {
            throw cannot(frozen ? "freeze" : "thaw", e);
        }
    }

    /** Whether a task of that state, sleeping in that function of the kernel, may be one that does not freeze. */
    abstract boolean mayBeAwake(char state, String wchan);

    /** The group of this hierarchy that a thread is in. */
    public final String groupOf(ProcFs proc, int pid, int tid) {
        for (ControlGroupLine line : ControlGroupLine.of(proc, pid, tid)) {
            if (mount.isOf(line)) {
                return line.group();
            }
        }
        return "";
    }

    /** Whether a group of that name is frozen with this one. */
    public final boolean covers(String group) {
        return group.equals(name) || group.startsWith(name + "/");
    }

    /** Processes that are frozen with it: of this group and of those below. */
    public final List<Integer> processes() {
        List<Integer> found = new ArrayList<>();
        for (Path directory : below()) {
            found.addAll(numbers(directory.resolve("cgroup.procs")));
        }
        return found;
    }

    private List<Path> below() {
        try (Stream<Path> all = Files.walk(path)) {
            return all.filter(Files::isDirectory).toList();
        } catch (UncheckedIOException | IOException e) {
            return List.of(path); // one below was removed just now
        }
    }

    private static List<Integer> numbers(Path file) {
        try {
            return Files.readAllLines(file).stream().map(Integer::valueOf).toList();
        } catch (NoSuchFileException e) {
            return List.of();
        } catch (IOException e) {
            // Of a threaded v2 group only its threads can be listed, and those are also of the group above.
            return List.of();
        }
    }

    final String read(String file) {
        try {
            return Files.readString(path.resolve(file)).strip();
        } catch (IOException e) {
            throw cannot("read", e);
        }
    }

    private BatonException cannot(String what, IOException e) {
        return new BatonException(
                ErrorCode.FREEZER, "cannot " + what + " group " + path + ": " + e.getMessage(), "", e);
    }

    /** Its own, and that of the thread, as text for messages. */
    final String describeTask(ProcFs proc, int pid, int tid) {
        try {
            return "pid " + pid + (pid == tid ? "" : " thread " + tid) + " ("
                    + proc.stat(pid, tid).comm() + ")";
        } catch (LinuxException e) {
            return "pid " + pid;
        }
    }

    @Override
    public String toString() {
        return path.toString();
    }
}
