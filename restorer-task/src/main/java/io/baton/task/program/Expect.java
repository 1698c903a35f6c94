package io.baton.task.program;

/** What an instruction's result must be, or the task fails. */
public final class Expect {
    public static final int ANY = 0;
    public static final int SUCCESS = 1;

    /** Exactly {@code want}. */
    public static final int EQUAL = 2;

    /** Success, or failure with the errno in {@code want}. */
    public static final int SUCCESS_OR = 3;

    private Expect() {}
}
