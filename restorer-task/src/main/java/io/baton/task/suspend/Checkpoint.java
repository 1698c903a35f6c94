package io.baton.task.suspend;

import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import com.sun.jna.StringArray;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Checkpoints this JVM, or the hierarchy of processes it belongs to, into an image that {@code baton restore} brings
 * back. Like {@code fork}, it returns twice. All threads stand still meanwhile; the one that calls must be able to wait.
 *
 * <pre>{@code
 * if (Checkpoint.self(Path.of("image")) == 0) {
 *     reconnect(); // in the JVM that was restored
 * }
 * }</pre>
 */
public final class Checkpoint {
    private static final int ROOT_OFFSET = 0;
    private static final int COMMAND_OFFSET = 8;
    private static final int LOG_OFFSET = 16;
    private static final int ARGUMENTS_OFFSET = 24;
    private static final int OPTIONS_LENGTH = 32;
    /** As in {@code baton_task.h}. */
    private static final int NOT_DUMPED = 0x10000;

    private Checkpoint() {}

    /**
     * What to checkpoint, and by what.
     *
     * @param root pid of the hierarchy's root; 0: this process
     * @param command the launcher; null: {@code $BATON}, else {@code baton} in the path
     * @param arguments more options of {@code baton dump}, at most 32
     */
    public record Options(int root, @Nullable String command, List<String> arguments) {
        /** This process, by the launcher in the path. */
        public static final Options DEFAULT = new Options(0, null, List.of());
    }

    /**
     * Checkpoints this process.
     *
     * @param images directory, made if it is not there
     * @return the checkpoint's id, positive; 0 in the process that was restored from the image
     * @throws CheckpointException if there is no image; all runs on as before
     */
    public static int self(Path images) {
        return self(images, Options.DEFAULT);
    }

    /**
     * Checkpoints this process, or the hierarchy it belongs to: the others in it must be in a frozen cgroup then.
     *
     * @see #self(Path)
     */
    public static int self(Path images, Options options) {
        TaskLibrary.load();
        Path log = logFile();
        try (Memory command = text(options.command());
                Memory said = text(log.toString());
                Memory memory = new Memory(OPTIONS_LENGTH)) {
            StringArray arguments = new StringArray(options.arguments().toArray(new String[0]));
            memory.setInt(ROOT_OFFSET, options.root());
            memory.setPointer(COMMAND_OFFSET, options.command() == null ? Pointer.NULL : command);
            memory.setPointer(LOG_OFFSET, said);
            memory.setPointer(ARGUMENTS_OFFSET, arguments);
            int result = TaskLibrary.baton_checkpoint(images.toString(), memory);
            if (result < 0) {
                throw failure(-result, Files.readString(log));
            }
            return result;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            delete(log);
        }
    }

    private static CheckpointException failure(int result, String said) {
        if ((result & NOT_DUMPED) != 0) {
            return new CheckpointException(said.isBlank() ? "the dump failed" : said.strip(), result & ~NOT_DUMPED);
        }
        return new CheckpointException("the coordinator cannot be started: errno " + result, 0);
    }

    private static Memory text(@Nullable String text) {
        byte[] bytes = Native.toByteArray(text == null ? "" : text, "UTF-8");
        Memory memory = new Memory(bytes.length);
        memory.write(0, bytes, 0, bytes.length);
        return memory;
    }

    /** A name only: were it open, it would be in the image. */
    private static Path logFile() {
        try {
            return Files.createTempFile("baton-checkpoint", ".log");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** In the process that was restored it may be gone already. */
    private static void delete(Path log) {
        try {
            Files.deleteIfExists(log);
        } catch (IOException e) {
            log.toFile().deleteOnExit();
        }
    }
}
