package io.baton.coordinator.regress;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.baton.coordinator.regress.checks.AllChecks;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The suite itself, on the kernel we run on. */
class RegressTest {
    private static final int LEAST = 60;

    @Test
    @Timeout(120)
    void shouldFindNothingBadHere() {
        List<Outcome> outcomes =
                new Suite(TimeUnit.SECONDS.toNanos(20), () -> false).run(AllChecks.list(), outcome -> {});
        assertEquals(
                List.of(),
                outcomes.stream()
                        .filter(Outcome::isBad)
                        .map(outcome -> outcome.check().id() + ": " + outcome.reason() + " " + outcome.details())
                        .toList());
        long ok = outcomes.stream()
                .filter(outcome -> outcome.status() == Outcome.Status.OK)
                .count();
        assertTrue(ok >= LEAST, () -> "only " + ok + " could be made here");
    }

    @Test
    void shouldGiveEachCheckAnIdAndASourceOfItsOwn() {
        Set<String> ids = new HashSet<>();
        for (Check check : AllChecks.list()) {
            assertTrue(ids.add(check.id()), check.id());
            assertTrue(check.id().matches("[a-z0-9_]+(\\.[a-z0-9_-]+)*"), check.id());
            assertTrue(check.source().matches(".*(\\.[chS]|\\([1-9]\\)).*"), check.id() + ": " + check.source());
        }
    }
}
