package io.baton.coordinator.suspend;

import io.baton.task.linux.Memory;
import io.baton.task.linux.RobustList;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.linux.SystemCall;
import io.baton.task.suspend.SuspendDescriptor;
import java.util.concurrent.CountDownLatch;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * A thread that does nothing but be there: it is who holds the processes in COMPLETE. Should it die, with us, the kernel goes
 * through its list of robust futexes, takes the marks away and wakes the processes. They need not look after us, and
 * would not see us from another pid namespace.
 *
 * <p>The list is in pages of our own, where no process can bend it; so for every page one word back is the entry that leads
 * on to the next, {@link SuspendPage#FUTEX_OFFSET} before its futex. Source: the kernel's robust-futex-ABI.
 */
final class HoldThread implements AutoCloseable {
    /** The kernel follows a list no further than 2048 entries. */
    static final int MOST_PAGES = 2000;

    private static final int HEAD_LENGTH = 24;

    private final Memory head = Memory.allocate(HEAD_LENGTH);
    private final CountDownLatch ready = new CountDownLatch(1);
    private final CountDownLatch over = new CountDownLatch(1);
    private final Thread thread = new Thread(this::run, "suspend-hold");
    private volatile int tid;
    private int pages;

    private HoldThread() {
        head.buffer().putLong(0, head.address());
        head.buffer().putLong(8, SuspendPage.FUTEX_OFFSET);
    }

    static HoldThread start() {
        HoldThread hold = new HoldThread();
        hold.thread.setDaemon(true);
        hold.thread.start();
        await(hold.ready);
        return hold;
    }

    private void run() {
        tid = (int) SystemCall.call(SyscallNumber.GETTID);
        RobustList former = RobustList.of(0);
        setList(head.address());
        ready.countDown();
        await(over);
        setList(former.head());
    }

    private static void setList(long address) {
        SystemCall.check(
                SystemCall.call(SyscallNumber.SET_ROBUST_LIST, address, HEAD_LENGTH), SyscallNumber.SET_ROBUST_LIST);
    }

    /** Not to be interrupted: processes wait. */
    private static void await(CountDownLatch latch) {
        boolean interrupted = false;
        while (true) {
            try {
                latch.await();
                break;
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Whether it can hold no more. */
    boolean isFull() {
        return pages == MOST_PAGES;
    }

    /** What is in the hold word of who is held by it. */
    int word() {
        return tid | SuspendDescriptor.HOLD_WAITERS;
    }

    /** Takes a page into the list; its hold word may be set then. */
    void add(SuspendPage page) {
        pages++;
        UnsafeBuffer entry = Memory.wrap(page.entryAddress(), Long.BYTES);
        entry.putLong(0, head.buffer().getLong(0));
        head.buffer().putLongVolatile(0, page.entryAddress());
    }

    /** Forgets all pages; they may be unmapped then. */
    @Override
    public void close() {
        head.buffer().putLongVolatile(0, head.address());
        over.countDown();
        boolean interrupted = Thread.interrupted();
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        head.close();
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
