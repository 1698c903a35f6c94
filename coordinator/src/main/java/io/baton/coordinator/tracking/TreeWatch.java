package io.baton.coordinator.tracking;

import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.error.ErrorCode;
import io.baton.coordinator.ptrace.AskRunner;
import io.baton.coordinator.ptrace.SeizedProcess;
import io.baton.coordinator.ptrace.SeizedTree;
import io.baton.mktree.image.TrackingRecord;
import io.baton.mktree.image.TrackingRecord.TrackedProcess;
import io.baton.mktree.launch.Keeper;
import io.baton.task.linux.Fd;
import io.baton.task.linux.Identity;
import io.baton.task.linux.PidFd;
import io.baton.task.linux.ProcFs;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The watch over a whole tree, in one dump. Between two dumps a {@link Keeper} has the descriptors. It belongs to one image:
 * only a dump that builds on the last image of a chain takes them over, and it ends the keeper before it changes anything.
 * So whatever goes wrong, the next dump finds no watch, and writes everything.
 */
public final class TreeWatch implements AutoCloseable {
    private static final String PIDS = "ns/pid";
    private static final Logger LOG = LoggerFactory.getLogger(TreeWatch.class);

    private final boolean goesOn;
    private final @Nullable WatchMethod method;
    private final @Nullable Parent parent;
    private final PidFd root;
    private final String name;
    private final List<Keeper> strangers;
    private final Map<Integer, WriteWatch> watches = new HashMap<>();
    private final Map<Integer, Long> starts = new HashMap<>();
    private @Nullable Keeper kept;

    private TreeWatch(boolean goesOn, @Nullable WatchMethod method, @Nullable Parent parent, PidFd root, String name) {
        this.goesOn = goesOn;
        this.method = method;
        this.parent = parent;
        this.root = root;
        this.name = name;
        this.strangers = goesOn ? Keeper.findAll(name) : List.of();
    }

    /**
     * Looks at what is there, before the tree is stopped.
     *
     * @param root pid of the tree's root
     * @param goesOn whether the tree is to be watched from now on
     * @param parent the image to build on, if any
     */
    public static TreeWatch prepare(int root, boolean goesOn, @Nullable Parent parent) {
        WatchMethod method = goesOn ? WatchMethod.find() : null;
        PidFd handle = PidFd.open(root);
        try (ProcFs proc = new ProcFs()) {
            if (!proc.readLink(root, PIDS).equals(proc.readLink(Identity.pid(), PIDS))) {
                throw new BatonException(
                        ErrorCode.UNSUPPORTED,
                        "pid " + root + ": pid namespace: is not ours: its memory cannot be watched yet",
                        "dump it without --track-mem, --prev-images-dir and pre-dumps");
            }
            String name = root + ":" + proc.stat(root).startTime();
            return new TreeWatch(goesOn, method, parent, handle, name);
        } catch (RuntimeException e) {
            handle.close();
            throw e;
        }
    }

    /** Takes over what is watched, and begins where nothing is. Mappings must have been read before. */
    public void begin(SeizedTree tree, AskRunner runner) {
        Map<Integer, SeizedProcess> living = new HashMap<>();
        for (SeizedProcess process : tree.processes()) {
            if (!process.isZombie()) {
                living.put(process.pid(), process);
                starts.put(process.pid(), process.stat().startTime());
            }
        }
        if (parent != null) {
            resume(parent, living);
        }
        for (Keeper stranger : strangers) {
            stranger.end();
        }
        if (method == WatchMethod.USERFAULTFD) {
            List<SeizedProcess> fresh = tree.processes().stream()
                    .filter(process -> !process.isZombie() && !watches.containsKey(process.pid()))
                    .toList();
            new FaultDescriptors(runner)
                    .make(fresh)
                    .forEach((process, fd) -> watches.put(process.pid(), new FaultWatch(fd, false, true)));
        } else if (method == WatchMethod.SOFT_DIRTY) {
            living.forEach(
                    (pid, process) -> watches.computeIfAbsent(pid, unused -> new SoftDirtyWatch(process, false, true)));
        }
    }

    private void resume(Parent from, Map<Integer, SeizedProcess> living) {
        TrackingRecord record = from.record().orElse(null);
        Keeper keeper = record == null || record.keeper() == 0
                ? null
                : Keeper.find(record.keeper(), record.keeperStart(), name, record.run());
        if (record == null || keeper == null) {
            LOG.warn(
                    "nobody has watched for writes since {}: all pages are written",
                    from.image().path());
            return;
        }
        try (keeper) {
            for (TrackedProcess tracked : record.processes()) {
                SeizedProcess process = living.get(tracked.pid());
                // The pid may be another's by now.
                if (process != null && process.stat().startTime() == tracked.start()) {
                    resume(process, keeper, tracked.fd());
                }
            }
            keeper.end();
        }
    }

    private void resume(SeizedProcess process, Keeper keeper, int fd) {
        if (fd == 0) {
            watches.put(process.pid(), new SoftDirtyWatch(process, true, goesOn));
        } else if (FaultWatch.watchesAny(process)) {
            watches.put(process.pid(), new FaultWatch(keeper.fetch(fd), true, goesOn));
        }
    }

    /** The watch over a process; null if there is none, so that all of it counts as written. */
    public @Nullable WriteWatch of(int pid) {
        return watches.get(pid);
    }

    /** The image to build on. */
    public @Nullable Parent parent() {
        return parent;
    }

    /** Whether the image to build on has pages that CRIU would not find. */
    public boolean parentSharesPages() {
        return parent != null && parent.sharesPages();
    }

    /**
     * Leaves the watch to a keeper, if it is to go on.
     *
     * @param run which dump this is
     */
    public TrackingRecord keep(String run) {
        String parentRun = parent == null ? "" : parent.run();
        if (!goesOn) {
            return new TrackingRecord(run, parentRun, 0, 0, List.of());
        }
        List<Fd> held = new ArrayList<>();
        List<TrackedProcess> processes = new ArrayList<>();
        watches.forEach((pid, watch) -> {
            int fd = 0;
            if (watch instanceof FaultWatch faults) {
                fd = Keeper.FIRST_FD + held.size();
                held.add(faults.fd());
            }
            processes.add(new TrackedProcess(pid, starts.getOrDefault(pid, 0L), fd));
        });
        Keeper keeper = Keeper.start(root, name, run, held);
        kept = keeper;
        LOG.info("process {} keeps the watch over {} processes", keeper.pid(), processes.size());
        return new TrackingRecord(run, parentRun, keeper.pid(), keeper.start(), processes);
    }

    /** Ends the watch after all: there is no image that could be built on. */
    public void abandon() {
        Keeper keeper = kept;
        if (keeper != null) {
            keeper.end();
        }
    }

    @Override
    public void close() {
        for (WriteWatch watch : watches.values()) {
            if (watch instanceof FaultWatch faults) {
                faults.close();
            }
        }
        strangers.forEach(Keeper::close);
        if (kept != null) {
            kept.close();
        }
        root.close();
    }
}
