package io.baton.coordinator.suspend;

import java.util.ArrayList;
import java.util.List;

/** The processes that are marked IN SUSPEND, and the threads that hold them. */
final class Holds implements AutoCloseable {
    private record Held(SuspendPage page, int word) {}

    private final List<HoldThread> threads = new ArrayList<>();
    private final List<Held> held = new ArrayList<>();

    /** Takes a page in; returns what its hold word is to be. */
    int add(SuspendPage page) {
        if (threads.isEmpty() || threads.get(threads.size() - 1).isFull()) {
            threads.add(HoldThread.start());
        }
        HoldThread thread = threads.get(threads.size() - 1);
        thread.add(page);
        held.add(new Held(page, thread.word()));
        return thread.word();
    }

    /** Takes all marks away. */
    void release() {
        for (Held one : held) {
            one.page.release(one.word);
        }
        held.clear();
    }

    @Override
    public void close() {
        release();
        threads.forEach(HoldThread::close);
        threads.clear();
    }
}
