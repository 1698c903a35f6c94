package io.baton.coordinator;

import io.baton.task.linux.Memory;
import io.baton.task.linux.PageMap;
import io.baton.task.linux.Signals;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteOrder;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/** A tree of {@code native/victims/cow.c}: what its tasks say of themselves, and which frames they have in common. */
final class CowTree implements AutoCloseable {
    private static final int RECORD = 32;
    private static final int PID = 0;
    private static final int READY = 8;
    private static final int LOOKS = 16;
    private static final int WRONG = 24;
    private static final long FRAME = (1L << 55) - 1;

    private final MappedByteBuffer control;
    private final int tasks;
    private final int pages;
    private final Victim root;

    private CowTree(MappedByteBuffer control, int tasks, int pages, Victim root) {
        this.control = control;
        this.tasks = tasks;
        this.pages = pages;
        this.root = root;
    }

    static CowTree start(Path directory, int seed, int tasks, int pages, int writes) throws Exception {
        Path file = directory.resolve("control-" + System.nanoTime());
        MappedByteBuffer control;
        try (RandomAccessFile open = new RandomAccessFile(file.toFile(), "rw")) {
            open.setLength((tasks + 1L) * RECORD);
            control = open.getChannel().map(FileChannel.MapMode.READ_WRITE, 0, (tasks + 1L) * RECORD);
        }
        control.order(ByteOrder.LITTLE_ENDIAN);
        Victim root = Victim.start("cow-static", file, seed, tasks, pages, writes);
        CowTree tree = new CowTree(control, tasks, pages, root);
        Victim.await(() -> tree.count(READY) == tasks);
        return tree;
    }

    int root() {
        return root.pid();
    }

    private long get(int task, int field) {
        return control.getLong((task + 1) * RECORD + field);
    }

    private long count(int field) {
        long sum = 0;
        for (int task = 0; task < tasks; task++) {
            sum += get(task, field);
        }
        return sum;
    }

    /** Lets every task look whether its memory is as it left it; returns the pages that are not. */
    long wrong() throws Exception {
        long before = count(LOOKS);
        for (int task = 0; task < tasks; task++) {
            Signals.kill((int) get(task, PID), Signals.SIGUSR1);
        }
        Victim.await(() -> count(LOOKS) == before + tasks);
        return count(WRONG);
    }

    /** For each page of each task the first page of all that has the same frame; -1 where there is none. */
    int[] sharing() {
        int[] first = new int[tasks * pages];
        Map<Long, Integer> known = new HashMap<>();
        long address = control.getLong(READY);
        try (Memory entries = Memory.allocate(pages * Long.BYTES)) {
            for (int task = 0; task < tasks; task++) {
                try (PageMap map = PageMap.open((int) get(task, PID))) {
                    map.entries(address, pages, entries.address());
                }
                for (int page = 0; page < pages; page++) {
                    long entry = entries.buffer().getLong(page * Long.BYTES);
                    int index = task * pages + page;
                    boolean there = (entry & PageMap.ENTRY_PRESENT) != 0;
                    Integer other = there ? known.putIfAbsent(entry & FRAME, index) : Integer.valueOf(-1);
                    first[index] = other == null ? index : other;
                }
            }
        }
        return first;
    }

    /** Kilobytes of the sum of what all tasks have, shared memory divided by those who share it. */
    long proportionalSize() throws IOException {
        long sum = 0;
        for (int task = 0; task < tasks; task++) {
            for (String line : Files.readAllLines(Path.of("/proc/" + get(task, PID) + "/smaps_rollup"))) {
                if (line.startsWith("Pss:")) {
                    sum += Long.parseLong(line.replaceAll("[^0-9]", ""));
                }
            }
        }
        return sum;
    }

    /** Waits until nobody has the pids any more. */
    void awaitEnd() throws Exception {
        TreeSnapshot.reap();
        Victim.await(() -> {
            TreeSnapshot.reap();
            return !Files.exists(Path.of("/proc/" + root()));
        });
    }

    void kill() {
        for (int task = 0; task < tasks; task++) {
            Signals.kill((int) get(task, PID), Signals.SIGKILL);
        }
        TreeSnapshot.reap();
    }

    @Override
    public void close() {
        kill();
    }
}
