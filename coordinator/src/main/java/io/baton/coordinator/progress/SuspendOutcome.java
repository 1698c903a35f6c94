package io.baton.coordinator.progress;

/** How a process's turn to suspend itself has ended. All but the one that completed are halted with the others. */
public enum SuspendOutcome {
    /** It sleeps in COMPLETE. */
    COMPLETED(TaskEvent.SUSPEND_COMPLETED, "completed"),

    /** It said that it wants to be halted with the others. */
    POSTPONED(TaskEvent.SUSPEND_POSTPONED, "postponed"),

    /** It had not called COMPLETE within its limit. */
    TIMED_OUT(TaskEvent.SUSPEND_TIMED_OUT, "timed out"),

    /** It ended before it had called COMPLETE. */
    ENDED(TaskEvent.SUSPEND_ENDED, "ended"),

    /** It could not be asked: it is stopped, its page is not one, or no time was left. */
    NOT_ASKED(TaskEvent.SUSPEND_NOT_ASKED, "not asked"),

    /** It has not registered. */
    NO_CALLBACK(TaskEvent.SUSPEND_NO_CALLBACK, "no callback");

    private final TaskEvent event;
    private final String text;

    SuspendOutcome(final TaskEvent event, final String text) {
        this.event = event;
        this.text = text;
    }

    /** As the journal has it. */
    public TaskEvent event() {
        return event;
    }

    @Override
    public String toString() {
        return text;
    }
}
