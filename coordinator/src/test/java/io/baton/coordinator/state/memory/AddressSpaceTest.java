package io.baton.coordinator.state.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.baton.coordinator.error.BatonException;
import java.util.Random;
import org.junit.jupiter.api.Test;

class AddressSpaceTest {
    private static final long PAGE = 4096;

    @Test
    void shouldFindTheMiddleOfAnEmptySpace() {
        long found = new AddressSpace().findFree(1 << 20);

        assertTrue(found >= 0x2000_0000_0000L && found < 0x5000_0000_0000L);
        assertEquals(0, found % PAGE);
    }

    @Test
    void shouldMergeTouchingAndOverlappingRanges() {
        AddressSpace space = new AddressSpace()
                .add(0x30_0000, 0x40_0000)
                .add(0x10_0000, 0x20_0000)
                .add(0x20_0000, 0x28_0000)
                .add(0x38_0000, 0x50_0000);

        assertEquals(2, space.ranges());
    }

    @Test
    void shouldIgnoreTheVsyscallPage() {
        AddressSpace space = new AddressSpace().add(0xffff_ffff_ff60_0000L, 0xffff_ffff_ff60_1000L);

        assertEquals(0, space.ranges());
    }

    @Test
    void shouldLookElsewhereWhenTheMiddleIsTaken() {
        AddressSpace space = new AddressSpace().add(0x1000_0000_0000L, 0x6000_0000_0000L);

        long found = space.findFree(1 << 30);

        assertTrue(found + (1 << 30) <= 0x1000_0000_0000L || found >= 0x6000_0000_0000L);
    }

    @Test
    void shouldGiveUpTheMarginsWhenItMust() {
        AddressSpace space =
                new AddressSpace().add(0, 0x1000_0000_0000L).add(0x1000_0000_0000L + 4 * PAGE, AddressSpace.TASK_SIZE);

        assertEquals(0x1000_0000_0000L, space.findFree(4 * PAGE));
        assertThrows(BatonException.class, () -> space.findFree(5 * PAGE));
    }

    @Test
    void shouldNeverGiveARangeInUse() {
        Random random = new Random(7);
        for (int round = 0; round < 200; round++) {
            int n = random.nextInt(2000);
            long[] starts = new long[n];
            long[] ends = new long[n];
            AddressSpace space = new AddressSpace();
            for (int i = 0; i < n; i++) {
                starts[i] = random.nextLong(AddressSpace.TASK_SIZE / PAGE) * PAGE;
                ends[i] = Math.min(AddressSpace.TASK_SIZE, starts[i] + (random.nextLong(1L << 26) + 1) * PAGE);
                space.add(starts[i], ends[i]);
                if (random.nextInt(500) == 0) {
                    space.ranges();
                }
            }
            long length = (random.nextLong(1 << 16) + 1) * PAGE;
            try {
                long found = space.findFree(length);
                for (int i = 0; i < n; i++) {
                    assertFalse(found < ends[i] && starts[i] < found + length, "round " + round);
                }
                assertTrue(found >= AddressSpace.LOWEST && found + length <= AddressSpace.TASK_SIZE);
            } catch (BatonException e) {
                assertTrue(n > 100, "gave up with " + n + " ranges");
            }
        }
    }
}
