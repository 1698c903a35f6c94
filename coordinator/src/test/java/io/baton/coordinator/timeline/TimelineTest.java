package io.baton.coordinator.timeline;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.error.ErrorCode;
import io.baton.coordinator.journal.Story;
import io.baton.coordinator.progress.OperationKind;
import io.baton.coordinator.progress.TaskEvent;
import io.baton.coordinator.progress.TaskRow;
import io.baton.mktree.plan.RestoreStage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The pages stay in target/timeline-N.html, to be looked at. */
class TimelineTest {
    private static final long MICRO = 1000;
    private static final int FIRST_PID = 20_000;
    private static final String HOSTILE = "</script><b>";

    /** A restore as it goes: all arrive, the baton goes round, slowly here and there. */
    private static Story restore(final int tasks, final boolean fails) {
        final Random random = new Random(5);
        final Story story = new Story("20261120-214149.007-42");
        story.began(OperationKind.RESTORE, Path.of("/images/" + HOSTILE), 0, 0);
        final List<TaskRow> rows = new ArrayList<>();
        for (int i = 0; i < tasks; i++) {
            final String name = i == 1 ? HOSTILE : i % 9 == 0 ? "nginx" : "worker-" + i % 7;
            rows.add(new TaskRow(FIRST_PID + i, i % 9 == 4 ? "thread" : i % 50 == 7 ? "zombie" : "process", name));
        }
        story.planned(rows);
        long now = 1;
        for (final String phase : List.of("open image", "read", "plan", "validate", "prepare")) {
            final long from = now;
            now += (3_000 + random.nextInt(9_000) + 4L * tasks) * MICRO;
            story.phase(phase, from, now);
        }
        story.stageStarted(RestoreStage.FORKING, tasks, now);
        final long make = now;
        for (int i = 0; i < tasks; i++) {
            now += (20 + random.nextInt(30)) * MICRO;
            story.task(TaskEvent.ARRIVED, FIRST_PID + i, now, now);
        }
        story.stageEnded(RestoreStage.FORKING, now);
        story.phase("make tree", make, now);
        story.script("setup-namespaces", "echo " + HOSTILE, 0, make, now);
        story.stageStarted(RestoreStage.RESTORE, 0, now);
        final long baton = now;
        for (int i = 0; i < (fails ? tasks / 2 : tasks); i++) {
            final long from = now;
            now += (random.nextInt(100) == 0 ? 2_000 + random.nextInt(8_000) : 80 + random.nextInt(200)) * MICRO;
            story.task(TaskEvent.RESTORED, FIRST_PID + i, from, now);
        }
        if (fails) {
            story.task(TaskEvent.FAILED, FIRST_PID + tasks / 2, now, now);
            final String why = "pid " + (FIRST_PID + tasks / 2) + ": fd 3: openat: ENOENT (no such file)";
            story.failed(new BatonException(ErrorCode.TASK_FAILED, why, ""), now);
            return story;
        }
        story.stageEnded(RestoreStage.RESTORE, now);
        story.phase("baton", baton, now);
        for (int i = 0; i < Math.min(20, tasks); i++) {
            story.slowest(
                    FIRST_PID + i * (tasks / 20),
                    "preadv (pages of mapping 7f00000000-7f00400000)",
                    9_000_000 / (i + 1));
        }
        story.ended(FIRST_PID, now + MICRO);
        return story;
    }

    @Test
    void shouldMakeAPageThatFetchesNothingAndEscapesAll() throws IOException {
        for (final int tasks : new int[] {12, 1_000, 5_000}) {
            final String page = HtmlPage.of(new Timeline(restore(tasks, false)));
            Files.writeString(Path.of("target", "timeline-" + tasks + ".html"), page);
            assertFalse(
                    Pattern.compile("https?:|src=|@import|url\\(").matcher(page).find());
            assertFalse(page.contains(HOSTILE));
            assertTrue(page.length() < 40_000 + 60 * tasks, "length: " + page.length());
            assertEquals(2, page.split("</script>", -1).length - 1);
        }
        final String failed = HtmlPage.of(new Timeline(restore(40, true)));
        Files.writeString(Path.of("target", "timeline-failed.html"), failed);
        assertTrue(failed.contains("TASK_FAILED"));
    }

    @Test
    void shouldMakeATraceOfABarForEachTask() throws IOException {
        final StringBuilder trace = new StringBuilder();
        TraceEvents.write(new Timeline(restore(1_000, false)), trace);
        assertEquals(1_000, trace.toString().split("\"name\": \"baton\", \"pid\": 2", -1).length - 1);
        assertEquals(1_000, trace.toString().split("\"name\": \"arrived\"", -1).length - 1);
        assertTrue(trace.toString().contains("\"name\": \"FORKING\""));
    }

    @Test
    void shouldSummarizeForATerminal() {
        final String text = TextSummary.of(new Timeline(restore(12, true)));
        assertTrue(text.contains("failed: TASK_FAILED, 12 tasks"), text);
        assertTrue(text.contains("  pid 20006: fd 3: openat: ENOENT"), text);
        assertTrue(text.lines().allMatch(line -> line.length() <= 120), text);
    }

    @Test
    void shouldShowWhatHasHardlyBegun() throws IOException {
        final Timeline nothing = new Timeline(new Story("x"));
        assertTrue(TextSummary.of(nothing).contains("did not end"));
        assertTrue(HtmlPage.of(nothing).contains("an operation"));
    }
}
