package io.baton.coordinator.regress;

/**
 * One thing the kernel must do.
 *
 * @param id stable, dotted, from the part to the detail: {@code clone3.set_tid.nested}
 * @param what it does, in one line
 * @param source kernel source file and function, or man page, that says so
 * @param need what relies on it
 * @param remedy what the user can do where it is lacking; empty if nothing
 * @param body tries it out; returns when all is as it must be
 */
public record Check(String id, String what, String source, Need need, String remedy, Body body) {
    /** The trial. */
    @FunctionalInterface
    public interface Body {
        /**
         * Tries it out.
         *
         * @throws CheckFailure if the kernel does otherwise
         * @throws CheckSkipped if it cannot be tried here
         */
        void run(Lab lab);
    }

    /** A check that only trees that have such a thing need. */
    public static Check of(String id, String what, String source, Body body) {
        return new Check(id, what, source, Need.STATE, "", body);
    }

    /** The same, needed by more. */
    public Check neededBy(Need by, String itsRemedy) {
        return new Check(id, what, source, by, itsRemedy, body);
    }

    @Override
    public String toString() {
        return id;
    }
}
