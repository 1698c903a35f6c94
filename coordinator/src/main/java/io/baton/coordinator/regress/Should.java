package io.baton.coordinator.regress;

import java.util.Objects;

/** What must be so. */
public final class Should {
    private Should() {}

    /** Two numbers must be equal. */
    public static void be(String what, long expected, long seen) {
        if (expected != seen) {
            throw CheckFailure.unexpected(what, number(expected), number(seen));
        }
    }

    /** Two things must be equal. */
    public static void be(String what, Object expected, Object seen) {
        if (!Objects.equals(expected, seen)) {
            throw CheckFailure.unexpected(what, String.valueOf(expected), String.valueOf(seen));
        }
    }

    /** Something must be true. */
    public static void hold(String what, boolean holds) {
        if (!holds) {
            throw CheckFailure.unexpected(what, "so", "not so");
        }
    }

    /** A text must contain another. */
    public static void contain(String what, String part, String text) {
        if (!text.contains(part)) {
            throw CheckFailure.unexpected(what, "'" + part.strip() + "'", "'" + text.strip() + "'");
        }
    }

    private static String number(long value) {
        return Math.abs(value) < 65_536 ? Long.toString(value) : "0x" + Long.toHexString(value);
    }
}
