package io.baton.mktree.image;

import io.baton.task.linux.ProcessName;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * The manifest as text, in ASCII, a line per file in the order of their names:
 *
 * <pre>
 * baton-manifest 1 1048576            version, bytes under one checksum
 * core-100.img 2363 09ab3c4d          name, size in bytes, CRC32C of each chunk in hexadecimal, with commas between
 * pages-1.img 1200000 5be3a201,77f0e1c2
 * end 2 4c11db7f                      number of files, CRC32C of all the bytes before this line
 * </pre>
 *
 * An empty file has {@code -} for its checksums. While a dump is under way the file holds one line alone, that says who
 * dumps ({@link ProcessName}) and whether the directory was made for it:
 *
 * <pre>
 * baton-manifest unfinished made 4711 8872311 4026531836 4c0f...
 * </pre>
 */
final class ManifestText {
    private static final String UNFINISHED = "baton-manifest unfinished";
    private static final String MADE = " made ";
    private static final String FOUND = " found ";
    private static final String FIRST = "baton-manifest 1 " + FileChecksum.CHUNK;
    private static final String LAST = "end ";

    private ManifestText() {}

    static String unfinished(boolean made, ProcessName writer) {
        return UNFINISHED + (made ? MADE : FOUND) + writer + '\n';
    }

    /** What the line of a dump under way says, or null when the text is something else. */
    static @Nullable Unfinished parseUnfinished(String text) {
        if (!text.startsWith(UNFINISHED) || !text.endsWith("\n")) {
            return null;
        }
        String rest = text.substring(UNFINISHED.length(), text.length() - 1);
        boolean made = rest.startsWith(MADE);
        if (!made && !rest.startsWith(FOUND)) {
            return null;
        }
        ProcessName writer = ProcessName.parse(rest.substring(made ? MADE.length() : FOUND.length()));
        return writer == null ? null : new Unfinished(writer, made);
    }

    static String print(Map<String, FileChecksum> files) {
        StringBuilder text =
                new StringBuilder(64 * (files.size() + 2)).append(FIRST).append('\n');
        new TreeMap<>(files).forEach((name, file) -> {
            text.append(name).append(' ').append(file.size()).append(' ');
            for (int i = 0; i < file.chunks().length; i++) {
                text.append(i == 0 ? "" : ",").append(hex(file.chunks()[i]));
            }
            text.append(file.chunks().length == 0 ? "-\n" : "\n");
        });
        String end = LAST + files.size() + ' ' + hex(crc(text)) + '\n';
        return text.append(end).toString();
    }

    static Map<String, FileChecksum> parse(Path path) throws IOException {
        String text = Files.readString(path, StandardCharsets.ISO_8859_1);
        if (text.startsWith(UNFINISHED)) {
            throw new ImageException(path, 0, "the dump that wrote this image did not finish");
        }
        int end = text.lastIndexOf('\n', text.length() - 2) + 1;
        List<String> lines = lines(text);
        int count = lines.size() - 2;
        if (!text.endsWith("\n")
                || !lines.get(lines.size() - 1).equals(LAST + count + ' ' + hex(crc(text.substring(0, end))))) {
            throw new ImageException(path, end, "manifest is damaged or cut short");
        }
        if (!lines.get(0).equals(FIRST)) {
            throw new ImageException(path, 0, "manifest of another version: found=" + lines.get(0));
        }
        Map<String, FileChecksum> files = new TreeMap<>();
        for (String line : lines.subList(1, lines.size() - 1)) {
            parseLine(path, line, files);
        }
        return files;
    }

    private static List<String> lines(String text) {
        List<String> lines = new ArrayList<>();
        int from = 0;
        for (int to = text.indexOf('\n'); to >= 0; to = text.indexOf('\n', from)) {
            lines.add(text.substring(from, to));
            from = to + 1;
        }
        lines.add(text.substring(from));
        if (lines.size() > 1 && from == text.length()) {
            lines.remove(lines.size() - 1);
        }
        return lines;
    }

    private static void parseLine(Path path, String line, Map<String, FileChecksum> files) throws ImageException {
        String[] parts = line.split(" ", -1);
        try {
            if (parts.length != 3 || !isName(parts[0])) {
                throw new ImageException(path, 0, "manifest line of another shape: line=" + line);
            }
            long size = Long.parseLong(parts[1]);
            String[] sums = parts[2].equals("-") ? new String[0] : parts[2].split(",", -1);
            if (size < 0
                    || size > (long) Integer.MAX_VALUE * FileChecksum.CHUNK
                    || sums.length != FileChecksum.count(size)) {
                throw new ImageException(path, 0, "manifest line contradicts itself: line=" + line);
            }
            int[] chunks = new int[sums.length];
            for (int i = 0; i < sums.length; i++) {
                chunks[i] = Integer.parseUnsignedInt(sums[i], 16);
            }
            if (files.put(parts[0], new FileChecksum(size, chunks)) != null) {
                throw new ImageException(path, 0, "manifest names a file twice: name=" + parts[0]);
            }
        } catch (NumberFormatException e) {
            throw new ImageException(path, 0, "manifest line without a number where one belongs: line=" + line, e);
        }
    }

    /** Whether a name can stand in the manifest: no way out of the directory, and no separator of ours. */
    static boolean isName(String name) {
        return !name.isEmpty() && name.charAt(0) != '.' && name.chars().allMatch(c -> c > ' ' && c < 0x7f && c != '/');
    }

    private static int crc(CharSequence text) {
        CRC32C crc = new CRC32C();
        crc.update(ByteBuffer.wrap(text.toString().getBytes(StandardCharsets.ISO_8859_1)));
        return (int) crc.getValue();
    }

    private static String hex(int value) {
        final String digits = Integer.toHexString(value); // no Formatter: the first one costs milliseconds
        return "0".repeat(2 * Integer.BYTES - digits.length()) + digits;
    }
}
