package io.baton.coordinator.robust;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.baton.coordinator.Victim;
import io.baton.coordinator.action.Action;
import io.baton.coordinator.action.ActionContext;
import io.baton.coordinator.action.ActionPoint;
import io.baton.coordinator.action.ActionScript;
import io.baton.coordinator.dump.Finish;
import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.error.ErrorCode;
import io.baton.coordinator.progress.OperationListener;
import io.baton.coordinator.progress.TaskEvent;
import io.baton.coordinator.state.DumpOptions;
import io.baton.coordinator.state.RestoreOptions;
import io.baton.coordinator.supervision.Supervision;
import io.baton.coordinator.supervision.TimeLimits;
import io.baton.mktree.plan.RestoreStage;
import io.baton.task.linux.Prctl;
import io.baton.task.linux.Ptrace;
import io.baton.task.linux.Signals;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What listeners hear, what actions can do and what a deadline says, all through the API for those who embed Baton. */
@Timeout(120)
class SupervisedRestoreTest {
    private static final long STAGE = TimeUnit.MILLISECONDS.toNanos(700);
    private static final long UNDO = TimeUnit.SECONDS.toNanos(5);
    private static final List<String> RESTORE_POINTS = List.of(
            "pre-restore",
            "setup-namespaces",
            "post-setup-namespaces",
            "post-restore",
            "network-unlock",
            "pre-resume",
            "post-resume");

    @TempDir
    Path folder = Path.of("");

    private final List<String> heard = new ArrayList<>();
    private Path images = Path.of("");
    private int root;

    @BeforeAll
    static void becomeSubreaper() {
        Prctl.setChildSubreaper(true);
    }

    @BeforeEach
    void dump() throws Exception {
        images = folder.resolve("images");
        try (Victim victim = Victim.startTree(folder, "family", 0)) {
            root = victim.pid();
            Supervision supervision = Supervision.NONE.withActions(List.of(this::remember));
            new io.baton.coordinator.Coordinator(supervision).dump(root, images, DumpOptions.DEFAULT, Finish.KILL);
        }
        Descendants.end();
    }

    @AfterEach
    void endAll() {
        Descendants.end();
    }

    private void remember(ActionPoint point, ActionContext context) {
        heard.add(point.toString());
    }

    private void restore(Supervision supervision) {
        new io.baton.coordinator.Coordinator(supervision).restore(images, RestoreOptions.DEFAULT);
    }

    @Test
    void shouldRunActionsAtAllPoints() throws Exception {
        assertEquals(List.of("pre-dump", "network-lock", "post-dump"), heard);
        Path log = folder.resolve("log");
        restore(Supervision.NONE.withActions(List.of(new ActionScript(
                "echo $CRTOOLS_SCRIPT_ACTION $CRTOOLS_IMAGE_DIR ${CRTOOLS_INIT_PID-none} >> " + log))));
        List<String> expected = new ArrayList<>();
        for (String point : RESTORE_POINTS) {
            expected.add(point + " " + images + " " + (point.equals("pre-restore") ? "none" : root));
        }
        assertEquals(expected, Files.readAllLines(log));
    }

    @ParameterizedTest
    @EnumSource(
            value = ActionPoint.class,
            names = {"PRE_RESTORE", "SETUP_NAMESPACES", "POST_SETUP_NAMESPACES", "POST_RESTORE", "PRE_RESUME"})
    void shouldUndoWhenAnActionFails(ActionPoint point) {
        Action script = new ActionScript("test $CRTOOLS_SCRIPT_ACTION != " + point + " || { echo no luck; exit 3; }");
        BatonException failure =
                assertThrows(BatonException.class, () -> restore(Supervision.NONE.withActions(List.of(script))));
        assertEquals(ErrorCode.SCRIPT_FAILED, failure.code());
        assertTrue(failure.message().contains(point + ": exit status 3"), failure::message);
        assertTrue(failure.message().contains("no luck"), failure::message);
        assertTrue(Descendants.isNone());
        restore(Supervision.NONE);
    }

