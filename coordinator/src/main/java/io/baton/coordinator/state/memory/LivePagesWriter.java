package io.baton.coordinator.state.memory;

import io.baton.coordinator.ptrace.Deadline;
import io.baton.task.linux.Errno;
import io.baton.task.linux.LinuxException;
import io.baton.task.linux.PageMap;
import io.baton.task.linux.ProcessMemory;
import io.baton.task.linux.VanishedException;
import org.agrona.collections.LongArrayList;

/**
 * Copies pages of a running process to the image, a buffer at a time. What is not there any more, or may not be read any
 * more, is left out of the image.
 */
final class LivePagesWriter implements AutoCloseable {
    /** Between two looks at the clock. */
    private static final int MOST_RANGES = 1 << 16;

    private final int pid;
    private final PagesFile file;
    private final Deadline deadline;
    /** What goes to the map with the next flush, in order: start and end, both negated for those in the parent. */
    private final LongArrayList pending = new LongArrayList();

    private final TaskMemory memory;
    private int vectors;
    private int filled;
    /** How what is in the buffer will be read. */
    private boolean gently;

    LivePagesWriter(int pid, PagesFile file, Deadline deadline) {
        this.pid = pid;
        this.file = file;
        this.deadline = deadline;
        this.memory = new TaskMemory(pid);
    }

    /**
     * Takes pages to copy, in ascending order.
     *
     * @param shared whether others have them too, and they are to stay shared
     */
    void add(long start, long end, boolean shared) {
        if (filled > 0 && gently != shared) {
            flush();
        }
        gently = shared;
        long at = start;
        while (at < end) {
            if (vectors == ProcessMemory.IOV_MAX || filled == PageBuffer.LENGTH) {
                flush();
            }
            int length = (int) Math.min(end - at, PageBuffer.LENGTH - filled);
            file.buffer().setVector(vectors, at, length);
            vectors++;
            filled += length;
            pending.addLong(at);
            pending.addLong(at + length);
            at += length;
        }
    }

    /** Takes pages that are in the parent image, in the same order. */
    void addInParent(long start, long end) {
        pending.addLong(-start);
        pending.addLong(-end);
        if (pending.size() > MOST_RANGES) {
            flush();
        }
    }

    /** Writes what is still to be written. */
    void flush() {
        deadline.check("the memory of pid " + pid + " to be written");
        if (filled > 0) {
            PageBuffer buffer = file.buffer();
            if (gently ? !readGently(buffer) : !readAtOnce(buffer)) {
                readPageByPage(buffer);
            }
        }
        for (int i = 0; i < pending.size(); i += 2) {
            long start = pending.getLong(i);
            if (start < 0) {
                file.addInParent(-start, -pending.getLong(i + 1));
            } else {
                file.add(start, pending.getLong(i + 1));
            }
        }
        if (filled > 0) {
            file.write(filled);
        }
        pending.clear();
        vectors = 0;
        filled = 0;
    }

    private boolean readAtOnce(PageBuffer buffer) {
        buffer.setVector(ProcessMemory.IOV_MAX, buffer.address(), filled);
        return read(buffer.vector(ProcessMemory.IOV_MAX), buffer.vector(0), vectors) == filled;
    }

    private boolean readGently(PageBuffer buffer) {
        long at = buffer.address();
        for (int i = 0; i < vectors; i++) {
            if (memory.read(buffer.vectorBase(i), at, buffer.vectorLength(i)) != buffer.vectorLength(i)) {
                return false;
            }
            at += buffer.vectorLength(i);
        }
        return true;
    }

    /** Bytes read; 0 also if the process is no more. */
    private long read(long ours, long theirs, int count) {
        try {
            return ProcessMemory.readVector(pid, ours, 1, theirs, count);
        } catch (VanishedException e) {
            return 0;
        } catch (LinuxException e) {
            if (e.errno() == Errno.EFAULT) {
                return 0;
            }
            throw e;
        }
    }

    /** Something of it has gone: leaves out what cannot be read, and moves the rest together. */
    private void readPageByPage(PageBuffer buffer) {
        LongArrayList wanted = new LongArrayList();
        wanted.addAll(pending);
        pending.clear();
        filled = 0;
        for (int i = 0; i < wanted.size(); i += 2) {
            long start = wanted.getLong(i);
            long end = wanted.getLong(i + 1);
            if (start < 0) {
                pending.addLong(start);
                pending.addLong(end);
                continue;
            }
            for (long at = start; at < end; at += PageMap.PAGE_SIZE) {
                buffer.setVector(ProcessMemory.IOV_MAX, buffer.address() + filled, PageMap.PAGE_SIZE);
                buffer.setVector(0, at, PageMap.PAGE_SIZE);
                if (read(buffer.vector(ProcessMemory.IOV_MAX), buffer.vector(0), 1) == PageMap.PAGE_SIZE) {
                    pending.addLong(at);
                    pending.addLong(at + PageMap.PAGE_SIZE);
                    filled += PageMap.PAGE_SIZE;
                }
            }
        }
    }

    @Override
    public void close() {
        memory.close();
    }
}
