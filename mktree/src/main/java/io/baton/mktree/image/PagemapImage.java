package io.baton.mktree.image;

import io.baton.mktree.image.proto.PagemapEntry;
import io.baton.mktree.image.proto.PagemapHead;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

/**
 * Where the pages of an address space, or of shared memory, lie: runs of pages in ascending order of addresses, the
 * contents of those that are present end to end in one pages file. Pages that processes shared are there once: runs of
 * the others say in whose file, and where in it.
 */
public final class PagemapImage implements Iterable<PagemapImage.Run> {
    /** Bytes of a page; the format knows no other for x86-64. */
    public static final int PAGE_SIZE = 4096;

    private static final int PARENT = 1;
    private static final int LAZY = 2;
    private static final int PRESENT = 4;

    private final ImageDirectory directory;
    private final long pagesId;
    private final List<Run> runs;
    private final long pagesSize;
    private final List<Layer> layers;

    /**
     * Pages that follow one another.
     *
     * @param vaddr  address of the first, a multiple of {@link #PAGE_SIZE}; in shared memory an offset
     * @param pages  how many
     * @param flags  1: contents are in the parent image, 2: may be fetched late, 4: contents are in the own pages file
     * @param pagesId of the pages file that has the contents; -1 if none of this image has
     * @param offset of the first page's contents in that pages file; -1 if there is none
     */
    public record Run(long vaddr, long pages, int flags, long pagesId, long offset) {
        /** {@return whether the contents lie in a pages file of this image} */
        public boolean present() {
            return offset >= 0;
        }

        /** {@return whether they lie in that of another process} */
        public boolean elsewhere() {
            return present() && (flags & PRESENT) == 0;
        }

        /** {@return whether the contents are those of the same addresses in the parent image} */
        public boolean inParent() {
            return (flags & PARENT) != 0;
        }

        /** {@return whether the contents may be fetched after the restore} */
        public boolean lazy() {
            return (flags & LAZY) != 0;
        }

        /** {@return length in bytes} */
        public long size() {
            return pages * PAGE_SIZE;
        }
    }

    /**
     * What one pages file has of the contents.
     *
     * @param pages path of the file, relative to the image's directory
     * @param runs  in ascending order of addresses, all with an offset in that file
     */
    public record Layer(String pages, List<Run> runs) {}

    private PagemapImage(ImageDirectory directory, long pagesId, List<Run> runs, long pagesSize, List<Layer> layers) {
        this.directory = directory;
        this.pagesId = pagesId;
        this.runs = runs;
        this.pagesSize = pagesSize;
        this.layers = layers;
    }

    /**
     * Reads and checks a pagemap.
     *
     * @param kind {@link ImageKind#PAGEMAP} with a pid, or {@link ImageKind#PAGEMAP_SHMEM} with a shmid
     * @throws ImageException if runs overlap or are out of order, or the pages file is shorter than they say
     */
    public static PagemapImage read(ImageDirectory directory, ImageKind kind, long id) throws IOException {
        Path file = directory.path(kind, id);
        List<Run> runs = new ArrayList<>();
        long head;
        long inFile = 0;
        long free = 0;
        try (ImageReader reader = directory.read(kind, id)) {
            ImageEntry first = reader.next();
            if (first == null) {
                throw new ImageException(file, reader.size(), "no head");
            }
            head = ImagePayload.unsigned(((PagemapHead) first.message()).getPagesId());
            for (ImageEntry entry = reader.next(); entry != null; entry = reader.next()) {
                Run run = run((PagemapEntry) entry.message(), head, inFile, file, entry.offset(), free);
                runs.add(run);
                free = run.vaddr() + run.size();
                inFile += run.present() && !run.elsewhere() ? run.size() : 0;
            }
        }
        PagemapImage image = new PagemapImage(directory, head, List.copyOf(runs), inFile, List.of());
        image.checkPagesFiles();
        return image;
    }

