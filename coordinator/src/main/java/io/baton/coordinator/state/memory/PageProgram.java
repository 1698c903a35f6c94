package io.baton.coordinator.state.memory;

import io.baton.coordinator.state.ContextBuilder;
import io.baton.coordinator.state.Item;
import io.baton.coordinator.state.ProcessRestore;
import io.baton.mktree.image.PagemapImage;
import io.baton.task.linux.Files;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.program.ProgramBuilder;

/** Reads pages from one file of the image straight to where they belong, as many with each call as fit. */
final class PageProgram {
    /** Holds the descriptor of the pages file. */
    private static final int REGISTER = 1;

    /** 8 KiB of addresses and lengths in the block. */
    private static final int MOST_VECTORS = 512;

    private static final int VECTOR_LENGTH = 16;

    /** Below what the kernel moves in one call (2 GiB less a page); and a task should be heard of now and then. */
    private static final long MOST_BYTES = 256L << 20;

    private final Blocks blocks;
    private final int imagesFd;
    private final String file;
    private final long[] vectors = new long[2 * MOST_VECTORS];
    private boolean open;
    private int count;
    private long bytes;
    private long offset;
    private int firstTag;

    /** Where instructions go. */
    interface Blocks {
        /** The block for what that item needs. */
        ProgramBuilder item(int tag);
    }

    /**
     * To read from one file.
     *
     * @param file relative to the image's directory
     */
    PageProgram(Blocks blocks, int imagesFd, String file) {
        this.blocks = blocks;
        this.imagesFd = imagesFd;
        this.file = file;
    }

    /** Fills shared memory that is mapped as a whole by the mapping with that index. */
    static void compileShared(ProcessRestore process, ContextBuilder context, PagemapImage pagemap, int index) {
        for (PagemapImage.Layer layer : pagemap.layers()) {
            PageProgram program = new PageProgram(context::item, process.imagesFd(), layer.pages());
            for (PagemapImage.Run run : layer.runs()) {
                long start = process.mm().getVmas(index).getStart() + run.vaddr();
                program.add(start, start + run.size(), run.offset(), Item.PAGES.tag(index));
            }
            program.end();
        }
    }

    boolean isOf(String other) {
        return file.equals(other);
    }

    /** Nothing more is to be read from it. */
    void end() {
        flush();
        if (open) {
            blocks.item(Item.PAGES.tag()).call(SyscallNumber.CLOSE).register(REGISTER);
        }
    }

    /** Reads into a range what begins there in the file. */
    void add(long start, long end, long from, int tag) {
        long at = start;
        while (at < end) {
            long inFile = from + at - start;
            if (bytes > 0 && inFile != offset + bytes) {
                flush();
            }
            int last = 2 * (count - 1);
            boolean follows = count > 0 && vectors[last] + vectors[last + 1] == at;
            if (bytes == MOST_BYTES || (count == MOST_VECTORS && !follows)) {
                flush();
                follows = false;
            }
            long length = Math.min(end - at, MOST_BYTES - bytes);
            if (bytes == 0) {
                offset = inFile;
                firstTag = tag;
            }
            if (follows) {
                vectors[last + 1] += length;
            } else {
                vectors[2 * count] = at;
                vectors[2 * count + 1] = length;
                count++;
            }
            bytes += length;
            at += length;
        }
    }

    private void flush() {
        if (count == 0) {
            return;
        }
        if (!open) {
            ProgramBuilder block = blocks.item(firstTag);
            block.call(SyscallNumber.OPENAT)
                    .value(imagesFd)
                    .data(block.string(file))
                    .value(Files.O_RDONLY | Files.O_CLOEXEC)
                    .value(0)
                    .store(REGISTER);
            open = true;
        }
        ProgramBuilder block = blocks.item(firstTag);
        int data = block.reserve(count * VECTOR_LENGTH);
        for (int i = 0; i < 2 * count; i++) {
            block.dataBuffer().putLong(data + i * Long.BYTES, vectors[i]);
        }
        block.call(SyscallNumber.PREADV)
                .register(REGISTER)
                .data(data)
                .value(count)
                .value(offset)
                .value(0)
                .expect(bytes);
        count = 0;
        bytes = 0;
    }
}
