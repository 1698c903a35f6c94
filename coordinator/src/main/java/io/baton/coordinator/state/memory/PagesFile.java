package io.baton.coordinator.state.memory;

import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.error.ErrorCode;
import io.baton.coordinator.state.TreeImage;
import io.baton.mktree.image.FileChecksum;
import io.baton.mktree.image.ImageDirectory;
import io.baton.mktree.image.ImageKind;
import io.baton.mktree.image.ImageWriter;
import io.baton.mktree.image.proto.PagemapEntry;
import io.baton.mktree.image.proto.PagemapHead;
import io.baton.task.linux.Fd;
import io.baton.task.linux.Files;
import io.baton.task.linux.LinuxException;
import io.baton.task.linux.PageMap;
import java.io.IOException;

/**
 * A pagemap and the {@code pages-N.img} it speaks of: runs of pages in ascending order, neighbours as one, and their
 * contents end to end.
 */
final class PagesFile implements AutoCloseable {
    /** {@code PE_PARENT}: the contents are in the parent image. */
    private static final int PARENT = 1;

    /** {@code PE_PRESENT}: the contents are in the pages file. */
    private static final int PRESENT = 4;

    /** The contents are in the pages file of another process. */
    private static final int ELSEWHERE = 0;

    private static final int PRIVATE_FILE = 0600;

    private final ImageDirectory directory;
    private final int pagesId;
    private final PageBuffers buffers;
    private final ImageWriter pagemap;
    private final Fd pages;
    private final MemoryStatistics statistics;
    private final MemoryStatistics.Counts counts;
    private final FileChecksum.Builder checksum = new FileChecksum.Builder();
    private long runStart;
    private long runEnd;
    private int runFlags = PRESENT;
    /** Where the run begins if it is elsewhere. */
    private long runPagesId;

    private long runFirstPage;
    private long nextPage;

    /**
     * Makes both files.
     *
     * @param kind of the pagemap: of a process or of shared memory
     * @param id of the pagemap
     */
    PagesFile(TreeImage tree, ImageKind kind, long id) throws IOException {
        this.directory = tree.directory();
        this.pagesId = tree.newPagesId();
        this.buffers = tree.shared(PageBuffers.class, PageBuffers::new);
        this.statistics = MemoryStatistics.of(tree);
        this.counts = kind == ImageKind.PAGEMAP ? statistics.own() : statistics.shared();
        this.pages = Files.open(
                directory.pages(pagesId).toString(),
                Files.O_WRONLY | Files.O_CREAT | Files.O_EXCL | Files.O_CLOEXEC,
                PRIVATE_FILE);
        this.pagemap = directory.writer(kind, id);
        pagemap.write(PagemapHead.newBuilder().setPagesId(pagesId).build());
    }

    /** The buffer to fill; another one after each {@link #write}. */
    PageBuffer buffer() {
        return buffers.filling();
    }

    /** Adds pages to the map; their contents follow by {@link #write}, in any portions. */
    void add(long start, long end) {
        add(start, end, PRESENT);
        nextPage += (end - start) / PageMap.PAGE_SIZE;
        counts.addWritten((end - start) / PageMap.PAGE_SIZE);
    }

    /** Adds pages to the map whose contents are in another pages file of the image, or earlier in this one. */
    void addElsewhere(long start, long end, long otherPagesId, long firstPage) {
        long passed = (runEnd - runStart) / PageMap.PAGE_SIZE;
        if (otherPagesId != runPagesId || firstPage != runFirstPage + passed) {
            endRun();
        }
        add(start, end, ELSEWHERE, otherPagesId, firstPage);
        counts.addElsewhere((end - start) / PageMap.PAGE_SIZE);
    }

    /** Of the contents. */
    int pagesId() {
        return pagesId;
    }

    /** Which page of the contents the next one added will be. */
    long nextPage() {
        return nextPage;
    }

    /** Adds pages to the map whose contents are in the parent image. */
    void addInParent(long start, long end) {
        add(start, end, PARENT);
        counts.addInParent((end - start) / PageMap.PAGE_SIZE);
    }

    private void add(long start, long end, int flags) {
        add(start, end, flags, 0, 0);
    }

    private void add(long start, long end, int flags, long otherPagesId, long firstPage) {
        if (start != runEnd || flags != runFlags || runStart == runEnd) {
            endRun();
            runStart = start;
            runFlags = flags;
            runPagesId = otherPagesId;
            runFirstPage = firstPage;
        }
        runEnd = end;
    }

    /** Appends the first bytes of the buffer to the contents. */
    void write(int length) {
        if (length == PageBuffer.LENGTH) {
            buffers.hand(full -> write(full, length));
        } else {
            buffers.await();
            write(buffers.filling(), length);
        }
    }

    private void write(PageBuffer buffer, int length) {
        long from = System.nanoTime();
        try {
            Files.writeFully(pages.number(), buffer.address(), length);
        } catch (LinuxException e) {
            throw failed(e);
        }
        checksum.update(buffer.bytes(length));
        statistics.wroteSince(from, length);
    }

    /** Ends both files. */
    void finish() throws IOException {
        buffers.await();
        endRun();
        pagemap.close();
        directory.written(directory.pages(pagesId), checksum.build());
    }

    private void endRun() {
        if (runEnd > runStart) {
            PagemapEntry.Builder entry = PagemapEntry.newBuilder()
                    .setVaddr(runStart)
                    .setCompatNrPages(0)
                    .setNrPages((runEnd - runStart) / PageMap.PAGE_SIZE)
                    .setFlags(runFlags);
            if (runFlags == ELSEWHERE) {
                entry.setPagesId((int) runPagesId).setFirstPage(runFirstPage);
            }
            try {
                pagemap.write(entry.build());
            } catch (IOException e) {
                throw failed(e);
            }
        }
        runStart = runEnd;
    }

    private BatonException failed(Exception e) {
        return failed(directory, e);
    }

    static BatonException failed(ImageDirectory directory, Exception e) {
        String message = "image cannot be written: " + directory.path() + ": " + e.getMessage();
        return new BatonException(ErrorCode.IMAGE_IO, message, "free some space or choose another directory", e);
    }

    /** Closes both files, whole or not. */
    @Override
    public void close() throws IOException {
        try (pages) {
            buffers.await();
        } finally {
            pagemap.close();
        }
    }
}
