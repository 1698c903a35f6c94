package io.baton.coordinator.state.memory;

import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.error.ErrorCode;
import io.baton.coordinator.ptrace.SeizedProcess;
import io.baton.task.linux.Errno;
import io.baton.task.linux.LinuxException;
import io.baton.task.linux.PageMap;
import io.baton.task.linux.ProcessMemory;
import java.io.Closeable;

/**
 * Copies pages of a stopped process to the image, a buffer at a time: from many places with one call. Pages that another
 * process has brought already are only named; what processes share stays shared.
 */
final class PagesWriter implements PageSink, AutoCloseable {
    private final SeizedProcess process;
    private final PagesFile file;
    private final ParentPages parent;
    private final SharedFrames frames;
    private final PageBatch batch;
    private final PageTable entries;
    private final TaskMemory memory;
    /** Pieces that are still to be read into the buffer, and how much of it is read, and taken. */
    private int vectors;

    private int read;
    private int filled;
    /** Whether nobody looks which pages of the batch others have too. */
    private boolean gentle;

    PagesWriter(SeizedProcess process, PagesFile file, ParentPages parent, SharedFrames frames, Tools tools) {
        this.process = process;
        this.file = file;
        this.parent = parent;
        this.frames = frames;
        this.batch = tools.batch;
        this.entries = tools.entries;
        this.memory = new TaskMemory(process);
    }

    /** What processes use one after the other. */
    static final class Tools implements Closeable {
        private final PageBatch batch = new PageBatch();
        private final PageTable entries = new PageTable();

        @Override
        public void close() {
            entries.close();
        }
    }

    @Override
    public void addUnchanged(long start, long end, boolean readable) {
        parent.split(
                start, end, (from, to) -> batch(from, to, PageBatch.IN_PARENT), (from, to) -> add(from, to, readable));
    }

    @Override
    public void add(long start, long end, boolean readable) {
        batch(start, end, readable ? PageBatch.READ : PageBatch.READ_PROTECTED);
    }

    private void batch(long start, long end, int kind) {
        long at = start;
        while (at < end) {
            if (batch.isFull()) {
                endMapping();
            }
            at = batch.add(at, end, kind);
        }
    }

    @Override
    public void endMapping() {
        if (batch.isEmpty()) {
            return;
        }
        if (!batch.isWorthLooking()) {
            batch.forgetKeys();
            // Not worth being stored once; but worth being left shared.
            gentle = frames.isKept();
        } else if (!batch.look(frames, entries, process.procId())) {
            batch.forget();
        }
        int page = 0;
        for (int range = 0; range < batch.ranges(); range++) {
            long start = batch.start(range);
            int length = batch.length(range);
            if (batch.kind(range) == PageBatch.IN_PARENT) {
                file.addInParent(start, start + (long) length * PageMap.PAGE_SIZE);
            } else {
                write(start, page, page + length, batch.kind(range) == PageBatch.READ);
                page += length;
            }
        }
        batch.clear();
        gentle = false;
    }

    /** Pages of a batch that follow one another. */
    private void write(long start, int first, int end, boolean readable) {
        for (int page = first; page < end; ) {
            int from = page;
            int index = batch.found(from);
            page++;
            while (page < end && follows(page)) {
                page++;
            }
            long at = start + (long) (from - first) * PageMap.PAGE_SIZE;
            long to = start + (long) (page - first) * PageMap.PAGE_SIZE;
            if (index != SharedFrames.NONE && frames.holds(index, page - from)) {
                file.addElsewhere(at, to, frames.pagesId(index), frames.firstPage(index));
            } else {
                note(at, from, page);
                copyAll(at, from, page, readable);
            }
        }
    }

    /** Pages that are shared, and others, in turns. */
    private void copyAll(long start, int first, int end, boolean readable) {
        for (int page = first; page < end; ) {
            int from = page;
            boolean shared = batch.key(from) != 0;
            while (page < end && (batch.key(page) != 0) == shared) {
                page++;
            }
            copy(
                    start + (long) (from - first) * PageMap.PAGE_SIZE,
                    start + (long) (page - first) * PageMap.PAGE_SIZE,
                    shared || gentle || !readable);
        }
    }

    private boolean follows(int page) {
        int index = batch.found(page);
        int before = batch.found(page - 1);
        return (index == SharedFrames.NONE || before == SharedFrames.NONE)
                ? index == before
                : frames.follows(index, before);
    }

    private void note(long start, int from, int to) {
        for (int page = from; page < to; page++) {
            if (batch.key(page) != 0) {
                int passed = page - from;
                frames.note(
                        batch.key(page),
                        process.procId(),
                        start + (long) passed * PageMap.PAGE_SIZE,
                        file.pagesId(),
                        file.nextPage() + passed);
            }
        }
    }

    /** By two ways into the same buffer: all at once what is nobody else's, and what must not be copied piece by piece. */
    private void copy(long start, long end, boolean gently) {
        file.add(start, end);
        long at = start;
        while (at < end) {
            if (vectors == ProcessMemory.IOV_MAX || filled == PageBuffer.LENGTH) {
                flushBuffer();
            }
            int length = (int) Math.min(end - at, PageBuffer.LENGTH - filled);
            if (gently) {
                readVectors();
                read(at, filled, length);
                filled += length;
                read = filled;
            } else {
                file.buffer().setVector(vectors, at, length);
                vectors++;
                filled += length;
            }
            at += length;
        }
    }

    /** Writes what is still to be written. */
    void flush() {
        endMapping();
        flushBuffer();
    }

    private void flushBuffer() {
        readVectors();
        if (filled > 0) {
            file.write(filled);
        }
        filled = 0;
        read = 0;
    }

    private void readVectors() {
        if (vectors == 0) {
            return;
        }
        PageBuffer buffer = file.buffer();
        buffer.setVector(ProcessMemory.IOV_MAX, buffer.address() + read, filled - read);
        long length;
        try {
            length = ProcessMemory.readVector(
                    process.procId(), buffer.vector(ProcessMemory.IOV_MAX), 1, buffer.vector(0), vectors);
        } catch (LinuxException e) {
            if (e.errno() != Errno.EFAULT) {
                throw e;
            }
            length = 0;
        }
        if (length != filled - read) {
            readOneByOne(buffer);
        }
        vectors = 0;
        read = filled;
    }

    private void readOneByOne(PageBuffer buffer) {
        int offset = read;
        for (int i = 0; i < vectors; i++) {
            int length = (int) buffer.vectorLength(i);
            read(buffer.vectorBase(i), offset, length);
            offset += length;
        }
    }

    private void read(long start, int offset, int length) {
        try {
            long count = memory.read(start, file.buffer().address() + offset, length);
            if (count < length) {
                throw new LinuxException("/proc/PID/mem", Errno.EIO, "only " + count + " bytes");
            }
        } catch (LinuxException e) {
            throw new BatonException(
                    ErrorCode.TASK_FAILED,
                    "pid " + process.pid() + ": memory cannot be read: start=0x" + Long.toHexString(start) + " length="
                            + length + ": " + e.getMessage(),
                    "",
                    e);
        }
    }

    @Override
    public void close() {
        memory.close();
    }
}
