package io.baton.mktree.launch;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What the native module has built, as bytes: small enough to be read from its jar at every start. */
public final class NativeFiles {
    /** Offset in the runner's text where a seized thread is sent on dump. */
    public static final int ASK_OFFSET = 16;

    /** Names a directory with the same files: the classes that read out of jars are many. */
    private static final String DIRECTORY = "baton.start";

    private static final String FOLDER = "/io/baton/native/";
    private static final int SYSCALL_INSTRUCTION = 0x050f;

    private NativeFiles() {}

    /** The runner's text, position independent. */
    public static byte[] runner() {
        return read("runner.bin");
    }

    /** The helper, a static executable. */
    public static byte[] helper() {
        return read("baton-helper");
    }

    /** The keeper, a static executable. */
    public static byte[] keeper() {
        return read("baton-keeper");
    }

    /** The guard of a freezer group, a static executable. */
    public static byte[] guard() {
        return read("baton-guard");
    }

    /** A program of baton bench. */
    public static byte[] bench(final String name) {
        return read("bench/" + name);
    }

    /** Offset of a system call instruction in the runner's text, for calls made from outside by ptrace. */
    public static int syscallOffset(final byte[] runner) {
        for (int i = 0; i + 1 < runner.length; i++) {
            if (((runner[i] & 0xff) | ((runner[i + 1] & 0xff) << Byte.SIZE)) == SYSCALL_INSTRUCTION) {
                return i;
            }
        }
        throw new IllegalStateException("no system call in the runner: length=" + runner.length);
    }

    private static byte[] read(final String name) {
        final String directory = System.getProperty(DIRECTORY);
        if (directory != null) {
            try {
                return Files.readAllBytes(Path.of(directory, name));
            } catch (final IOException e) {
                // Somebody cleans up: the jar has it too.
            }
        }
        try (InputStream stream = NativeFiles.class.getResourceAsStream(FOLDER + name)) {
            if (stream == null) {
                throw new IllegalStateException("not on the class path, was the native module built? file=" + name);
            }
            return stream.readAllBytes();
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
