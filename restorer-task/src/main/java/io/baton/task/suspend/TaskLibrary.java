package io.baton.task.suspend;

import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URL;
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
    private static final String JNA_PATH = "jna.boot.library.path";
    private static final String JNA_RESOURCE = "/com/sun/jna/linux-x86-64/";
    private static final String JNA_NAME = "libjnidispatch.so";
    private static final Set<PosixFilePermission> OURS = PosixFilePermissions.fromString("rwx------");

    static {
        placeJna();
        final String chosen = System.getProperty(PROPERTY);
        Native.register(
                TaskLibrary.class,
                NativeLibrary.getInstance(chosen == null ? unpacked("", NAME).toString() : chosen));
    }

    private TaskLibrary() {}

    /** Its options, {@code struct baton_checkpoint_options}, are in memory of the caller's. */
    static native int baton_checkpoint(String images, Pointer options);

    static native int baton_open();

    static native int baton_unregister();

    static native int baton_asked(int timeoutMillis);

    static native int baton_answer(int answer);

    static native int baton_complete();

    static native void baton_reason(String text);

    /** Sees to it that it is loaded; before anything else of JNA is used. */
    static void load() {
        // The static initializer has done it.
    }

    /** JNA's own library, which it would unpack into a file that it deletes at once; unless it was told where one is. */
    private static void placeJna() {
        if (System.getProperty(JNA_PATH) == null && System.getProperty("jna.nounpack") == null) {
            final URL carried = TaskLibrary.class.getResource(JNA_RESOURCE + JNA_NAME);
            if (carried != null) {
                System.setProperty(
                        JNA_PATH,
                        unpacked(JNA_RESOURCE, JNA_NAME).resolveSibling("").toString());
            }
        }
    }

    /** The file, in a directory named after what is in it. */
    private static Path unpacked(final String folder, final String name) {
        try (InputStream carried = TaskLibrary.class.getResourceAsStream(folder + name)) {
            if (carried == null) {
                throw new UnsatisfiedLinkError(name + " is not in the jar; name it by -D" + PROPERTY);
            }
            final byte[] content = carried.readAllBytes();
            final Path directory = directory(directory(base()).resolve(Integer.toHexString(Arrays.hashCode(content))));
            final Path file = directory.resolve(name);
            if (!Files.exists(file)) {
                final Path fresh = Files.createTempFile(directory, name, null);
                Files.write(fresh, content);
                Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
            }
            return file;
        } catch (final IOException e) {
            throw new UncheckedIOException("cannot unpack " + name, e);
        }
    }

    private static Path base() {
        return Path.of(System.getProperty("java.io.tmpdir"), "baton-task-" + System.getProperty("user.name"));
    }

    /** Closed to others, who could else put a library of theirs there. */
    private static Path directory(final Path directory) throws IOException {
        final String user = System.getProperty("user.name");
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
