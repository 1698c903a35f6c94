package io.baton.mktree.image;

import io.baton.task.linux.ProcessName;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.LinkedHashMap;
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
        for (Map.Entry<String, FileChecksum> named : new TreeMap<>(files).entrySet()) {
            FileChecksum file = named.getValue();
            text.append(named.getKey()).append(' ').append(file.size()).append(' ');
            for (int i = 0; i < file.chunks().length; i++) {
                text.append(i == 0 ? "" : ",").append(hex(file.chunks()[i]));
            }
            text.append(file.chunks().length == 0 ? "-\n" : "\n");
        }
        byte[] bytes = text.toString().getBytes(StandardCharsets.ISO_8859_1);
        String end = LAST + files.size() + ' ' + hex(crc(bytes, bytes.length)) + '\n';
        return text.append(end).toString();
    }

    static Map<String, FileChecksum> parse(Path path) throws IOException {
        byte[] bytes = Files.readAllBytes(path);
        String text = new String(bytes, StandardCharsets.ISO_8859_1);
        if (text.startsWith(UNFINISHED)) {
            throw new ImageException(path, 0, "the dump that wrote this image did not finish");
        }
        int end = text.lastIndexOf('\n', text.length() - 2) + 1;
        checkEnd(path, bytes, text, end);
        int from = text.indexOf('\n') + 1;
        if (from > end || !text.substring(0, from - 1).equals(FIRST)) {
            throw new ImageException(path, 0, "manifest of another version: found=" + text.substring(0, from - 1));
        }
        Map<String, FileChecksum> files = new LinkedHashMap<>();
        String last = "";
        while (from < end) {
            int to = text.indexOf('\n', from);
            String name = parseLine(path, text, from, to, files);
            if (name.compareTo(last) <= 0) {
                throw new ImageException(path, from, "manifest names files twice or out of order: name=" + name);
            }
            last = name;
            from = to + 1;
        }
        if (!text.startsWith(LAST + files.size() + ' ', end)) {
            throw damaged(path, end);
        }
        return files;
    }

    private static void checkEnd(Path path, byte[] bytes, String text, int end) throws ImageException {
        int sum = text.lastIndexOf(' ') + 1;
        if (!text.endsWith("\n")
                || !text.startsWith(LAST, end)
                || sum <= end
                || !text.substring(sum, text.length() - 1).equals(hex(crc(bytes, end)))) {
            throw damaged(path, end);
        }
    }

    private static ImageException damaged(Path path, int at) {
        return new ImageException(path, at, "manifest is damaged or cut short");
    }

    private static String parseLine(Path path, String text, int from, int to, Map<String, FileChecksum> files)
            throws ImageException {
        int size = text.indexOf(' ', from) + 1;
        int sums = text.indexOf(' ', size) + 1;
        if (size == 0 || sums == 0 || sums > to || !isName(text, from, size - 1)) {
            throw new ImageException(path, 0, "manifest line of another shape: line=" + text.substring(from, to));
        }
        String name = text.substring(from, size - 1);
        try {
            long bytes = Long.parseLong(text, size, sums - 1, 10);
            if (bytes < 0 || bytes > (long) Integer.MAX_VALUE * FileChecksum.CHUNK) {
                throw contradiction(path, text, from, to);
            }
            int[] chunks = new int[FileChecksum.count(bytes)];
            int at = sums;
            for (int i = 0; i < chunks.length; i++) {
                int comma = i == chunks.length - 1 ? to : text.indexOf(',', at);
                if (comma < 0 || comma > to) {
                    throw contradiction(path, text, from, to);
                }
                chunks[i] = Integer.parseUnsignedInt(text, at, comma, 16);
                at = comma + 1;
            }
            if (chunks.length == 0 && !text.substring(sums, to).equals("-")) {
                throw contradiction(path, text, from, to);
            }
            files.put(name, new FileChecksum(bytes, chunks));
            return name;
        } catch (NumberFormatException e) {
            throw new ImageException(
                    path, 0, "manifest line without a number where one belongs: line=" + text.substring(from, to), e);
        }
    }

    private static ImageException contradiction(Path path, String text, int from, int to) {
        return new ImageException(path, 0, "manifest line contradicts itself: line=" + text.substring(from, to));
    }

    /** Whether a name can stand in the manifest: no way out of the directory, and no separator of ours. */
    static boolean isName(String name) {
        return isName(name, 0, name.length());
    }

    private static boolean isName(String text, int from, int to) {
        for (int i = from; i < to; i++) {
            char c = text.charAt(i);
            if (c <= ' ' || c >= 0x7f || c == '/') {
                return false;
            }
        }
        return from < to && text.charAt(from) != '.';
    }

    private static int crc(byte[] bytes, int length) {
        CRC32C crc = new CRC32C();
        crc.update(bytes, 0, length);
        return (int) crc.getValue();
    }

    private static String hex(int value) {
        return HexFormat.of().toHexDigits(value);
    }
}
