package io.baton.coordinator.bench;

import io.baton.coordinator.error.BatonException;
import io.baton.mktree.launch.FreePids;
import io.baton.task.linux.Fd;
import io.baton.task.linux.Files;
import io.baton.task.linux.Mapping;
import io.baton.task.linux.Memory;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.ThreadLocalRandom;

/**
 * What the machine takes for the least that a restore must do, measured in the same run.
 *
 * @param createNanos as many bare tasks with chosen pids
 * @param handOverNanos a baton from the first to the last of them, by futex words
 * @param readNanos all bytes of the pages, in blocks of 1 MiB into one buffer, as dd does
 * @param copyNanos as many bytes from memory to memory
 */
record Floor(double createNanos, double handOverNanos, double readNanos, double copyNanos) {
    private static final int BLOCK = 1 << 20;
    private static final int COPY = 64 * BLOCK;
    private static final int FIRST_PID = 300;
    private static final int MOST_TRIES = 20;

    /** What a restore cannot do without. */
    double restoreNanos() {
        return createNanos + handOverNanos + readNanos;
    }

    /** What a dump cannot do without: each task has its turn to be asked, and its pages go through memory once. */
    double dumpNanos() {
        return handOverNanos + copyNanos;
    }

    /** Medians of so many measurements each. */
    static Floor measure(BenchPrograms programs, FloorTasks.Form form, int tasks, Path images, int times)
            throws IOException {
        long bytes = pageBytes(images);
        double[] create = new double[times];
        double[] handOver = new double[times];
        double[] read = new double[times];
        double[] copy = new double[times];
        for (int i = 0; i < times; i++) {
            create[i] = create(programs, form, tasks);
            handOver[i] = handOver(programs, FloorTasks.Kind.FUTEX, tasks);
            read[i] = read(images);
            copy[i] = copy(bytes);
        }
        return new Floor(Ratios.median(create), Ratios.median(handOver), Ratios.median(read), Ratios.median(copy));
    }

    /** ns from the word to start until all have arrived. */
    static double create(BenchPrograms programs, FloorTasks.Form form, int tasks) {
        for (int i = 1; ; i++) {
            int first = freeRange(tasks);
            try (FloorTasks made = new FloorTasks(programs, FloorTasks.Kind.CREATE, form, tasks, first)) {
                long begun = System.nanoTime();
                made.run();
                return (double) (System.nanoTime() - begun);
            } catch (BatonException e) {
                if (i == MOST_TRIES) {
                    throw e; // somebody took one of the pids, again and again
                }
            }
        }
    }

    /** ns from the word to start until the last has had its turn. */
    static double handOver(BenchPrograms programs, FloorTasks.Kind kind, int tasks) {
        try (FloorTasks made = new FloorTasks(programs, kind, FloorTasks.Form.STAR, tasks, 0)) {
            long begun = System.nanoTime();
            made.run();
            return (double) (System.nanoTime() - begun);
        }
    }

    private static int freeRange(int tasks) {
        int room = FreePids.last() - tasks - FIRST_PID;
        int first = FIRST_PID;
        for (int i = 0; room > 0 && i < MOST_TRIES; i++) {
            first = FIRST_PID + ThreadLocalRandom.current().nextInt(room);
            if (isFree(first, tasks)) {
                return first;
            }
        }
        // Some pid in the middle of everything is taken: whatever fits.
        for (first = FIRST_PID; first <= FIRST_PID + room; first++) {
            if (isFree(first, tasks)) {
                return first;
            }
        }
        return 0; // the kernel's choice, which costs no more
    }

    private static boolean isFree(int first, int tasks) {
        for (int pid = first + tasks - 1; pid >= first; pid--) {
            if (!FreePids.isFree(pid)) {
                return false;
            }
        }
        return true;
    }

    /** Bytes of the pages in an image. */
    static long pageBytes(Path images) throws IOException {
        long bytes = 0;
        for (Path file : pages(images)) {
            bytes += java.nio.file.Files.size(file);
        }
        return bytes;
    }

    private static Iterable<Path> pages(Path images) throws IOException {
        try (var files = java.nio.file.Files.list(images)) {
            return files.filter(file -> file.getFileName().toString().startsWith("pages-"))
                    .toList();
        }
    }

    private static double read(Path images) throws IOException {
        try (Memory buffer = Memory.allocate(BLOCK)) {
            long begun = System.nanoTime();
            for (Path path : pages(images)) {
                try (Fd file = Files.open(path.toString(), Files.O_RDONLY | Files.O_CLOEXEC)) {
                    while (Files.read(file.number(), buffer.address(), BLOCK) > 0) {
                        // and again
                    }
                }
            }
            return (double) (System.nanoTime() - begun);
        }
    }

    private static double copy(long bytes) {
        if (bytes == 0) {
            return 0;
        }
        int length = (int) Math.min(bytes, COPY);
        try (Mapping from = Mapping.anonymous(length);
                Mapping to = Mapping.anonymous(length)) {
            from.buffer().setMemory(0, length, (byte) 1);
            to.buffer().setMemory(0, length, (byte) 2);
            long begun = System.nanoTime();
            to.buffer().putBytes(0, from.buffer(), 0, length);
            return (double) (System.nanoTime() - begun) * bytes / length;
        }
    }
}
