package io.baton.coordinator.state.memory;

import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.error.ErrorCode;
import io.baton.coordinator.ptrace.SeizedProcess;
import io.baton.task.linux.Errno;
import io.baton.task.linux.LinuxException;
import io.baton.task.linux.ProcessMemory;

/** Copies pages of a stopped process to the image, a buffer at a time: from many places with one call. */
final class PagesWriter implements PageSink {
    private final SeizedProcess process;
    private final PagesFile file;
    private final ParentPages parent;
    private int vectors;
    private int filled;

    PagesWriter(SeizedProcess process, PagesFile file, ParentPages parent) {
        this.process = process;
        this.file = file;
        this.parent = parent;
    }

    @Override
    public void addUnchanged(long start, long end, boolean readable) {
        parent.split(start, end, file::addInParent, (from, to) -> add(from, to, readable));
    }

    @Override
    public void add(long start, long end, boolean readable) {
        file.add(start, end);
        long at = start;
        while (at < end) {
            if (vectors == ProcessMemory.IOV_MAX || filled == PageBuffer.LENGTH || (!readable && filled > 0)) {
                flush();
            }
            int length = (int) Math.min(end - at, PageBuffer.LENGTH - filled);
            if (readable) {
                file.buffer().setVector(vectors, at, length);
                vectors++;
                filled += length;
            } else {
                read(at, 0, length);
                file.write(length);
            }
            at += length;
        }
    }

    /** Writes what is still to be written. */
    void flush() {
        if (filled == 0) {
            return;
        }
        PageBuffer buffer = file.buffer();
        buffer.setVector(ProcessMemory.IOV_MAX, buffer.address(), filled);
        long read;
        try {
            read = ProcessMemory.readVector(
                    process.procId(), buffer.vector(ProcessMemory.IOV_MAX), 1, buffer.vector(0), vectors);
        } catch (LinuxException e) {
            if (e.errno() != Errno.EFAULT) {
                throw e;
            }
            read = 0;
        }
        if (read != filled) {
            readOneByOne(buffer);
        }
        file.write(filled);
        vectors = 0;
        filled = 0;
    }

    private void readOneByOne(PageBuffer buffer) {
        int offset = 0;
        for (int i = 0; i < vectors; i++) {
            int length = (int) buffer.vectorLength(i);
            read(buffer.vectorBase(i), offset, length);
            offset += length;
        }
    }

    private void read(long start, int offset, int length) {
        try {
            process.readMemory(start, file.buffer().address() + offset, length);
        } catch (LinuxException e) {
            throw new BatonException(
                    ErrorCode.TASK_FAILED,
                    "pid " + process.pid() + ": memory cannot be read: start=0x" + Long.toHexString(start) + " length="
                            + length + ": " + e.getMessage(),
                    "",
                    e);
        }
    }
}
