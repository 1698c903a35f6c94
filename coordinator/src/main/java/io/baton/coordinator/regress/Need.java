package io.baton.coordinator.regress;

/** What does not work where a check fails. */
public enum Need {
    /** Every dump. */
    DUMP("every dump"),

    /** Every restore. */
    RESTORE("every restore"),

    /** Nothing: it only takes longer, or more room. */
    SPEED("speed"),

    /** Trees of other users, or with more than we may have ourselves. */
    RIGHTS("trees of other users"),

    /** Trees that have such a thing. */
    STATE("trees that have it");

    private final String words;

    Need(String words) {
        this.words = words;
    }

    /** Whether nothing works without it. */
    public boolean isRequired() {
        return this == DUMP || this == RESTORE;
    }

    /** For a reader. */
    public String words() {
        return words;
    }
}
