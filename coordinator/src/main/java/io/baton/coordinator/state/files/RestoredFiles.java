package io.baton.coordinator.state.files;

import io.baton.coordinator.state.ProcessRestore;
import io.baton.coordinator.state.ghosts.GhostFiles;
import io.baton.coordinator.state.tcp.RestoredConnections;
import io.baton.mktree.image.proto.FdinfoEntry;
import io.baton.mktree.image.proto.FhEntry;
import io.baton.mktree.image.proto.PstreeEntry;
import io.baton.mktree.image.proto.SkOptsEntry;
import io.baton.task.linux.Fd;
import io.baton.task.linux.Sockets;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Pattern;
import org.agrona.collections.Int2ObjectHashMap;
import org.agrona.collections.IntHashSet;
import org.jspecify.annotations.Nullable;

/**
 * What the descriptors of a tree have to do with each other during a restore: which task has made which description,
 * which ends belong to one pipe, and what waits in a task for another that comes later.
 */
final class RestoredFiles {
    /** Makes pidfd_open take a thread; it has the value of O_EXCL. */
    private static final int PIDFD_THREAD = 0x80;

    private static final Pattern DESCRIPTOR = Pattern.compile("/proc/[0-9]+/fd/[0-9]+");

    private final ImageFiles image;
    private final GhostFiles ghosts;
    /** By the id of an entry: where the first task has a file that had lost its name. */
    private final Int2ObjectHashMap<Home> lost = new Int2ObjectHashMap<>();

    private final Int2ObjectHashMap<Home> homes = new Int2ObjectHashMap<>();
    private final Int2ObjectHashMap<List<Range>> parked = new Int2ObjectHashMap<>();
    private final Int2ObjectHashMap<List<Integer>> lent = new Int2ObjectHashMap<>();
    private final IntHashSet terminals = new IntHashSet();
    private final TerminalNumbers terminalNumbers = new TerminalNumbers();
    private final IntHashSet controlled = new IntHashSet();
    private final IntHashSet validated = new IntHashSet();
    private final Map<List<Integer>, SkOptsEntry> freshSockets = new HashMap<>();

    private final Map<String, String> watchedPaths = new HashMap<>();
    private @Nullable List<FileLock> systemLocks;

    private RestoredFiles(ProcessRestore process, GhostFiles ghosts) {
        image = ImageFiles.read(process);
        this.ghosts = ghosts;
    }

    static RestoredFiles of(ProcessRestore process) {
        GhostFiles ghosts = GhostFiles.of(process);
        return process.shared(RestoredFiles.class, () -> new RestoredFiles(process, ghosts));
    }

    /**
     * Where a description is to be had.
     *
     * @param task living process, or thread of one whose leader is dead
     * @param fd there
     */
    record Home(int task, int pidFdFlags, int fd) {}

    /** Descriptors {@code first} to {@code last}. */
    record Range(int first, int last) {}

    TerminalNumbers terminalNumbers() {
        return terminalNumbers;
    }

    ImageFiles image() {
        return image;
    }

    /** Every lock that the kernel tells of, read once. */
    List<FileLock> systemLocks() {
        List<FileLock> known = systemLocks;
        if (known == null) {
            known = readLocks();
            systemLocks = known;
        }
        return known;
    }

    private static List<FileLock> readLocks() {
        List<FileLock> locks = new ArrayList<>();
        try {
            for (String line : Files.readAllLines(Path.of("/proc/locks"))) {
                FileLock lock = FileLock.parse(line);
                if (lock != null) {
                    locks.add(lock);
                }
            }
        } catch (IOException e) {
            return List.of(); // then the task that wants its lock will tell
        }
        return List.copyOf(locks);
    }

    @Nullable
    Home home(int id) {
        return homes.get(id);
    }

    /** The same, for who is not of this room. */
    RestoredConnections.Place place(int id) {
        Home home = Objects.requireNonNull(homes.get(id), "not restored");
        return new RestoredConnections.Place(home.task, home.pidFdFlags, home.fd);
    }

    void settled(int id, ProcessRestore process, int fd) {
        homes.put(id, homeIn(process, fd));
    }

    private static Home homeIn(ProcessRestore process, int fd) {
        PstreeEntry row = process.pstree();
        // A dead leader has no descriptors any more when later tasks come to ask.
        boolean dead = row.getLeaderDead() && row.getThreadsCount() > 1;
        return new Home(dead ? row.getThreads(1) : row.getPid(), dead ? PIDFD_THREAD : 0, fd);
    }

