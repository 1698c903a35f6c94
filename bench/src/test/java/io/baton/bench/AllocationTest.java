package io.baton.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.sun.management.ThreadMXBean;
import io.baton.coordinator.bench.BatonTasks;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.Test;

/** That the hot path does not allocate: counted by the JVM, byte by byte, and not sampled. */
class AllocationTest {
    private static final int ROUNDS = 10;
    private static final int TASKS = 200;
    private static final int RING = 256 * 1024;

    @Test
    void shouldHandOverWithoutAllocating() {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        // What is loaded and linked at first use may come late: a call that fails for the first time. What each
        // hand-over
        // allocated would be there every time.
        long least = Long.MAX_VALUE;
        for (int i = 0; i < ROUNDS && least > 0; i++) {
            least = Math.min(least, allocated(threads));
        }
        assertEquals(0, least);
    }

    /** Bytes allocated by this thread, which does all that Java does for it, while a baton goes round. */
    private static long allocated(ThreadMXBean threads) {
        long self = Thread.currentThread().getId();
        try (BatonTasks tasks = new BatonTasks(TASKS, RING)) {
            long before = threads.getThreadAllocatedBytes(self);
            tasks.publishAll();
            tasks.round();
            return threads.getThreadAllocatedBytes(self) - before;
        }
    }
}
