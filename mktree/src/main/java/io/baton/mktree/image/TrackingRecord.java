package io.baton.mktree.image;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * What an image knows of the writes that are watched for since it was made, and of the image it builds on. As text, in
 * ASCII:
 *
 * <pre>
 * baton-tracking 1
 * run 0b5c...                 the dump that wrote the image, as in its inventory
 * parent 77f0...              the same of the image it builds on, - if none
 * keeper 812 90210            pid and start time of who holds the descriptors, 0 0 if nobody does
 * process 700 90100 4         pid and start time of a process watched, the keeper's descriptor for it
 * </pre>
 *
 * @param run of the image itself
 * @param parentRun of the image it builds on, empty if none
 * @param keeper pid of the keeper, 0 if there is none
 * @param keeperStart when it was started, in clock ticks since boot
 * @param processes that are watched
 */
public record TrackingRecord(
        String run, String parentRun, int keeper, long keeperStart, List<TrackedProcess> processes) {
    /** Name of the file within an image directory. */
    public static final String FILE_NAME = "baton.tracking";

    private static final String FIRST = "baton-tracking 1";
    private static final String NONE = "-";
    private static final Pattern RUN = Pattern.compile("[0-9a-zA-Z-]{1,64}");
    private static final int HEAD_LINES = 4;
    private static final int MOST_BYTES = 64 << 20;

    public TrackingRecord {
        processes = List.copyOf(processes);
    }

    /**
     * A process watched.
     *
     * @param pid of it
     * @param start when it was started, in clock ticks since boot
     * @param fd of the keeper
     */
    public record TrackedProcess(int pid, long start, int fd) {}

    /** {@return the record of an image, if it has one} */
    public static Optional<TrackingRecord> read(ImageDirectory image) throws IOException {
        Path file = image.path().resolve(FILE_NAME);
        try {
            long size = Files.size(file);
            if (size > MOST_BYTES) {
                throw damaged(file, "too long");
            }
            Optional<Manifest> manifest = image.manifest();
            if (manifest.isPresent()) {
                manifest.get().verifyRange(FILE_NAME, 0, size);
            }
            return Optional.of(parse(file, Files.readString(file, StandardCharsets.ISO_8859_1)));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
    }

    /** Writes it into an image that is not sealed yet. */
    public void write(ImageDirectory image) throws IOException {
        StringBuilder text = new StringBuilder(FIRST).append('\n');
        text.append("run ").append(run).append('\n');
        text.append("parent ").append(parentRun.isEmpty() ? NONE : parentRun).append('\n');
        text.append("keeper ").append(keeper).append(' ').append(keeperStart).append('\n');
        for (TrackedProcess process : processes) {
            text.append("process ").append(process.pid()).append(' ').append(process.start());
            text.append(' ').append(process.fd()).append('\n');
        }
        Path file = image.path().resolve(FILE_NAME);
        Files.deleteIfExists(file);
        Files.createFile(file, ImageDirectory.PRIVATE_FILE);
        Files.write(file, text.toString().getBytes(StandardCharsets.ISO_8859_1));
    }

    private static TrackingRecord parse(Path file, String text) throws ImageException {
        List<String> lines = text.lines().toList();
        if (lines.size() < HEAD_LINES || !lines.get(0).equals(FIRST) || !text.endsWith("\n")) {
            throw damaged(file, "no head, or of another version");
        }
        String run = run(file, lines.get(1), "run ");
        String parent = run(file, lines.get(2), "parent ");
        long[] keeper = numbers(file, lines.get(3), "keeper ", 2);
        List<TrackedProcess> processes = new ArrayList<>();
        for (String line : lines.subList(HEAD_LINES, lines.size())) {
            long[] process = numbers(file, line, "process ", 3);
            processes.add(new TrackedProcess((int) process[0], process[1], (int) process[2]));
        }
        return new TrackingRecord(run, parent.equals(NONE) ? "" : parent, (int) keeper[0], keeper[1], processes);
    }

    private static String run(Path file, String line, String key) throws ImageException {
        String value = line.startsWith(key) ? line.substring(key.length()) : "";
        if (!RUN.matcher(value).matches()) {
            throw damaged(file, "line=" + line);
        }
        return value;
    }

    private static long[] numbers(Path file, String line, String key, int count) throws ImageException {
        String[] parts = line.startsWith(key) ? line.substring(key.length()).split(" ", -1) : new String[0];
        long[] values = new long[count];
        try {
            for (int i = 0; i < count; i++) {
                values[i] = parts.length == count ? Long.parseLong(parts[i]) : -1;
            }
        } catch (NumberFormatException e) {
            throw damaged(file, "line=" + line);
        }
        for (int i = 0; i < count; i++) {
            boolean small = i == 1 || values[i] <= Integer.MAX_VALUE; // the second is a time
            if (values[i] < 0 || !small) {
                throw damaged(file, "line=" + line);
            }
        }
        return values;
    }

    private static ImageException damaged(Path file, String reason) {
        return new ImageException(file, 0, "record of what is watched is damaged: " + reason);
    }
}
