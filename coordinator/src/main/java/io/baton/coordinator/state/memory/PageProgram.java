package io.baton.coordinator.state.memory;

import io.baton.coordinator.state.ContextBuilder;
import io.baton.coordinator.state.Item;
import io.baton.coordinator.state.ProcessRestore;
import io.baton.mktree.image.PagemapImage;
import io.baton.mktree.image.proto.MmEntry;
import io.baton.mktree.image.proto.VmaEntry;
import io.baton.task.linux.Files;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.program.ProgramBuilder;

/** Reads pages from the image straight to where they belong, as many with each call as fit. */
final class PageProgram {
    /** Holds the descriptor of the pages file. */
    private static final int REGISTER = 1;

    /** 8 KiB of addresses and lengths in the block. */
    private static final int MOST_VECTORS = 512;

    private static final int VECTOR_LENGTH = 16;

    /** Below what the kernel moves in one call (2 GiB less a page); and a task should be heard of now and then. */
    private static final long MOST_BYTES = 256L << 20;

    private final ProcessRestore process;
    private final ContextBuilder context;
    private final PagemapImage.Layer layer;
    private final MmEntry mm;
    private final long[] vectors = new long[2 * MOST_VECTORS];
    private boolean open;
    private int count;
    private long bytes;
    private long offset;
    private int vma;
    private int firstVma;

    private PageProgram(ProcessRestore process, ContextBuilder context, PagemapImage.Layer layer) {
        this.process = process;
        this.context = context;
        this.layer = layer;
        this.mm = process.mm();
    }

    /** Fills the private mappings of the process. */
    static void compile(ProcessRestore process, ContextBuilder context) {
        for (PagemapImage.Layer layer : process.pagemap().layers()) {
            PageProgram program = new PageProgram(process, context, layer);
            layer.runs().forEach(program::add);
            program.end();
        }
    }

    /** Fills shared memory that is mapped as a whole by the mapping with that index. */
    static void compileShared(ProcessRestore process, ContextBuilder context, PagemapImage pagemap, int index) {
        for (PagemapImage.Layer layer : pagemap.layers()) {
            PageProgram program = new PageProgram(process, context, layer);
            program.vma = index;
            for (PagemapImage.Run run : layer.runs()) {
                long start = process.mm().getVmas(index).getStart() + run.vaddr();
                program.add(start, start + run.size(), run.offset());
            }
            program.end();
        }
    }

    private void end() {
        flush();
        if (open) {
            context.item(Item.PAGES.tag()).call(SyscallNumber.CLOSE).register(REGISTER);
        }
    }

    /** The vDSO's pages are in the image too; the kernel has given it its own. */
    private void add(PagemapImage.Run run) {
        long at = run.vaddr();
        long end = at + run.size();
        while (at < end) {
            while (mm.getVmas(vma).getEnd() <= at) {
                vma++;
            }
            VmaEntry mapping = mm.getVmas(vma);
            long to = Math.min(end, mapping.getEnd());
            if (MappingProgram.isMapped(mapping)) {
                add(at, to, run.offset() + at - run.vaddr());
            }
            at = to;
        }
    }

    private void add(long start, long end, long from) {
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
                firstVma = vma;
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
        int tag = Item.PAGES.tag(firstVma);
        if (!open) {
            ProgramBuilder block = context.item(tag);
            block.call(SyscallNumber.OPENAT)
                    .value(process.imagesFd())
                    .data(block.string(layer.pages()))
                    .value(Files.O_RDONLY | Files.O_CLOEXEC)
                    .value(0)
                    .store(REGISTER);
            open = true;
        }
        ProgramBuilder block = context.item(tag);
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
