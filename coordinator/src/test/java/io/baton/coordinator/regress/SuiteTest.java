package io.baton.coordinator.regress;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.baton.task.linux.Errno;
import io.baton.task.linux.Identity;
import io.baton.task.linux.ProcFs;
import io.baton.task.linux.Signals;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.linux.VanishedException;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The machinery, with checks that end in every way. */
@Timeout(60)
class SuiteTest {
    private final Suite suite = new Suite(TimeUnit.MILLISECONDS.toNanos(400), () -> false);
    private int[] before = {};

    @BeforeEach
    void rememberChildren() {
        before = children();
    }

    @AfterEach
    void shouldLeaveNothingBehind() {
        assertEquals(Arrays.toString(before), Arrays.toString(children()));
    }

    private static int[] children() {
        try (ProcFs proc = new ProcFs()) {
            int self = Identity.pid();
            return Arrays.stream(proc.threads(self))
                    .flatMap(thread -> Arrays.stream(children(proc, self, thread)))
                    .sorted()
                    .toArray();
        }
    }

    private static int[] children(ProcFs proc, int process, int thread) {
        try {
            return proc.children(process, thread);
        } catch (VanishedException e) {
            return new int[0]; // the thread has ended; another one has its children
        }
    }

    private Outcome run(Check.Body body) {
        return suite.run(Check.of("test.one", "something", "nowhere", body));
    }

    @Test
    void shouldSayWhatWasExpectedAndWhatWasSeen() {
        Outcome outcome = run(lab -> lab.subject().call(SyscallNumber.CLOSE, 77).shouldReturn(0));
        assertEquals(Outcome.Status.FAIL, outcome.status());
        assertTrue(outcome.reason().contains("close(77)"), outcome.reason());
        assertTrue(outcome.reason().endsWith("expected 0, seen EBADF"), outcome.reason());
    }

    @Test
    void shouldSkipWithTheReason() {
        Outcome outcome =
                run(lab -> lab.subject().call(SyscallNumber.CLOSE, 77).skipOn(Errno.EBADF, "needs more descriptors"));
        assertEquals(Outcome.Status.SKIP, outcome.status());
        assertTrue(outcome.reason().endsWith("EBADF: needs more descriptors"), outcome.reason());
    }

    @Test
    void shouldEndACheckWhoseSubjectSleeps() {
        Outcome outcome = run(lab -> lab.subject().call(SyscallNumber.PPOLL, 0, 0, 0, 0));
        assertEquals(Outcome.Status.TIMEOUT, outcome.status());
        assertTrue(outcome.reason().contains("ppoll"), outcome.reason());
    }

    @Test
    void shouldEndACheckThatSleepsItself() {
        Outcome outcome = run(lab -> {
            int pid = lab.subject().pid();
            while (Signals.kill(pid, 0)) {
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(10));
            }
        });
        assertEquals(Outcome.Status.TIMEOUT, outcome.status());
    }

    @Test
    void shouldLeaveACheckThatNeverReturnsAlone() {
        Outcome outcome = run(lab -> {
            Subject subject = lab.subject();
            Data data = lab.longs(7);
            long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(6);
            while (System.nanoTime() - until < 0 && data.longAt(0) == 7) {
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(10));
                Thread.interrupted();
            }
            subject.call(SyscallNumber.GETPID);
        });
        assertEquals(Outcome.Status.TIMEOUT, outcome.status());
        assertTrue(outcome.details().stream().anyMatch(line -> line.contains("park")), outcome::toString);
    }

    @Test
    void shouldNoticeASubjectThatDies() {
        Outcome outcome = run(lab -> {
            Subject child = lab.subject().fork();
            Signals.kill(child.pid(), Signals.SIGKILL);
            child.call(SyscallNumber.GETPID);
        });
        assertEquals(Outcome.Status.FAIL, outcome.status());
        assertTrue(outcome.reason().contains("died"), outcome.reason());
    }

    @Test
    void shouldEndStoppedAndOrphanedSubjects() {
        Outcome outcome = run(lab -> {
            Subject child = lab.subject().fork();
            Subject orphan = child.fork(Fork.child().outliving());
            orphan.call(SyscallNumber.SETSID);
            Signals.kill(orphan.pid(), Signals.SIGSTOP);
            child.exit(0);
            child.awaitZombie();
        });
        assertEquals(Outcome.Status.OK, outcome.status(), outcome.reason());
    }

    @Test
    void shouldTellOfDefectsOfACheck() {
        Outcome outcome = run(lab -> {
            throw new IllegalArgumentException("a defect");
        });
        assertEquals(Outcome.Status.FAIL, outcome.status());
        assertEquals("IllegalArgumentException: a defect", outcome.reason());
    }

    @Test
    void shouldUndoInTheOppositeOrder() {
        AtomicInteger steps = new AtomicInteger();
        Outcome outcome = run(lab -> {
            lab.afterEnd(() -> assertEquals(2, steps.getAndIncrement()));
            lab.afterEnd(() -> assertEquals(1, steps.getAndIncrement()));
            lab.beforeEnd(() -> assertEquals(0, steps.getAndIncrement()));
        });
        assertEquals(Outcome.Status.OK, outcome.status(), outcome.reason());
        assertEquals(3, steps.get());
    }

    @Test
    void shouldStopWhenCancelled() {
        AtomicInteger made = new AtomicInteger();
        Check check = Check.of("test.one", "something", "nowhere", lab -> made.incrementAndGet());
        new Suite(TimeUnit.SECONDS.toNanos(1), () -> made.get() == 1).run(List.of(check, check), outcome -> {});
        assertEquals(1, made.get());
    }
}
