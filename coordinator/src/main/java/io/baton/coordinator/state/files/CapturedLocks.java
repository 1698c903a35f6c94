package io.baton.coordinator.state.files;

import io.baton.coordinator.ptrace.SeizedProcess;
import io.baton.coordinator.state.Account;
import io.baton.coordinator.state.DumpOptions;
import io.baton.coordinator.state.TreeImage;
import io.baton.coordinator.state.TreeObjects;
import io.baton.coordinator.state.namespaces.TreeNamespaces;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The locks of a tree, each once. POSIX locks belong to a process, whichever descriptor it has used; all others to the
 * description, and any process that has it will do: the one that has made the lock is preferred, because the kernel names
 * it in {@code /proc/locks}.
 */
final class CapturedLocks {
    private final Map<Key, Held> locks = new LinkedHashMap<>();

    /** What makes it another lock; the process is null where locks do not belong to one. */
    private record Key(OpenFile file, @Nullable SeizedProcess process, int kind, int type, long start, long length) {}

    /** A lock and who will take it again. */
    private record Held(SeizedProcess process, Descriptor descriptor, FileLock lock) {
        private String describe() {
            return "lock through fd " + descriptor.fd() + " ("
                    + descriptor.file().link() + ")";
        }

        private boolean isMaker() {
            return lock.pid() == process.pid();
        }
    }

    /**
     * Takes the locks that the kernel shows with a descriptor.
     *
     * @param table first process with that descriptor table, to which POSIX locks belong
     */
    void add(SeizedProcess process, SeizedProcess table, Descriptor descriptor, List<String> lines) {
        for (String line : lines) {
            FileLock lock = line.startsWith("lock:") ? FileLock.parse(line.substring("lock:".length())) : null;
            if (lock != null) {
                Key key = new Key(
                        descriptor.file(),
                        lock.kind() == FileLock.POSIX ? table : null,
                        lock.kind(),
                        lock.type(),
                        lock.start(),
                        lock.length());
                locks.merge(
                        key,
                        new Held(process, descriptor, lock),
                        (one, other) -> other.isMaker() && !one.isMaker() ? other : one);
            }
        }
    }

    /** Whether it has a lease: then opening the file once more could break that. */
    boolean isLeased(OpenFile file) {
        return locks.keySet().stream().anyMatch(key -> key.file() == file && key.kind() == FileLock.LEASE);
    }

    static Account account() {
        return new Account(
                        "file lock",
                        "fdinfo",
                        "fcntl(2) with F_SETLK, F_OFD_SETLK or F_SETLEASE, or flock(2), by who holds it; --file-locks",
                        "FileLockEntry")
                .refusing("holds a lock of a kind that is not known: *", "holds a file lock: *");
    }

    /** Those that a process is to take. */
    void list(SeizedProcess process, TreeObjects objects) {
        for (Held held : locks.values()) {
            if (held.process == process) {
                objects.add(account().what(), process.pid(), held.describe());
            }
        }
    }

    void inspect(FileInspection inspection) {
        DumpOptions options = inspection.options();
        for (Held held : locks.values()) {
            String object = held.describe();
            if (held.lock.kind() == 0) {
                inspection
                        .refusals()
                        .add(
                                held.process.pid(),
                                object,
                                "holds a lock of a kind that is not known: " + held.lock.text(),
                                "release it before the dump");
            } else if (!options.files().locks()) {
                inspection
                        .refusals()
                        .add(
                                held.process.pid(),
                                object,
                                "holds a file lock: " + held.lock.text(),
                                "give --file-locks (-l), or release the lock before the dump");
            }
        }
    }

    /** Writes those that a process is to take. */
    void capture(SeizedProcess process, TreeImage tree) {
        List<Held> own = new ArrayList<>(locks.values());
        own.removeIf(held -> held.process != process);
        int pid = TreeNamespaces.of(tree).pidInside(process.pid());
        for (Held held : own) {
            tree.addFileLock(held.lock.entry(pid, held.descriptor.fd()));
        }
    }
}
