package io.baton.task.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.atomic.AtomicReference;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(5)
class FutexTest {
    @Test
    void shouldWakeAWaiterThroughAnotherMapping() throws InterruptedException {
        try (MemFd file = MemFd.create("futex", 4096);
                Mapping one = file.map();
                Mapping other = file.map()) {
            final AtomicReference<Futex.WaitResult> result = new AtomicReference<>();
            final Thread waiter = new Thread(() -> {
                result.set(Futex.wait(one.address() + 64, 0, 4_000_000_000L));
            });
            waiter.start();
            final UnsafeBuffer word = other.buffer();
            while (Futex.wake(other.address() + 64, 1) == 0 && waiter.isAlive()) {
                Thread.onSpinWait();
            }
            word.putIntOrdered(64, 1);
            waiter.join();
            assertEquals(Futex.WaitResult.WOKEN, result.get());
        }
    }

    @Test
    void shouldNotSleepOnAnotherValue() {
        try (Memory word = Memory.allocate(16)) {
            word.buffer().putInt(0, 7);
            assertEquals(Futex.WaitResult.VALUE_CHANGED, Futex.wait(word.address(), 6, Futex.FOREVER));
        }
    }

    @Test
    void shouldTimeOut() {
        try (Memory word = Memory.allocate(16)) {
            final long start = System.nanoTime();
            assertEquals(Futex.WaitResult.TIMED_OUT, Futex.wait(word.address(), 0, 2_000_000));
            assertEquals(Futex.WaitResult.TIMED_OUT, Futex.waitUntil(word.address(), 0, start + 4_000_000));
            assertTrue(System.nanoTime() - start >= 4_000_000);
            assertEquals(Futex.WaitResult.TIMED_OUT, Futex.waitUntil(word.address(), 0, start));
        }
    }

    @Test
    void shouldRefuseAnUnalignedWord() {
        try (Memory word = Memory.allocate(16)) {
            final LinuxException e =
                    assertThrows(LinuxException.class, () -> Futex.wait(word.address() + 1, 0, Futex.FOREVER));
            assertEquals(Errno.EINVAL, e.errno());
        }
    }
}
