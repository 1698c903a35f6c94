package io.baton.coordinator.state.files;

import io.baton.coordinator.ptrace.SeizedProcess;
import io.baton.coordinator.ptrace.SeizedThread;
import io.baton.coordinator.state.TreeImage;
import io.baton.task.linux.Fd;
import io.baton.task.linux.Files;
import io.baton.task.linux.Kcmp;
import io.baton.task.linux.ProcFdInfo;
import java.io.Closeable;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import org.agrona.collections.Int2ObjectHashMap;
import org.agrona.collections.IntHashSet;
import org.jspecify.annotations.Nullable;

/**
 * The descriptors of all processes of a tree, read once, and which of them are one description: what is shared by fork
 * or dup must come back shared, and two opens of one file must not.
 *
 * <p>Descriptions are kept sorted by file and then by kcmp(2), which orders them: finding one takes a logarithmic
 * number of comparisons. A child is compared with its parent first, from which it mostly has what it has.
 */
final class OpenFiles implements Closeable {
    /** Field tty_nr of {@code /proc/PID/stat}. */
    static final int TERMINAL = 7;

    private final TreeMap<OpenFile, OpenFile> known = new TreeMap<>(OpenFiles::compare);
    private final Int2ObjectHashMap<List<Descriptor>> tables = new Int2ObjectHashMap<>();
    private final Map<SeizedProcess, SeizedProcess> firsts = new HashMap<>();
    private final IntHashSet tasks = new IntHashSet();
    private final IntHashSet zombies = new IntHashSet();
    private final Map<Long, SeizedProcess> controlled = new HashMap<>();
    private final Map<Long, String> fileSystems = new HashMap<>();
    private @Nullable Map<Integer, OpenFile> masters;
    private final CapturedLocks locks = new CapturedLocks();
    private final FileWatches watches = new FileWatches(this);
    private final Map<OpenFile, EventPollTargets> targets = new HashMap<>();
    private final List<SeizedProcess> processes = new ArrayList<>();
    private final List<OpenFile> connections = new ArrayList<>();
    private final List<OpenFile> ended = new ArrayList<>();
    private final Map<OpenFile, Fd> inFlight = new LinkedHashMap<>();
    private @Nullable UnixSockets unixSockets;
    private final KernelSockets kernelSockets = new KernelSockets();

    static OpenFiles of(TreeImage tree) {
        return tree.shared(OpenFiles.class, OpenFiles::new);
    }

    private static int compare(OpenFile one, OpenFile other) {
        int order = Long.compare(one.status().dev(), other.status().dev());
        if (order == 0) {
            order = Long.compare(one.status().ino(), other.status().ino());
        }
        if (order == 0) {
            order = Integer.compare(FileFlags.access(one.flags()), FileFlags.access(other.flags()));
        }
        return order == 0 ? compareDescriptions(one, other) : order;
    }

    private static int compareDescriptions(OpenFile one, OpenFile other) {
        return one == other ? 0 : Kcmp.files(one.holder(), one.fd(), other.holder(), other.fd());
    }

    /**
     * Reads the table of a process; parents before children is quickest.
     *
     * @param first the first process that has that table; itself if there is no other
     */
    void add(SeizedProcess process, SeizedProcess first) {
        if (first == process) {
            read(process);
        } else {
            List<Descriptor> table = of(first);
            tables.put(process.pid(), table);
            firsts.put(process, first);
            table.forEach(descriptor -> locks.add(
                    process, first, descriptor, process.fdInfo(descriptor.fd()).extra()));
        }
        processes.add(process);
        controlled.putIfAbsent(process.stat().field(TERMINAL), process);
        tasks.add(process.pid());
        for (SeizedThread thread : process.threads()) {
            tasks.add(thread.tid());
        }
        for (SeizedProcess child : process.children()) {
            if (child.isZombie()) {
                zombies.add(child.pid());
            }
        }
    }

    /** The first process that has the table of that one; itself if there is no other. */
    SeizedProcess firstOfTable(SeizedProcess process) {
        return firsts.getOrDefault(process, process);
    }

    private void read(SeizedProcess process) {
        List<Descriptor> inherited = tables.get(process.parent());
        List<Descriptor> table = new ArrayList<>();
        for (int fd : process.descriptors()) {
            ProcFdInfo info = process.fdInfo(fd);
            OpenFile file = same(inherited, process, fd);
            if (file == null) {
                OpenFile candidate = OpenFile.of(process, fd, info);
                file = known.putIfAbsent(candidate, candidate);
                file = file == null ? candidate : file;
            }
            Descriptor descriptor = new Descriptor(fd, (info.flags() & Files.O_CLOEXEC) != 0, file);
            table.add(descriptor);
            locks.add(process, process, descriptor, info.extra());
        }
        tables.put(process.pid(), table);
    }

