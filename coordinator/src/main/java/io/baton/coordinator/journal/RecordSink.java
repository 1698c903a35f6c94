package io.baton.coordinator.journal;

import org.agrona.DirectBuffer;

/** Where records go. */
interface RecordSink extends AutoCloseable {
    /** Appends a record; false when there is no room for it, now or ever. */
    boolean append(DirectBuffer record, int length);

    /** All has been appended. */
    @Override
    void close();
}
