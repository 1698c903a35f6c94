package io.baton.coordinator.tracking;

import io.baton.task.linux.PageMap;

/** Tells which pages of one stopped process have been written since the dump before, and watches on. */
public interface WriteWatch {
    /**
     * What is known of one mapping.
     *
     * @param before whether it was watched all the time since the dump before; else every page counts as written
     * @param after whether it is watched from now on
     */
    record Coverage(boolean before, boolean after) {
        /** Nothing is known, and nothing will be. */
        public static final Coverage NONE = new Coverage(false, false);
    }

    /** Begins with a mapping that the process alone has; exactly one, from its start to its end. */
    Coverage cover(PageMap pages, long start, long end);

    /**
     * Tells of pages of the mapping, as {@link PageMap#scan}, and counts them as not written from here on if it is
     * watched further. {@link PageMap#WRITTEN} is among the categories of those that were; it means nothing where the
     * mapping was not watched before.
     */
    void scan(
            PageMap pages,
            Coverage coverage,
            long start,
            long end,
            PageMap.Selection selection,
            PageMap.RegionConsumer consumer);

    /** After all mappings of the process. */
    void finish();
}