    /** Adds what waits in a socket to be received, unless it is known already; takes over our copy of it. */
    OpenFile addInFlight(OpenFile socket, Fd copy) {
        OpenFile candidate = OpenFile.inFlight(socket, copy);
        OpenFile file = known.putIfAbsent(candidate, candidate);
        if (file != null) {
            copy.close();
            return file;
        }
        inFlight.put(candidate, copy);
        return candidate;
    }

    /** What no process has open, but waits in a socket of that one. */
    List<OpenFile> inFlight(SeizedProcess process) {
        return inFlight.keySet().stream()
                .filter(file -> file.process() == process)
                .toList();
    }

    @Override
    public void close() {
        inFlight.values().forEach(Fd::close);
    }

    /** The description that the parent has under that number, if it is the same. */
    private static @Nullable OpenFile same(@Nullable List<Descriptor> inherited, SeizedProcess process, int fd) {
        if (inherited == null) {
            return null;
        }
        int low = 0;
        int high = inherited.size();
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (inherited.get(middle).fd() < fd) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        if (low == inherited.size() || inherited.get(low).fd() != fd) {
            return null;
        }
        OpenFile file = inherited.get(low).file();
        boolean equal = Kcmp.files(process.procId(), fd, file.holder(), file.fd()) == 0;
        return equal ? file : null;
    }

    /** The descriptors of a process, in ascending order. */
    List<Descriptor> of(SeizedProcess process) {
        List<Descriptor> table = tables.get(process.pid());
        return table == null ? List.of() : table;
    }

    /** All processes, in the order in which they were added. */
    List<SeizedProcess> processes() {
        return processes;
    }

    /** Every description once. */
    Collection<OpenFile> all() {
        return known.keySet();
    }

    /** The Unix sockets among them; once all files are added. */
    UnixSockets unixSockets() {
        UnixSockets sockets = unixSockets;
        if (sockets == null) {
            sockets = new UnixSockets(this);
            unixSockets = sockets;
        }
        return sockets;
    }

    /** What the kernel says of netlink and packet sockets. */
    KernelSockets kernelSockets() {
        return kernelSockets;
    }

    /** TCP connections among them that are to go on, as far as they have been inspected. */
    List<OpenFile> connections() {
        return connections;
    }

    /** TCP connections that are no more, but have not been read to their end. */
    List<OpenFile> ended() {
        return ended;
    }

    /** What an epoll set watches, as far as it is open in the tree; found out once. */
    EventPollTargets targets(OpenFile set) {
        return targets.computeIfAbsent(set, file -> EventPollTargets.find(file, this));
    }

    /** The master of the pseudo terminal with that number, or null if the tree has it not. */
    @Nullable
    OpenFile master(int index) {
        Map<Integer, OpenFile> found = masters;
        if (found == null) {
            found = new HashMap<>();
            for (OpenFile file : known.keySet()) {
                if (PseudoTerminal.isMaster(file.status().rdev()) && file.kind() instanceof Terminal) {
                    try (Fd copy = file.fetch()) {
                        found.put(PseudoTerminal.index(copy), file);
                    }
                }
            }
            masters = found;
        }
        return found.get(index);
    }

    /** Whether the tree has a slave of that number open. */
    boolean hasSlave(int index) {
        long device = PseudoTerminal.device(index);
        return known.keySet().stream()
                .anyMatch(
                        file -> file.kind() instanceof Terminal && file.status().rdev() == device);
    }

    FileWatches watches() {
        return watches;
    }

    CapturedLocks locks() {
        return locks;
    }

    /** What is known of the file system on a device, found out once. */
    String fileSystem(long device, Function<Long, String> finder) {
        return fileSystems.computeIfAbsent(device, finder);
    }

    /** A process whose controlling terminal that device is, or null. */
    @Nullable
    SeizedProcess controlledBy(long terminal) {
        return controlled.get(terminal);
    }

    /** Whether that process or thread belongs to the tree. */
    boolean hasTask(int id) {
        return tasks.contains(id);
    }

    /** The id in the tree of a process that {@code /proc} knows by that one, dead or alive; 0 for one outside. */
    int inside(int procId) {
        for (SeizedProcess process : processes) {
            if (process.procId() == procId) {
                return process.pid();
            }
            for (SeizedProcess child : process.children()) {
                if (child.isZombie() && child.procId() == procId) {
                    return child.pid();
                }
            }
        }
        return 0;
    }

    /** As {@link #hasTask}, and those that are dead and not reaped. */
    boolean hasTaskOrZombie(int id) {
        return hasTask(id) || zombies.contains(id);
    }
}
