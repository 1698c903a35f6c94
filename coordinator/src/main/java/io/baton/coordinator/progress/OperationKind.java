package io.baton.coordinator.progress;

/** What is being done. */
public enum OperationKind {
    DUMP("dump"),
    PRE_DUMP("pre-dump"),
    RESTORE("restore");

    private final String text;

    OperationKind(final String text) {
        this.text = text;
    }

    /** As on the command line. */
    @Override
    public String toString() {
        return text;
    }
}
