package io.baton.task.suspend;

import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.Set;

/**
 * {@code libbaton-task.so}, which this jar carries; {@code native/task/baton_task.h} says what its functions do. It is
 * unpacked into a file that stays, for an image of the process names the files it maps. The system property {@code
 * baton.task.library} names another one to load.
 */
final class TaskLibrary {
    private static final String PROPERTY = "baton.task.library";
    private static final String NAME = "libbaton-task.so";
    private static final Set<PosixFilePermission> OURS = PosixFilePermissions.fromString("rwx------");

    static {
        final String chosen = System.getProperty(PROPERTY);
        Native.register(
                TaskLibrary.class,
                NativeLibrary.getInstance(chosen == null ? unpacked().toString() : chosen));
    }

    private TaskLibrary() {}

    /** Its options, {@code struct baton_checkpoint_options}, are in memory of the caller's. */
    static native int baton_checkpoint(String images, Pointer options);

    private static Path unpacked() {
        try (InputStream carried = TaskLibrary.class.getResourceAsStream(NAME)) {
            if (carried == null) {
                throw new UnsatisfiedLinkError(NAME + " is not in the jar; name it by -D" + PROPERTY);
            }
            final byte[] content = carried.readAllBytes();
            final Path directory = directory();
            final Path file = directory.resolve(Integer.toHexString(Arrays.hashCode(content)) + '-' + NAME);
            if (!Files.exists(file)) {
                final Path fresh = Files.createTempFile(directory, NAME, null);
                Files.write(fresh, content);
                Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
            }
            return file;
        } catch (final IOException e) {
            throw new UncheckedIOException("cannot unpack " + NAME, e);
        }
    }

    /** Closed to others, who could else put a library of theirs there. */
    private static Path directory() throws IOException {
        final String user = System.getProperty("user.name");
        final Path directory = Path.of(System.getProperty("java.io.tmpdir"), "baton-task-" + user);
        try {
            Files.createDirectory(directory, PosixFilePermissions.asFileAttribute(OURS));
        } catch (final FileAlreadyExistsException e) {
            final PosixFileAttributes found =
                    Files.readAttributes(directory, PosixFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
            if (!found.isDirectory()
                    || !found.permissions().equals(OURS)
                    || !found.owner().getName().equals(user)) {
                throw new IOException(directory + " is not ours alone", e);
            }
        }
        return directory;
    }
}
