package io.baton.coordinator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.baton.task.linux.Memory;
import io.baton.task.linux.ProcFs;
import io.baton.task.linux.ProcMap;
import io.baton.task.linux.ProcessMemory;
import java.io.RandomAccessFile;
import java.nio.ByteOrder;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The victim {@code writer}, and what can be asked of it; also after it was restored, for its words are in a file. */
public final class Writer implements AutoCloseable {
    /** What it can be told to do. */
    public enum Command {
        CHECK(1),
        REMAP(2),
        MOVE(3),
        GROW(4),
        FORK(5),
        EXEC(6),
        DISCARD(7),
        KERNEL(8),
        PROTECT(9);

        private final int number;

        Command(int number) {
            this.number = number;
        }
    }

    public static final int PAGE = 4096;

    private static final int READY = 0;
    private static final int COMMAND = 1;
    private static final int DONE = 2;
    private static final int ERRORS = 3;
    private static final int WRITES = 4;
    private static final int IDLE = 5;
    private static final int FILE_PAGES = 66;
    private static final int RSEQ_LENGTH = 32;

    private final Victim victim;
    private final MappedByteBuffer words;
    private long commands;

    private Writer(Victim victim, MappedByteBuffer words) {
        this.victim = victim;
        this.words = words;
    }

    public static Writer start(Path control, int pages, long seed) throws Exception {
        try (RandomAccessFile file = new RandomAccessFile(control.toFile(), "rw")) {
            file.setLength((long) FILE_PAGES * PAGE);
            MappedByteBuffer words = file.getChannel().map(FileChannel.MapMode.READ_WRITE, 0, 2 * PAGE);
            words.order(ByteOrder.LITTLE_ENDIAN);
            Victim victim = Victim.start("writer", control, pages, seed);
            Writer writer = new Writer(victim, words);
            Victim.await(() -> writer.get(0, READY) == 1);
            return writer;
        }
    }

    public int pid() {
        return victim.pid();
    }

    private long get(int process, int word) {
        return words.getLong(process * PAGE + word * Long.BYTES);
    }

    private void set(int process, int word, long value) {
        words.putLong(process * PAGE + word * Long.BYTES, value);
    }

    /** Tells the first process, or its child, to do something, and waits until it has. */
    public void tell(int process, Command command) throws Exception {
        long wanted = ++commands << 8 | command.number;
        set(process, COMMAND, wanted);
        Victim.await(() -> get(process, DONE) == wanted, () -> command + " by process " + process);
        if (command == Command.FORK) {
            Victim.await(() -> get(1, READY) == 1);
        }
    }

    /** Has it look whether all is there that it has ever written. */
    public void check(int process) throws Exception {
        tell(process, Command.CHECK);
        assertEquals(0, get(process, ERRORS));
    }

    /** Waits until it has written so much more. */
    public void awaitWrites(int process, long more) throws Exception {
        long enough = get(process, WRITES) + more;
        Victim.await(() -> get(process, WRITES) >= enough);
    }

    /** Lets it write no more, or again; nothing of it changes in between but what it is told to do. */
    public void idle(int process, boolean idle) throws Exception {
        set(process, IDLE, idle ? 1 : 0);
        if (idle) {
            tell(process, Command.CHECK); // so that it has seen it
        }
    }

    /**
     * The pages of all private writable mappings of a process that does nothing, by address; without its stack, on which
     * it does even that.
     */
    public static Map<String, byte[]> memory(int pid) {
        Map<String, byte[]> memory = new TreeMap<>();
        try (ProcFs proc = new ProcFs();
                Memory page = Memory.allocate(PAGE)) {
            for (ProcMap map : proc.maps(pid)) {
                if (map.shared() || (map.protection() & 2) == 0 || map.path().startsWith("[stack")) {
                    continue;
                }
                for (long at = map.start(); at < map.end(); at += PAGE) {
                    byte[] bytes = new byte[PAGE];
                    ProcessMemory.read(pid, at, page.address(), PAGE);
                    page.buffer().getBytes(0, bytes);
                    memory.put(Long.toHexString(at), bytes);
                }
            }
        }
        return memory;
    }

    /**
     * Compares. In one page the kernel itself writes, whenever the process is put on a processor: the area of rseq(2).
     */
    public static void assertSame(Map<String, byte[]> expected, int pid) {
        Map<String, byte[]> found = memory(pid);
        assertEquals(expected.keySet(), found.keySet());
        List<String> different = new ArrayList<>();
        expected.forEach((page, bytes) -> {
            int first = Arrays.mismatch(bytes, found.get(page));
            if (first >= 0) {
                int from = first / RSEQ_LENGTH * RSEQ_LENGTH;
                Arrays.fill(bytes, from, from + RSEQ_LENGTH, (byte) 0);
                Arrays.fill(found.get(page), from, from + RSEQ_LENGTH, (byte) 0);
                different.add(Arrays.equals(bytes, found.get(page)) ? "rseq" : page);
            }
        });
        assertTrue(different.isEmpty() || different.equals(List.of("rseq")), different.toString());
    }

    @Override
    public void close() {
        victim.close();
    }
}