    /** Remembers descriptors that a process holds for later ones; what is between them and not a target is free. */
    void park(ProcessRestore process, List<Integer> fds, List<FdinfoEntry> targets) {
        IntHashSet taken = new IntHashSet();
        for (FdinfoEntry target : targets) {
            taken.add(target.getFd());
        }
        List<Integer> sorted = new ArrayList<>(fds);
        Collections.sort(sorted);
        List<Range> ranges = new ArrayList<>();
        int first = sorted.get(0);
        int last = first;
        for (int fd : sorted.subList(1, sorted.size())) {
            if (anyIn(taken, last + 1, fd)) {
                ranges.add(new Range(first, last));
                first = fd;
            }
            last = fd;
        }
        ranges.add(new Range(first, last));
        parked.put(process.pstree().getPid(), ranges);
    }

    private static boolean anyIn(IntHashSet taken, int from, int to) {
        for (int fd = from; fd < to; fd++) {
            if (taken.contains(fd)) {
                return true;
            }
        }
        return false;
    }

    /** Says that a socket made here has SO_REUSEPORT only until all sockets are bound. */
    void takeBackReusePort(ProcessRestore process, int id) {
        lent.computeIfAbsent(process.pstree().getPid(), key -> new ArrayList<>())
                .add(id);
    }

    /** Descriptors of a process whose sockets have SO_REUSEPORT for the moment. */
    List<Integer> takeLent(int pid) {
        List<Integer> ids = lent.remove(pid);
        return ids == null
                ? List.of()
                : ids.stream()
                        .map(homes::get)
                        .filter(Objects::nonNull)
                        .map(Home::fd)
                        .toList();
    }

    /** What a process held for others, now that they have it. */
    List<Range> takeParked(int pid) {
        List<Range> ranges = parked.remove(pid);
        return ranges == null ? List.of() : ranges;
    }

    /** Says that a session's leader has taken its terminal. */
    void controlled(int leader) {
        controlled.add(leader);
    }

    boolean isControlled(int leader) {
        return controlled.contains(leader);
    }

    /** Whether this is the first description of that terminal. */
    boolean isFirstOf(int terminalId) {
        return terminals.add(terminalId);
    }

    /** The options of a new socket of that kind. */
    SkOptsEntry freshSocket(int family, int type, int protocol) {
        return freshSockets.computeIfAbsent(List.of(family, type, protocol), key -> {
            try (Fd socket = Sockets.open(family, type, protocol)) {
                return SocketOptions.read(socket.number(), family, type, protocol);
            }
        });
    }

    /** Says that a process has a description of a file that had lost its name; before anything is made. */
    void expect(int id, ProcessRestore process, int fd) {
        Home home = homeIn(process, fd);
        Home known = lost.get(id);
        if (known == null || (known.task == home.task && fd < known.fd)) {
            lost.put(id, home);
        }
    }

    /** Whether a path leads to an open file of a task, and not to a link. */
    static boolean isDescriptor(String path) {
        return DESCRIPTOR.matcher(path).matches();
    }

    /**
     * A name for an inode that is watched: the image's, that of an open file that has none of its own, or where its handle
     * leads now; empty if there is none.
     */
    String watchedPath(int device, long inode, FhEntry handle) {
        if (handle.hasPath()) {
            return handle.getPath().startsWith("/") ? handle.getPath() : "/".concat(handle.getPath());
        }
        for (int id : ghosts.entriesOf(device, inode)) {
            Home home = lost.get(id);
            if (home != null) {
                return "/proc/" + home.task + "/fd/" + home.fd;
            }
        }
        WatchedInode watched = WatchedInode.of(device, inode, handle);
        return watchedPaths.computeIfAbsent(
                watched.toString(), key -> Objects.requireNonNullElse(new WatchedPaths(List.of()).find(watched), ""));
    }

    /** Whether that descriptor is the one through which its description was made. */
    boolean isHome(int id, ProcessRestore process, int fd) {
        Home home = homes.get(id);
        return home != null && home.equals(homeIn(process, fd));
    }

    /** Whether the image has a process or thread with that id, dead or alive. */
    boolean hasTask(int id) {
        return image.hasTask(id);
    }

    /** Whether that entry is looked at for the first time. */
    boolean isFirstLookAt(int id) {
        return validated.add(id);
    }
}
