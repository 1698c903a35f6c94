package io.baton.coordinator.state.memory;

import io.baton.task.linux.Fd;
import io.baton.task.linux.Files;
import io.baton.task.linux.LinuxException;
import io.baton.task.linux.Memory;
import java.util.List;
import java.util.stream.IntStream;
import org.agrona.BitUtil;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * The build id of a 64-bit ELF file: the note {@code NT_GNU_BUILD_ID} that the linker leaves. Source: {@code elf(5)}.
 */
final class BuildId {
    private static final int ELF_MAGIC = 0x464c_457f;
    private static final int CLASS_OFFSET = 4;
    private static final int CLASS_64 = 2;
    private static final int PROGRAM_HEADERS_OFFSET = 32;
    private static final int PROGRAM_HEADER_LENGTH = 56;
    private static final int PROGRAM_HEADER_LENGTH_OFFSET = 54;
    private static final int PROGRAM_HEADER_COUNT_OFFSET = 56;
    private static final int ELF_HEADER_LENGTH = 64;
    private static final int PT_NOTE = 4;
    private static final int NT_GNU_BUILD_ID = 3;
    private static final int GNU = 0x0055_4e47;
    private static final int NOTE_HEADER_LENGTH = 12;
    private static final int LONGEST = 4096;
    private static final int MOST_PROGRAM_HEADERS = LONGEST / PROGRAM_HEADER_LENGTH;

    private BuildId() {}

    /** The build id as CRIU has it, words of 32 bits padded with zeros; empty if the file has none or is no ELF file. */
    static List<Integer> of(String path) {
        try (Fd fd = Files.open(path, Files.O_RDONLY | Files.O_CLOEXEC | Files.O_NOCTTY | Files.O_NONBLOCK);
                Memory memory = Memory.allocate(ELF_HEADER_LENGTH + 2 * LONGEST)) {
            return of(fd.number(), memory);
        } catch (LinuxException e) {
            return List.of();
        }
    }

    private static List<Integer> of(int fd, Memory memory) {
        UnsafeBuffer header = memory.buffer();
        if (Files.pread(fd, memory.address(), ELF_HEADER_LENGTH, 0) < ELF_HEADER_LENGTH
                || header.getInt(0) != ELF_MAGIC
                || header.getByte(CLASS_OFFSET) != CLASS_64
                || header.getShort(PROGRAM_HEADER_LENGTH_OFFSET) != PROGRAM_HEADER_LENGTH) {
            return List.of();
        }
        int count = Math.min(header.getShort(PROGRAM_HEADER_COUNT_OFFSET) & 0xffff, MOST_PROGRAM_HEADERS);
        long table = header.getLong(PROGRAM_HEADERS_OFFSET);
        int read = Files.pread(fd, memory.address() + ELF_HEADER_LENGTH, count * PROGRAM_HEADER_LENGTH, table);
        for (int at = 0; at + PROGRAM_HEADER_LENGTH <= read; at += PROGRAM_HEADER_LENGTH) {
            int segment = ELF_HEADER_LENGTH + at;
            if (header.getInt(segment) == PT_NOTE) {
                int start = ELF_HEADER_LENGTH + LONGEST;
                int length = (int) Math.min(header.getLong(segment + 32), LONGEST);
                int notes = Files.pread(fd, memory.address() + start, length, header.getLong(segment + 8));
                List<Integer> id = inNotes(header, start, start + notes);
                if (!id.isEmpty()) {
                    return id;
                }
            }
        }
        return List.of();
    }

    /** A note is three words (length of name, length of contents, type), the name, the contents; each padded to words. */
    private static List<Integer> inNotes(UnsafeBuffer notes, int from, int end) {
        int at = from;
        while (at + NOTE_HEADER_LENGTH <= end) {
            int name = notes.getInt(at);
            int length = notes.getInt(at + 4);
            int contents = at + NOTE_HEADER_LENGTH + BitUtil.align(name, 4);
            if (name < 0 || length < 0 || name > LONGEST || length > LONGEST || contents + length > end) {
                return List.of();
            }
            if (notes.getInt(at + 8) == NT_GNU_BUILD_ID && name == 4 && notes.getInt(at + NOTE_HEADER_LENGTH) == GNU) {
                int first = contents;
                return IntStream.range(0, (length + 3) / 4)
                        .mapToObj(i -> word(notes, first + 4 * i, first + length))
                        .toList();
            }
            at = contents + BitUtil.align(length, 4);
        }
        return List.of();
    }

    private static Integer word(UnsafeBuffer buffer, int at, int end) {
        int word = 0;
        for (int i = at; i < Math.min(at + 4, end); i++) {
            word |= (buffer.getByte(i) & 0xff) << (8 * (i - at));
        }
        return word;
    }
}
