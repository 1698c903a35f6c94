package io.baton.coordinator.ptrace;

import io.baton.task.linux.ProcFs;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** A reader of {@code /proc} for each thread that asks: each reads into memory of its own. */
final class ProcReaders implements AutoCloseable {
    private final Map<Thread, ProcFs> all = new ConcurrentHashMap<>();

    /** That of the calling thread. */
    ProcFs get() {
        ProcFs known = all.get(Thread.currentThread());
        if (known == null) {
            known = new ProcFs();
            all.put(Thread.currentThread(), known);
        }
        return known;
    }

    /** Closes those of all threads; nobody may be reading. */
    @Override
    public void close() {
        all.values().forEach(ProcFs::close);
        all.clear();
    }
}
