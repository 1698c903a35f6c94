package io.baton.coordinator.progress;

/** What can happen to a task in an operation. */
public enum TaskEvent {
    /** It was made and has taken its place in the hierarchy (restore). */
    ARRIVED(1),

    /** It had the baton, from start to end (restore). */
    RESTORED(2),

    /** It failed (restore). */
    FAILED(3),

    /** Its state was asked and written, from start to end (dump). */
    CAPTURED(4),

    /** It was asked to suspend itself, and did (dump). */
    SUSPEND_COMPLETED(5),

    /** It was asked to suspend itself, and wanted to be halted with the others (dump). */
    SUSPEND_POSTPONED(6),

    /** It was asked to suspend itself, and did not in time (dump). */
    SUSPEND_TIMED_OUT(7),

    /** It was asked to suspend itself, and ended (dump). */
    SUSPEND_ENDED(8),

    /** It could not be asked to suspend itself (dump). */
    SUSPEND_NOT_ASKED(9),

    /** It has no callback by which to suspend itself (dump). */
    SUSPEND_NO_CALLBACK(10);

    private final int number;

    TaskEvent(final int number) {
        this.number = number;
    }

    /** The number the journal knows it by. */
    public int number() {
        return number;
    }

    /** The event of that number. */
    public static TaskEvent of(final int number) {
        for (final TaskEvent event : values()) {
            if (event.number == number) {
                return event;
            }
        }
        throw new IllegalArgumentException("no such event: number=" + number);
    }
}
