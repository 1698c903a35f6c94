package io.baton.coordinator.restore;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.baton.mktree.image.proto.PstreeEntry;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class LanesTest {
    private static final int NOBODY = -1;

    /** Processes 100, 200, ... with so many threads each: tids 100, 101, ... */
    private static List<PstreeEntry> rows(final int... threads) {
        return IntStream.range(0, threads.length)
                .mapToObj(row -> {
                    final int pid = 100 * (row + 1);
                    final PstreeEntry.Builder entry = PstreeEntry.newBuilder()
                            .setPid(pid)
                            .setPpid(0)
                            .setPgid(pid)
                            .setSid(pid);
                    IntStream.range(0, threads[row]).forEach(i -> entry.addThreads(pid + i));
                    return entry.build();
                })
                .toList();
    }

    private static int[] lanes(final Lanes lanes, final int tasks) {
        return IntStream.range(0, tasks).map(lanes::lane).toArray();
    }

    @Test
    void shouldKeepEverybodyInOneLaneInSavedOrder() {
        final Lanes lanes = Lanes.of(rows(1, 2, 1), 1, row -> true);
        assertEquals(1, lanes.count());
        assertArrayEquals(new int[4], lanes(lanes, 4));
        assertEquals(NOBODY, lanes.awaited(3, 100));
        assertArrayEquals(new int[0], lanes.awaitedBy(2));
    }

    @Test
    void shouldDealProcessesToWhoHasFewestTasks() {
        final Lanes lanes = Lanes.of(rows(3, 1, 1, 1, 1), 2, row -> false);
        assertArrayEquals(new int[] {0, 0, 0, 1, 1, 1, 0}, lanes(lanes, 7));
        assertArrayEquals(new int[0], lanes.awaitedBy(4));
    }

    @Test
    void shouldAwaitOnlyWhoGoesAnotherWayBefore() {
        final Lanes lanes = Lanes.of(rows(1, 2, 1), 2, row -> false);
        assertArrayEquals(new int[] {0, 1, 1, 0}, lanes(lanes, 4));
        assertEquals(0, lanes.awaited(1, 100));
        assertEquals(2, lanes.awaited(3, 201));
        assertEquals(NOBODY, lanes.awaited(3, 100));
        assertEquals(NOBODY, lanes.awaited(0, 200));
        assertEquals(NOBODY, lanes.awaited(0, 999));
    }

    @Test
    void shouldPutWhoNeedsOrderBetweenAllBeforeAndAllAfter() {
        final Lanes lanes = Lanes.of(rows(1, 1, 1, 1, 1), 2, row -> row == 2);
        assertArrayEquals(new int[] {0, 1, 0, 1, 0}, lanes(lanes, 5));
        assertArrayEquals(new int[0], lanes.awaitedBy(1));
        assertArrayEquals(new int[] {1}, lanes.awaitedBy(2));
        assertArrayEquals(new int[] {2}, lanes.awaitedBy(3));
        assertArrayEquals(new int[0], lanes.awaitedBy(4)); // comes after it in the same lane
    }
}
