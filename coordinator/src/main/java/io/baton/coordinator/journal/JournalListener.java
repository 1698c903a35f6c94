package io.baton.coordinator.journal;

import io.baton.coordinator.progress.OperationListener;
import io.baton.task.linux.ProcessName;

/** Hears a journal as it is read: all that the operation told, and what the journal itself adds. */
public interface JournalListener extends OperationListener {
    /**
     * Whose journal it is; first of all.
     *
     * @param coordinator who does or did the operation
     * @param nanos CLOCK_MONOTONIC, which all other times are of, when it was ...
     * @param wallMillis ... this time since 1970
     */
    default void opened(ProcessName coordinator, long nanos, long wallMillis) {}

    /** So many records found no room. */
    default void lost(long records) {}

    /** Something that the operation had left was cleared. */
    default void recovered(String what, long wallMillis) {}
}
