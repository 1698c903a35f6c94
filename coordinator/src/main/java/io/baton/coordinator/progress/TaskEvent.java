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
    CAPTURED(4);

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