    @Test
    void shouldNotWaitForALateScript() {
        long start = System.nanoTime();
        BatonException failure = assertThrows(
                BatonException.class,
                () -> restore(Supervision.NONE
                        .withLimits(new TimeLimits(0, STAGE))
                        .withActions(List.of(new ActionScript("sleep 1000 & wait")))));
        assertEquals(ErrorCode.SCRIPT_FAILED, failure.code());
        assertTrue(System.nanoTime() - start < STAGE + UNDO);
        assertTrue(Descendants.isNone(), () -> "left: " + Descendants.list());
    }

    @Test
    void shouldTellWhatHappens() {
        AtomicInteger arrived = new AtomicInteger();
        AtomicInteger restored = new AtomicInteger();
        List<RestoreStage> stages = new ArrayList<>();
        restore(Supervision.NONE.withListener(new OperationListener() {
            @Override
            public void stageEnded(RestoreStage stage, long nanos) {
                stages.add(stage);
            }

            @Override
            public void task(TaskEvent event, int pid, long startNanos, long endNanos) {
                (event == TaskEvent.ARRIVED ? arrived : restored).incrementAndGet();
                assertTrue(pid > 0 && startNanos <= endNanos);
            }
        }));
        assertEquals(arrived.get(), restored.get());
        assertTrue(arrived.get() >= 9, () -> "arrived=" + arrived);
        assertEquals(
                List.of(
                        RestoreStage.FORKING,
                        RestoreStage.RESTORE,
                        RestoreStage.RESTORE_SIGCHLD,
                        RestoreStage.RESTORE_CREDS,
                        RestoreStage.COMPLETE),
                stages.stream()
                        .filter(stage -> stage.compareTo(RestoreStage.FORKING) >= 0)
                        .filter(stage -> stage != RestoreStage.GROUPS && stage != RestoreStage.ORPHANS)
                        .toList());
    }

    @ParameterizedTest
    @EnumSource(
            value = RestoreStage.class,
            names = {"RESTORE", "RESTORE_CREDS"})
    void shouldNameATaskHeldBySigstop(RestoreStage stage) {
        long start = System.nanoTime();
        BatonException failure = assertThrows(
                BatonException.class,
                () -> restore(Supervision.NONE
                        .withLimits(new TimeLimits(0, STAGE))
                        .withListener(at(stage, () -> Signals.kill(root, Signals.SIGSTOP)))));
        assertEquals(ErrorCode.TIMEOUT, failure.code(), failure::message);
        assertTrue(failure.message().contains("--stage-timeout"), failure::message);
        assertTrue(failure.message().contains("pid " + root + " (star-static"), failure::message);
        assertTrue(failure.message().toLowerCase(Locale.ROOT).contains("; state t, "), failure::message);
        assertEquals(root, failure.details().pid());
        assertTrue(System.nanoTime() - start < STAGE + UNDO, "undone in time");
        assertTrue(Descendants.isNone(), () -> "left: " + Descendants.list());
        restore(Supervision.NONE);
    }

    @Test
    void shouldNameATaskHeldByADebugger() throws Exception {
        CountDownLatch done = new CountDownLatch(1);
        CountDownLatch seized = new CountDownLatch(1);
        Thread debugger = new Thread(() -> {
            Ptrace.seize(root, 0);
            Ptrace.interrupt(root);
            seized.countDown();
            awaitQuietly(done);
        });
        BatonException failure = assertThrows(
                BatonException.class,
                () -> restore(Supervision.NONE
                        .withLimits(new TimeLimits(0, STAGE))
                        .withListener(at(RestoreStage.RESTORE, () -> {
                            debugger.start();
                            awaitQuietly(seized);
                        }))));
        done.countDown();
        debugger.join();
        assertEquals(ErrorCode.TIMEOUT, failure.code(), failure::message);
        assertTrue(failure.message().contains("pid " + root + " (star-static"), failure::message);
        assertTrue(failure.message().contains("state t, traced by pid "), failure::message);
        assertTrue(Descendants.isNone(), () -> "left: " + Descendants.list());
        restore(Supervision.NONE);
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            latch.await(10, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Does something when a stage is about to start. */
    private static OperationListener at(RestoreStage wanted, Runnable work) {
        return new OperationListener() {
            @Override
            public void stageStarted(RestoreStage stage, int tasks, long nanos) {
                if (stage == wanted) {
                    work.run();
                }
            }
        };
    }
}
