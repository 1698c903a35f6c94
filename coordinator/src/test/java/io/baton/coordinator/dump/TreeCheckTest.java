package io.baton.coordinator.dump;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.baton.coordinator.Victim;
import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.error.ErrorCode;
import io.baton.coordinator.error.Refusal;
import io.baton.coordinator.ptrace.Deadline;
import io.baton.coordinator.state.Account;
import io.baton.coordinator.state.DumpOptions;
import io.baton.task.linux.ProcFs;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** {@code check -t} and the dump say the same of every tree. {@code -Dbaton.checks=N}: N random trees. */
class TreeCheckTest {
    private static final String LETTERS = "abcdefghijklmnopqABCDEFGHIJKL01234";
    private static final int SECONDS = 30;

    @TempDir
    Path directory;

    /** Each kind alone (all in one run: they cost little), and some together. */
    static List<String> animals() {
        Random random = new Random(Long.getLong("baton.seed", 1));
        List<String> all = LETTERS.chars()
                .filter(letter -> Integer.getInteger("baton.checks", 0) > 0 || letter % 3 == 0)
                .mapToObj(Character::toString)
                .collect(Collectors.toList());
        for (int i = 0; i < Integer.getInteger("baton.checks", 8); i++) {
            StringBuilder some = new StringBuilder();
            LETTERS.chars().filter(letter -> random.nextInt(4) == 0).forEach(some::appendCodePoint);
            all.add(some.toString());
        }
        return all;
    }

    @ParameterizedTest
    @MethodSource("animals")
    void shouldSayWhatTheDumpSays(String animals) throws Exception {
        try (Victim victim = Victim.start("menagerie", directory, animals)) {
            Victim.await(() -> Files.exists(directory.resolve("ready")));
            TreeCheck check = TreeCheck.of(request(victim));
            Set<String> told = reasons(check.verdicts());

            if (check.isDumpable()) {
                TreeDump.run(request(victim));
                assertTrue(Files.exists(directory.resolve("image")));
            } else {
                BatonException refused = assertThrows(BatonException.class, () -> TreeDump.run(request(victim)));
                assertEquals(ErrorCode.UNSUPPORTED, refused.code(), refused.message());
                assertEquals(
                        told,
                        new TreeSet<>(refused.refusals().stream()
                                .map(Refusal::toString)
                                .toList()));
                assertFalse(Files.exists(directory.resolve("image")));
            }
            assertTrue(victim.isAlive());
            assertDocumented(check);
        }
    }

    /** What is refused stands in docs/state.md. */
    private static void assertDocumented(TreeCheck check) {
        List<Account> accounts = TreeCheck.accounts();
        for (Verdict verdict : check.verdicts()) {
            for (Refusal refusal : verdict.reasons()) {
                assertTrue(
                        accounts.stream().anyMatch(account -> account.tells(refusal.reason())),
                        () -> "not in the account() of its kind: " + refusal.reason());
            }
            assertTrue(
                    accounts.stream()
                            .anyMatch(account ->
                                    account.what().equals(verdict.object().kind())),
                    verdict.object().kind());
        }
    }

    private static Set<String> reasons(List<Verdict> verdicts) {
        Set<String> reasons = new TreeSet<>();
        verdicts.forEach(verdict -> verdict.reasons().forEach(reason -> reasons.add(reason.toString())));
        return reasons;
    }

    private DumpRequest request(Victim victim) {
        return new DumpRequest(
                victim.pid(),
                directory.resolve("image"),
                DumpOptions.DEFAULT,
                Finish.LEAVE_RUNNING,
                Deadline.after(SECONDS));
    }

    @Test
    void shouldListEveryDescriptorAndMapping() throws Exception {
        try (Victim victim = Victim.start("menagerie", directory, "abg3J");
                ProcFs proc = new ProcFs()) {
            Victim.await(() -> Files.exists(directory.resolve("ready")));
            TreeCheck check = TreeCheck.of(request(victim));

            int child = proc.children(victim.pid(), victim.pid())[0];
            for (int pid : new int[] {victim.pid(), child}) {
                assertEquals(proc.descriptors(pid).length, count(check, pid, "fd "));
                assertEquals(proc.maps(pid).size(), count(check, pid, "mapping "));
            }
            List<Verdict> refused = check.verdicts().stream()
                    .filter(verdict -> !verdict.reasons().isEmpty())
                    .toList();
            // Both have the netlink socket, which is refused once, or by now not at all.
            assertTrue(refused.isEmpty() || refused.size() == 2, refused.toString());
        }
    }

    private static long count(TreeCheck check, int pid, String prefix) {
        return check.verdicts().stream()
                .filter(verdict ->
                        verdict.object().pid() == pid && verdict.object().name().startsWith(prefix))
                .count();
    }
}
