package io.baton.coordinator.state.namespaces;

import io.baton.task.linux.Fd;
import io.baton.task.linux.Files;
import io.baton.task.linux.Memory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** Files the kernel makes up while they are read; many a value only comes whole if the first read takes all of it. */
final class VirtualFile {
    private static final int AT_ONCE = 128 * 1024;

    private VirtualFile() {}

    /** Target of a link. */
    static String link(String path) {
        try {
            return java.nio.file.Files.readSymbolicLink(Path.of(path)).toString();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Target of a link; empty if there is none. */
    static String linkIfThere(String path) {
        try {
            return java.nio.file.Files.readSymbolicLink(Path.of(path)).toString();
        } catch (IOException e) {
            return "";
        }
    }

    /** The whole text, byte for byte as ISO 8859-1, without the end of the last line. */
    static String text(String path) {
        StringBuilder text = new StringBuilder();
        try (Fd file = Files.open(path, Files.O_RDONLY | Files.O_CLOEXEC);
                Memory memory = Memory.allocate(AT_ONCE)) {
            int length;
            while ((length = Files.read(file.number(), memory.address(), AT_ONCE)) > 0) {
                byte[] bytes = new byte[length];
                memory.buffer().getBytes(0, bytes);
                text.append(new String(bytes, StandardCharsets.ISO_8859_1));
            }
        }
        return text.toString().stripTrailing();
    }
}
