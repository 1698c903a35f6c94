package io.baton.coordinator;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/**
 * A log that programs append lines {@code NAME N} to, read while they do: for each name the numbers must be 1, 2, 3 and so
 * on, whatever is done to the programs. A gap is a line lost, a smaller number a line doubled or a program begun anew.
 */
final class Sequences implements AutoCloseable {
    private static final int AT_ONCE = 1 << 16;
    private static final String FAILED = "-failed";

    private final RandomAccessFile file;
    private final Map<String, Long> last = new TreeMap<>();
    private final byte[] buffer = new byte[AT_ONCE];
    private String rest = "";

    /** Reads from the beginning; the file may be empty but must be there. */
    Sequences(Path log) throws IOException {
        file = new RandomAccessFile(log.toFile(), "r");
    }

    /**
     * The last number of each name, after what has been written until now.
     *
     * @throws AssertionError at the first line that is not the next of its name
     */
    Map<String, Long> read() throws IOException {
        while (true) {
            int length = file.read(buffer);
            if (length <= 0) {
                return new TreeMap<>(last);
            }
            String text = rest + new String(buffer, 0, length, StandardCharsets.US_ASCII);
            int end = text.lastIndexOf('\n') + 1;
            text.substring(0, end).lines().forEach(this::check);
            rest = text.substring(end);
        }
    }

    private void check(String line) {
        String[] words = line.split(" ", -1);
        if (words.length != 2 || words[0].endsWith(FAILED)) {
            throw new AssertionError("not a number in sequence: \"" + line + '"');
        }
        long before = last.getOrDefault(words[0], 0L);
        if (!words[1].equals(Long.toString(before + 1))) {
            throw new AssertionError(words[0] + ": after " + before + " comes " + words[1]);
        }
        last.put(words[0], before + 1);
    }

    /** Waits until so many names have gone on. */
    void awaitProgress(int names) throws Exception {
        Map<String, Long> before = read();
        Victim.await(
                () -> {
                    Map<String, Long> now = read();
                    return now.size() == names
                            && now.entrySet().stream()
                                    .allMatch(name -> name.getValue() > before.getOrDefault(name.getKey(), 0L));
                },
                () -> "all " + names + " go on: " + before + ", then " + last);
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
