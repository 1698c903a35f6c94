package io.baton.coordinator.state.memory;

import io.baton.task.linux.PageMap;
import java.io.Closeable;
import java.nio.ByteBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.jspecify.annotations.Nullable;

/** Entries of page maps, some thousands at a time; keeps the page map of the last process open. */
final class PageTable implements Closeable {
    /** Pages at once. */
    static final int LENGTH = 8192;

    private final UnsafeBuffer entries = new UnsafeBuffer(ByteBuffer.allocateDirect(LENGTH * Long.BYTES));
    private @Nullable PageMap pages;
    private int pid;

    /**
     * Reads entries.
     *
     * @param count at most {@link #LENGTH}
     * @return how many were read
     */
    int read(int newPid, long address, int count) {
        PageMap open = pages;
        if (open == null || pid != newPid) {
            close();
            open = PageMap.open(newPid);
            pages = open;
            pid = newPid;
        }
        return open.entries(address, count, entries.addressOffset());
    }

    /** An entry of those read last. */
    long get(int index) {
        return entries.getLong(index * Long.BYTES);
    }

    @Override
    public void close() {
        if (pages != null) {
            pages.close();
            pages = null;
        }
    }
}