    /**
     * As {@link #read}, and finds the contents that are in parents.
     *
     * @throws ImageException if contents are nowhere, or a parent is not as it should be
     */
    public static PagemapImage readWithParents(ImageDirectory directory, ImageKind kind, long id) throws IOException {
        PagemapImage image = read(directory, kind, id);
        List<Layer> layers = new PagemapLayers(directory, kind, id).find(image);
        return new PagemapImage(directory, image.pagesId, image.runs, image.pagesSize, layers);
    }

    /** Images of older CRIU have a flag for the parent only, and a 32-bit count. */
    private static Run run(PagemapEntry entry, long pagesId, long inFile, Path file, long at, long free)
            throws ImageException {
        int flags = entry.hasFlags() ? entry.getFlags() : entry.getInParent() ? 0 : PRESENT;
        if (entry.getInParent()) {
            flags |= PARENT;
        }
        long pages = entry.hasNrPages() ? entry.getNrPages() : ImagePayload.unsigned(entry.getCompatNrPages());
        long vaddr = entry.getVaddr();
        long last = Long.divideUnsigned(-1L, PAGE_SIZE) - Long.divideUnsigned(vaddr, PAGE_SIZE);
        boolean sensible = vaddr % PAGE_SIZE == 0
                && pages > 0
                && pages <= last
                && pages <= (Long.MAX_VALUE - inFile) / PAGE_SIZE
                && Long.compareUnsigned(vaddr, free) >= 0;
        if (!sensible) {
            throw new ImageException(
                    file,
                    at,
                    "run of pages overlaps, is out of order or of no possible size: vaddr=0x" + Long.toHexString(vaddr)
                            + " pages=" + Long.toUnsignedString(pages));
        }
        if ((flags & PRESENT) != 0) {
            return new Run(vaddr, pages, flags, pagesId, inFile);
        } else if ((flags & PARENT) != 0 || !entry.hasPagesId()) {
            return new Run(vaddr, pages, flags, -1, -1);
        }
        long first = entry.getFirstPage();
        if (first < 0 || first > Long.MAX_VALUE / PAGE_SIZE - pages) {
            throw new ImageException(
                    file,
                    at,
                    "run of pages lies beyond any file: vaddr=0x" + Long.toHexString(vaddr) + " first_page="
                            + Long.toUnsignedString(first));
        }
        return new Run(vaddr, pages, flags, ImagePayload.unsigned(entry.getPagesId()), first * PAGE_SIZE);
    }

    private void checkPagesFiles() throws IOException {
        Map<Long, Long> needed = new HashMap<>();
        for (Run run : runs) {
            if (run.present()) {
                needed.merge(run.pagesId(), run.offset() + run.size(), Math::max);
            }
        }
        for (Map.Entry<Long, Long> file : needed.entrySet()) {
            checkPagesFile(directory.pages(file.getKey()), file.getValue());
        }
    }

    private static void checkPagesFile(Path pages, long needed) throws IOException {
        long size = ImageFile.sizeOf(pages);
        if (size < needed) {
            throw new ImageException(pages, size, "shorter than its pagemap says: size=" + size + " needed=" + needed);
        }
    }

    /** {@return id of the pages file} */
    public long pagesId() {
        return pagesId;
    }

    /** {@return the pages file of a present run} */
    public Path pages(Run run) {
        return directory.pages(run.pagesId());
    }

    /** {@return the pages file; it need not exist if {@link #pagesSize} is 0} */
    public Path pages() {
        return directory.pages(pagesId);
    }

    /** {@return bytes of the own pages file that the runs cover, from its beginning} */
    public long pagesSize() {
        return pagesSize;
    }

    /** {@return all runs, in ascending order of addresses} */
    public List<Run> runs() {
        return runs;
    }

    /** {@return where the contents of all runs lie, if {@linkplain #readWithParents they were looked for}} */
    public List<Layer> layers() {
        return layers;
    }

    @Override
    public Iterator<Run> iterator() {
        return runs.iterator();
    }
}
