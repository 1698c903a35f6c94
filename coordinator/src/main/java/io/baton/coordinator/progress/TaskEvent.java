package io.baton.coordinator.progress;

/** What can happen to a task in an operation. */
public enum TaskEvent {
    /** It was made and has taken its place in the hierarchy (restore). */
    ARRIVED,

    /** It had the baton, from start to end (restore). */
    RESTORED,

    /** It failed (restore). */
    FAILED,

    /** Its state was asked and written, from start to end (dump). */
    CAPTURED
}
