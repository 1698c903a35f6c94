package io.baton.mktree.image;

import io.baton.mktree.image.proto.PagemapEntry;
import io.baton.mktree.image.proto.PagemapHead;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.agrona.collections.Long2ObjectHashMap;

/** Lays out pagemaps and pages files of a new image. */
final class PageStore implements Closeable {
    private static final int PAGE = PagemapImage.PAGE_SIZE;
    private static final int PRESENT = 4;
    private static final int LAZY = 2;
    private static final int BUFFER = 1 << 20;

    /** At one address; who differs from more than so many others gets pages of his own. */
    private static final int MOST_DIFFERENT = 8;

    private final ImageDirectory directory;
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER);
    private final ByteBuffer other = ByteBuffer.allocateDirect(PAGE);
    private final Map<Long, FileChannel> stored = new HashMap<>();
    /** By address: pages files and pages in them, in turns. */
    private final Long2ObjectHashMap<long[]> places = new Long2ObjectHashMap<>();

    private final boolean keepOpen;
    private long written;
    private long shared;

    PageStore(ImageDirectory directory, boolean keepOpen) {
        this.directory = directory;
        this.keepOpen = keepOpen;
    }

    long written() {
        return written;
    }

    long shared() {
        return shared;
    }

    /** Where pages come from. */
    private record Source(PagemapImage.Run run, String file) {}

    /** Copies what a pagemap speaks of, wherever it lies. */
    void copy(ImageDirectory from, ImageName name, boolean share) throws IOException {
        PagemapImage pagemap = PagemapImage.readWithParents(from, name.kind(), name.id());
        List<Source> sources = new ArrayList<>();
        for (PagemapImage.Layer layer : pagemap.layers()) {
            layer.runs().forEach(run -> sources.add(new Source(run, layer.pages())));
        }
        sources.sort(Comparator.comparing(source -> source.run().vaddr(), Long::compareUnsigned));
        FileChannel pages = FileChannel.open(
                directory.pages(pagemap.pagesId()),
                Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.READ, StandardOpenOption.WRITE),
                ImageDirectory.PRIVATE_FILE);
        stored.put(pagemap.pagesId(), pages);
        Map<String, FileChannel> files = new HashMap<>();
        try (ImageWriter map = directory.writer(name.kind(), name.id())) {
            map.write(
                    PagemapHead.newBuilder().setPagesId((int) pagemap.pagesId()).build());
            Output output = new Output(map, pages, pagemap.pagesId(), share);
            for (Source source : sources) {
                FileChannel file = files.get(source.file());
                if (file == null) {
                    file = FileChannel.open(from.path().resolve(source.file()), StandardOpenOption.READ);
                    files.put(source.file(), file);
                }
                output.copy(source.run(), file);
            }
            output.endRun();
            directory.written(directory.pages(pagemap.pagesId()), output.checksum.build());
        } finally {
            for (FileChannel file : files.values()) {
                file.close();
            }
            if (!keepOpen) {
                close();
            }
        }
    }

    /** One pagemap and its pages. */
    private final class Output {
        private final ImageWriter map;
        private final FileChannel pages;
        private final long pagesId;
        private final boolean share;
        private final FileChecksum.Builder checksum = new FileChecksum.Builder();
        private long count;
        private long runStart;
        private long runPages;
        private int runFlags;
        private long runPlace = -1;
        private long runFile;

        Output(ImageWriter map, FileChannel pages, long pagesId, boolean share) {
            this.map = map;
            this.pages = pages;
            this.pagesId = pagesId;
            this.share = share;
        }

        void copy(PagemapImage.Run run, FileChannel file) throws IOException {
            int flags = (run.flags() & LAZY) | PRESENT;
            for (long done = 0; done < run.size(); done += buffer.limit()) {
                read(file, run.offset() + done, buffer.clear().limit((int) Math.min(BUFFER, run.size() - done)));
                long vaddr = run.vaddr() + done;
                if (share) {
                    for (int at = 0; at < buffer.limit(); at += PAGE) {
                        store(vaddr + at, buffer.duplicate().position(at).limit(at + PAGE), flags);
                    }
                } else {
                    append(vaddr, buffer.duplicate(), flags);
                }
            }
        }

        private void append(long vaddr, ByteBuffer contents, int flags) throws IOException {
            int length = contents.remaining() / PAGE;
            add(vaddr, length, flags, -1, -1);
            checksum.update(contents.duplicate());
            while (contents.hasRemaining()) {
                pages.write(contents);
            }
            count += length;
            written += length;
        }

        private void store(long vaddr, ByteBuffer page, int flags) throws IOException {
            long[] known = places.getOrDefault(vaddr, new long[0]);
            for (int i = 0; i < known.length; i += 2) {
                FileChannel file = stored.get(known[i]);
                if (known[i] != pagesId && file != null) {
                    read(file, known[i + 1] * PAGE, other.clear());
                    if (other.equals(page)) {
                        add(vaddr, 1, 0, known[i], known[i + 1]);
                        shared++;
                        return;
                    }
                }
            }
            if (known.length < 2 * MOST_DIFFERENT) {
                long[] more = Arrays.copyOf(known, known.length + 2);
                more[known.length] = pagesId;
                more[known.length + 1] = count;
                places.put(vaddr, more);
            }
            append(vaddr, page, flags);
        }

        private void add(long vaddr, long length, int flags, long file, long place) throws IOException {
            boolean follows = runPages > 0
                    && vaddr == runStart + runPages * PAGE
                    && flags == runFlags
                    && file == runFile
                    && (place < 0 || place == runPlace + runPages);
            if (!follows) {
                endRun();
                runStart = vaddr;
                runFlags = flags;
                runFile = file;
                runPlace = place;
            }
            runPages += length;
        }

        void endRun() throws IOException {
            if (runPages > 0) {
                PagemapEntry.Builder entry = PagemapEntry.newBuilder()
                        .setVaddr(runStart)
                        .setCompatNrPages(0)
                        .setNrPages(runPages)
                        .setFlags(runFlags);
                if (runPlace >= 0) {
                    entry.setPagesId((int) runFile).setFirstPage(runPlace);
                }
                map.write(entry.build());
            }
            runPages = 0;
        }
    }

    private static void read(FileChannel file, long offset, ByteBuffer into) throws IOException {
        while (into.hasRemaining()) {
            if (file.read(into, offset + into.position()) < 0) {
                throw new IOException("pages file has become shorter");
            }
        }
        into.flip();
    }

    @Override
    public void close() throws IOException {
        for (FileChannel file : stored.values()) {
            file.close();
        }
        stored.clear();
    }
}
