package io.baton.mktree.plan;

/**
 * The stages of a restore, in order. The coordinator starts each one when all who take part in the one before have
 * confirmed it; a stage in which nobody takes part is skipped. Numbers as in the shared segment.
 */
public enum RestoreStage {
    /** The helper runs and makes the root. */
    ROOT_TASK(1),

    /** The root makes or enters its namespaces. */
    PREPARE_NAMESPACES(2),

    /** Every task is made; sessions are set, groups are led. Confirmed by everyone: "arrived". */
    FORKING(3),

    /** Members join process groups that they did not inherit. */
    GROUPS(4),

    /** Ghosts and placeholders leave and are reaped; the orphans they leave behind come to their saved parents. */
    ORPHANS(5),

    /** The baton goes round. */
    RESTORE(6),

    /** Zombies are picked up, SIGCHLD is given back. */
    RESTORE_SIGCHLD(7),

    /** Credentials, last of all. */
    RESTORE_CREDS(8),

    /** The gate. */
    COMPLETE(9);

    private static final RestoreStage[] BY_NUMBER = values();

    private final int number;

    RestoreStage(final int number) {
        this.number = number;
    }

    /** The number the segment knows it by. */
    public int number() {
        return number;
    }

    /** The stage of that number. */
    public static RestoreStage of(final int number) {
        if (number < 1 || number > BY_NUMBER.length) {
            throw new IllegalArgumentException("no such stage: number=" + number);
        }
        return BY_NUMBER[number - 1];
    }
}
