package io.baton.coordinator.restore;

import io.baton.coordinator.progress.OperationListener;
import io.baton.mktree.image.PagemapImage;
import io.baton.mktree.tree.TreeFromImage;
import io.baton.task.linux.LinuxException;
import io.baton.task.linux.ProcFs;
import java.util.function.IntSupplier;

/** Tells a listener how many bytes of pages are back, ten times a second at most. */
final class RestoredBytes {
    private static final long PERIOD_NANOS = 100_000_000;

    private final OperationListener listener;
    private final long[] before;
    private long last = System.nanoTime();

    private RestoredBytes(final OperationListener listener, final long[] before) {
        this.listener = listener;
        this.before = before;
    }

    /** Counts what there is to restore. */
    static RestoredBytes of(
            final SavedTree tree, final Processes processes, final int tasks, final OperationListener listener) {
        final long[] before = new long[tasks + 1];
        for (int entry = 0; entry < tree.entries().size(); entry++) {
            if (!TreeFromImage.isZombie(tree.entries().get(entry))) {
                before[tree.position(entry) + 1] =
                        PagemapImage.PAGE_SIZE * pages(processes.process(entry).pagemap());
            }
        }
        for (int position = 0; position < tasks; position++) {
            before[position + 1] += before[position];
        }
        return new RestoredBytes(listener, before);
    }

    private static long pages(final PagemapImage pagemap) {
        long pages = 0;
        for (final PagemapImage.Run run : pagemap.runs()) {
            if (run.present() || run.inParent()) {
                pages += run.pages();
            }
        }
        return pages;
    }

    /** All of them. */
    long total() {
        return before[before.length - 1];
    }

    /**
     * Tells it if it is time.
     *
     * @param position of the task that has the baton
     * @param task what we call it: how much it has back by now is seen from its resident memory
     */
    void sample(final int position, final IntSupplier task) {
        final long now = System.nanoTime();
        if (!listener.isActive() || now - last <= PERIOD_NANOS || position >= before.length - 1) {
            return;
        }
        last = now;
        final long own = before[position + 1] - before[position];
        listener.bytes(before[position] + (own == 0 ? 0 : Math.min(own, resident(task.getAsInt()))), total());
    }

    private static long resident(final int pid) {
        try (ProcFs proc = new ProcFs()) {
            return PagemapImage.PAGE_SIZE
                    * Long.parseLong(proc.readText(pid, "statm").split(" ")[1]);
        } catch (final LinuxException e) {
            return 0; // it has ended
        }
    }

    /** All of them in pages. */
    long pages() {
        return total() / PagemapImage.PAGE_SIZE;
    }

    /** They are all back. */
    void ended() {
        listener.bytes(total(), total());
    }
}
