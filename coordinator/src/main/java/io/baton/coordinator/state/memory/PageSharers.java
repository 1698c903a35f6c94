package io.baton.coordinator.state.memory;

import io.baton.mktree.image.PagemapImage;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Which tasks have the same page of an image: of each page in the files that several tasks read, the first and the last
 * of them in the order of {@link MakerTree}. Whoever is above both is above all of them.
 */
final class PageSharers {
    private final Set<String> shared = new HashSet<>();
    private final Map<String, int[]> lowest = new HashMap<>();
    private final Map<String, int[]> highest = new HashMap<>();

    /** Notes the files of which a process reads what another one has written. */
    void look(PagemapImage pagemap) {
        for (PagemapImage.Layer layer : pagemap.layers()) {
            if (!shared.contains(layer.pages()) && anyElsewhere(layer.runs())) {
                shared.add(layer.pages());
            }
        }
    }

    private static boolean anyElsewhere(List<PagemapImage.Run> runs) {
        for (PagemapImage.Run run : runs) {
            if (run.elsewhere()) {
                return true;
            }
        }
        return false;
    }

    boolean areAny() {
        return !shared.isEmpty();
    }

    /** Whether a file has pages of several tasks. */
    boolean areIn(String file) {
        return shared.contains(file);
    }

    /** Notes that the task with that number has these pages. */
    void add(int number, Piece piece) {
        int end = (int) ((piece.offset() + piece.end() - piece.start()) / PagemapImage.PAGE_SIZE);
        int[] low = lowest.getOrDefault(piece.file(), new int[0]);
        int[] high = highest.getOrDefault(piece.file(), new int[0]);
        if (low.length < end) {
            int before = low.length;
            low = Arrays.copyOf(low, Math.max(end, 2 * before));
            high = Arrays.copyOf(high, low.length);
            Arrays.fill(low, before, low.length, Integer.MAX_VALUE);
            Arrays.fill(high, before, high.length, -1);
            lowest.put(piece.file(), low);
            highest.put(piece.file(), high);
        }
        for (int page = (int) (piece.offset() / PagemapImage.PAGE_SIZE); page < end; page++) {
            low[page] = Math.min(low[page], number);
            high[page] = Math.max(high[page], number);
        }
    }

    /** What of a piece tasks share that have a maker in common above that one. */
    void above(MakerTree tree, int slot, Piece piece, List<Piece> found) {
        int[] low = lowest.get(piece.file());
        int[] high = highest.get(piece.file());
        if (low == null || high == null) {
            return;
        }
        long from = piece.start();
        int page = (int) (piece.offset() / PagemapImage.PAGE_SIZE);
        for (long at = piece.start(); at < piece.end(); at += PagemapImage.PAGE_SIZE, page++) {
            if (!tree.meetAbove(slot, low[page], high[page])) {
                if (from < at) {
                    Pieces.append(found, piece.part(from, at));
                }
                from = at + PagemapImage.PAGE_SIZE;
            }
        }
        if (from < piece.end()) {
            Pieces.append(found, piece.part(from, piece.end()));
        }
    }
}
