package io.baton.mktree.image;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Finds the contents of pages through the parents of an image, the nearest that has them. */
final class PagemapLayers {
    private final ImageDirectory directory;
    private final ImageKind kind;
    private final long id;

    /**
     * @param kind of the pagemap
     * @param id of the pagemap, the same in all parents
     */
    PagemapLayers(ImageDirectory directory, ImageKind kind, long id) {
        this.directory = directory;
        this.kind = kind;
        this.id = id;
    }

    List<PagemapImage.Layer> find(PagemapImage image) throws IOException {
        List<PagemapImage.Layer> layers = new ArrayList<>();
        List<PagemapImage.Run> wanted = split(image, image.runs(), "", layers);
        List<ImageDirectory> parents = wanted.isEmpty() ? List.of() : directory.parents();
        StringBuilder prefix = new StringBuilder();
        for (ImageDirectory parent : parents) {
            if (wanted.isEmpty()) {
                break;
            }
            if (!parent.has(kind, id)) {
                throw missing(parent.path(), wanted.get(0).vaddr());
            }
            prefix.append(ImageChain.LINK).append('/');
            PagemapImage pagemap = PagemapImage.read(parent, kind, id);
            wanted = split(pagemap, cut(parent, pagemap.runs(), wanted), prefix.toString(), layers);
        }
        if (!wanted.isEmpty()) {
            throw missing(directory.path(), wanted.get(0).vaddr());
        }
        return List.copyOf(layers);
    }

    /** Adds what is there as a layer; gives what is in the parent. */
    private static List<PagemapImage.Run> split(
            PagemapImage pagemap, List<PagemapImage.Run> runs, String prefix, List<PagemapImage.Layer> layers)
            throws ImageException {
        Map<Path, List<PagemapImage.Run>> present = new LinkedHashMap<>();
        List<PagemapImage.Run> inParent = new ArrayList<>();
        for (PagemapImage.Run run : runs) {
            if (!run.present() && !run.inParent()) {
                throw missing(pagemap.pages(), run.vaddr());
            }
            (run.present() ? present.computeIfAbsent(pagemap.pages(run), file -> new ArrayList<>()) : inParent)
                    .add(run);
        }
        present.forEach(
                (file, there) -> layers.add(new PagemapImage.Layer(prefix + file.getFileName(), List.copyOf(there))));
        return inParent;
    }

    /** The parts of runs that are wanted; both ascend. */
    private static List<PagemapImage.Run> cut(
            ImageDirectory parent, List<PagemapImage.Run> runs, List<PagemapImage.Run> wanted) throws ImageException {
        List<PagemapImage.Run> parts = new ArrayList<>();
        int next = 0;
        for (PagemapImage.Run range : wanted) {
            long at = range.vaddr();
            long end = at + range.size();
            while (at != end) {
                while (next < runs.size() && Long.compareUnsigned(end(runs.get(next)), at) <= 0) {
                    next++;
                }
                if (next == runs.size() || Long.compareUnsigned(runs.get(next).vaddr(), at) > 0) {
                    throw missing(parent.path(), at);
                }
                PagemapImage.Run run = runs.get(next);
                long to = Long.compareUnsigned(end(run), end) < 0 ? end(run) : end;
                long offset = run.present() ? run.offset() + at - run.vaddr() : -1;
                long pages = (to - at) / PagemapImage.PAGE_SIZE;
                parts.add(new PagemapImage.Run(at, pages, run.flags(), run.pagesId(), offset));
                at = to;
            }
        }
        return parts;
    }

    private static long end(PagemapImage.Run run) {
        return run.vaddr() + run.size();
    }

    private static ImageException missing(Path where, long address) {
        return new ImageException(
                where,
                0,
                "page that should be in this image or its parents is not: vaddr=0x" + Long.toHexString(address));
    }
}
