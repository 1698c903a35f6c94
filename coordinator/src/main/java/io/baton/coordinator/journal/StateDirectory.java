package io.baton.coordinator.journal;

import io.baton.task.linux.Errno;
import io.baton.task.linux.Identity;
import io.baton.task.linux.LinuxException;
import io.baton.task.linux.ProcessName;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Where journals are kept, a directory for each operation; the oldest go when there are too many. */
public final class StateDirectory {
    static final FileAttribute<?> PRIVATE_FILE =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));
    static final FileAttribute<?> PRIVATE_DIRECTORY =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));

    /** So many operations are kept. */
    static final int MOST_OPERATIONS = 64;

    /** So many more may there be before an operation that begins takes the time to remove them. */
    static final int SLACK = 8;

    /** Bytes that all of them may use on disk. */
    static final long MOST_BYTES = 256L * 1024 * 1024;

    private static final int MODE = 0700;
    private static final int TRIES = 100;

    private final Path path;

    private StateDirectory(final Path path) {
        this.path = path;
    }

    /** That directory. */
    public static StateDirectory at(final Path path) {
        return new StateDirectory(path.toAbsolutePath().normalize());
    }

    /**
     * The usual one: {@code BATON_STATE_DIR}; for root {@code /var/lib/baton/operations}; for others below
     * {@code XDG_STATE_HOME}.
     */
    public static StateDirectory standard() {
        return standard(System.getenv(), Identity.uid());
    }

    public static StateDirectory standard(final Map<String, String> environment, final int uid) {
        final String chosen = environment.getOrDefault("BATON_STATE_DIR", "");
        if (!chosen.isEmpty()) {
            return at(Path.of(chosen));
        }
        if (uid == 0) {
            return at(Path.of("/var/lib/baton/operations"));
        }
        final String state = environment.getOrDefault("XDG_STATE_HOME", "");
        final Path home = Path.of(environment.getOrDefault("HOME", "/"));
        final Path base =
                state.startsWith("/") ? Path.of(state) : home.resolve(".local").resolve("state");
        return at(base.resolve("baton").resolve("operations"));
    }

    /** Where it lies. */
    public Path path() {
        return path;
    }

    /**
     * Begins the journal of an operation, in a spool.
     *
     * @throws LinuxException when there is no place to write it
     */
    public JournalWriter begin() {
        final Path directory = make();
        final Spool spool;
        try {
            spool = Spool.create(directory.resolve(OperationJournal.SPOOL), Spool.LARGEST);
        } catch (final LinuxException e) {
            discard(directory);
            throw e;
        }
        return new JournalWriter(spool, ProcessName.own());
    }

    private static void discard(final Path directory) {
        try {
            new OperationJournal(directory).delete();
        } catch (final IOException e) {
            // Then an empty one stays, until it is the oldest.
        }
    }

    private Path make() {
        makeAll(path);
        if (names().length >= MOST_OPERATIONS + SLACK) {
            limit(MOST_OPERATIONS - 1);
        }
        long millis = System.currentTimeMillis();
        for (int i = 0; i < TRIES; i++) {
            final Path directory = path.resolve(id(millis, Identity.pid()));
            if (makeDirectory(directory)) {
                return directory;
            }
            millis++;
        }
        throw new LinuxException("mkdirat", Errno.EEXIST, path.toString());
    }

    /** In order of time when in order of letters. */
    static String id(final long millis, final int pid) {
        final LocalDateTime time = LocalDateTime.ofEpochSecond(Math.floorDiv(millis, 1000L), 0, ZoneOffset.UTC);
        final StringBuilder id = new StringBuilder();
        digits(id, time.getYear(), 4);
        digits(id, time.getMonthValue(), 2);
        digits(id, time.getDayOfMonth(), 2);
        id.append('-');
        digits(id, time.getHour(), 2);
        digits(id, time.getMinute(), 2);
        digits(id, time.getSecond(), 2);
        id.append('.');
        digits(id, (int) Math.floorMod(millis, 1000L), 3);
        return id.append('-').append(pid).toString();
    }

    private static void digits(final StringBuilder text, final int number, final int count) {
        final String digits = Integer.toString(number);
        text.append("0".repeat(Math.max(0, count - digits.length()))).append(digits);
    }

    private static void makeAll(final Path directory) {
        final Path parent = directory.getParent();
        if (Files.isDirectory(directory)) {
            return;
        }
        if (parent != null) {
            makeAll(parent);
        }
        makeDirectory(directory);
    }

    /** False when it was there already. */
    private static boolean makeDirectory(final Path directory) {
        try {
            io.baton.task.linux.Files.makeDirectoryAt(io.baton.task.linux.Files.AT_FDCWD, directory.toString(), MODE);
            return true;
        } catch (final LinuxException e) {
            if (e.errno() == Errno.EEXIST) {
                return false;
            }
            throw e;
        }
    }

    /** All operations, the newest first. */
    public List<OperationJournal> list() {
        final String[] names = names();
        Arrays.sort(names, Collections.reverseOrder());
        final List<OperationJournal> found = new ArrayList<>(names.length);
        for (final String name : names) {
            if (!name.isEmpty() && Character.isDigit(name.charAt(0))) {
                found.add(new OperationJournal(path.resolve(name)));
            }
        }
        return found;
    }

    private String[] names() {
        final String[] names = path.toFile().list();
        return names == null ? new String[0] : names;
    }

    /** The operation whose id is that or begins so, the newest of them; null when there is none. */
    public @Nullable OperationJournal find(final String id) {
        for (final OperationJournal operation : list()) {
            if (operation.id().startsWith(id)) {
                return operation;
            }
        }
        return null;
    }

    /** The newest operation on the image in that directory; null when there is none. */
    public @Nullable OperationJournal newestOf(final Path images) throws IOException {
        final Path wanted = real(images);
        for (final OperationJournal operation : list()) {
            final Path of = operation.glance().images();
            if (of != null && real(of).equals(wanted)) {
                return operation;
            }
        }
        return null;
    }

    private static Path real(final Path path) {
        try {
            return path.toRealPath();
        } catch (final IOException e) {
            return path.toAbsolutePath().normalize();
        }
    }

    /** Removes the oldest operations: as many as there are too many, and as use too much. None that is under way. */
    public void prune() throws IOException {
        limit(MOST_OPERATIONS);
        long bytes = 0;
        for (final OperationJournal operation : list()) {
            bytes += operation.size();
            if (bytes > MOST_BYTES && !operation.isUnderWay()) {
                operation.delete();
            }
        }
    }

    private void limit(final int most) {
        final List<OperationJournal> all = list();
        for (int i = most; i < all.size(); i++) {
            try {
                if (!all.get(i).isUnderWay()) {
                    all.get(i).delete();
                }
            } catch (final IOException e) {
                // Another's, or somebody else is at it: the next time.
            }
        }
    }
}
