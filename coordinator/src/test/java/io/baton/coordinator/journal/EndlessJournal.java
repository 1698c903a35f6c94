package io.baton.coordinator.journal;

import java.nio.file.Path;
import java.util.Random;

/** Tells a journal of random events until it is killed. */
final class EndlessJournal {
    private static final int CALLS = 20_000;

    private EndlessJournal() {}

    public static void main(final String[] args) {
        final JournalWriter journal = StateDirectory.at(Path.of(args[0])).begin();
        Calls.tell(journal, new Random(Long.parseLong(args[1])), CALLS);
        while (true) {
            Thread.onSpinWait();
        }
    }

    /** What it tells, up to its death. */
    static Calls told(final long seed) {
        final Calls calls = new Calls();
        Calls.tell(calls, new Random(seed), CALLS);
        return calls;
    }
}
