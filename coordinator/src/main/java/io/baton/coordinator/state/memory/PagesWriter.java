package io.baton.coordinator.state.memory;

import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.error.ErrorCode;
import io.baton.coordinator.ptrace.SeizedProcess;
import io.baton.mktree.image.FileChecksum;
import io.baton.mktree.image.ImageDirectory;
import io.baton.mktree.image.ImageKind;
import io.baton.mktree.image.ImageWriter;
import io.baton.mktree.image.proto.PagemapEntry;
import io.baton.mktree.image.proto.PagemapHead;
import io.baton.task.linux.Errno;
import io.baton.task.linux.Fd;
import io.baton.task.linux.Files;
import io.baton.task.linux.LinuxException;
import io.baton.task.linux.PageMap;
import io.baton.task.linux.ProcessMemory;
import java.io.IOException;

/**
 * Writes {@code pagemap-PID.img} and {@code pages-N.img} of one process: runs of pages in ascending order, their
 * contents read from the stopped process a buffer at a time.
 */
final class PagesWriter implements AutoCloseable {
    /** {@code PE_PRESENT}: the contents are in the pages file. */
    private static final int PRESENT = 4;

    private static final int PRIVATE_FILE = 0600;

    private final SeizedProcess process;
    private final ImageDirectory directory;
    private final int pagesId;
    private final PageBuffer buffer;
    private final ImageWriter pagemap;
    private final Fd pages;
    private final FileChecksum.Builder checksum = new FileChecksum.Builder();
    private long runStart;
    private long runEnd;
    private int vectors;
    private int filled;
    private long written;

    PagesWriter(SeizedProcess process, ImageDirectory directory, int pagesId, PageBuffer buffer) throws IOException {
        this.process = process;
        this.directory = directory;
        this.pagesId = pagesId;
        this.buffer = buffer;
        this.pages = Files.open(
                directory.pages(pagesId).toString(),
                Files.O_WRONLY | Files.O_CREAT | Files.O_EXCL | Files.O_CLOEXEC,
                PRIVATE_FILE);
        this.pagemap = directory.writer(ImageKind.PAGEMAP, process.pid());
        pagemap.write(PagemapHead.newBuilder().setPagesId(pagesId).build());
    }

    /**
     * Adds pages.
     *
     * @param readable whether the process itself may read them; if not, they are read by another way
     */
    void add(long start, long end, boolean readable) {
        if (start != runEnd) {
            endRun();
            runStart = start;
        }
        runEnd = end;
        long at = start;
        while (at < end) {
            if (vectors == ProcessMemory.IOV_MAX || filled == PageBuffer.LENGTH || (!readable && filled > 0)) {
                flush();
            }
            int length = (int) Math.min(end - at, PageBuffer.LENGTH - filled);
            if (readable) {
                buffer.setVector(vectors, at, length);
                vectors++;
                filled += length;
            } else {
                read(at, 0, length);
                write(length);
            }
            at += length;
        }
    }

    /** Bytes of pages so far. */
    long written() {
        return written + filled;
    }

    /** Ends both files. */
    void finish() throws IOException {
        flush();
        endRun();
        pagemap.close();
        directory.written(directory.pages(pagesId), checksum.build());
    }

    private void endRun() {
        if (runEnd > runStart) {
            try {
                pagemap.write(PagemapEntry.newBuilder()
                        .setVaddr(runStart)
                        .setCompatNrPages(0)
                        .setNrPages((runEnd - runStart) / PageMap.PAGE_SIZE)
                        .setFlags(PRESENT)
                        .build());
            } catch (IOException e) {
                throw failed(e);
            }
        }
        runStart = runEnd;
    }

    private void flush() {
        if (filled == 0) {
            return;
        }
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
            readOneByOne();
        }
        write(filled);
        vectors = 0;
        filled = 0;
    }

    private void readOneByOne() {
        int offset = 0;
        for (int i = 0; i < vectors; i++) {
            int length = (int) buffer.vectorLength(i);
            read(buffer.vectorBase(i), offset, length);
            offset += length;
        }
    }

    private void read(long start, int offset, int length) {
        try {
            process.readMemory(start, buffer.address() + offset, length);
        } catch (LinuxException e) {
            throw new BatonException(
                    ErrorCode.TASK_FAILED,
                    "pid " + process.pid() + ": memory cannot be read: start=0x" + Long.toHexString(start) + " length="
                            + length + ": " + e.getMessage(),
                    "",
                    e);
        }
    }

    private void write(int length) {
        try {
            Files.writeFully(pages.number(), buffer.address(), length);
        } catch (LinuxException e) {
            throw failed(e);
        }
        checksum.update(buffer.bytes(length));
        written += length;
    }

    private BatonException failed(Exception e) {
        String message = "image cannot be written: " + directory.path() + ": " + e.getMessage();
        return new BatonException(ErrorCode.IMAGE_IO, message, "free some space or choose another directory", e);
    }

    /** Closes both files, whole or not. */
    @Override
    public void close() throws IOException {
        try (pages) {
            pagemap.close();
        }
    }
}
