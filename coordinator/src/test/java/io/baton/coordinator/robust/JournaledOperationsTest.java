package io.baton.coordinator.robust;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.baton.coordinator.Victim;
import io.baton.coordinator.dump.DumpRequest;
import io.baton.coordinator.dump.Finish;
import io.baton.coordinator.dump.TreeDump;
import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.error.ErrorCode;
import io.baton.coordinator.journal.StateDirectory;
import io.baton.coordinator.journal.Story;
import io.baton.coordinator.progress.OperationKind;
import io.baton.coordinator.progress.TaskEvent;
import io.baton.coordinator.restore.RestoreRequest;
import io.baton.coordinator.restore.Restored;
import io.baton.coordinator.restore.TreeRestore;
import io.baton.coordinator.state.DumpOptions;
import io.baton.coordinator.state.RestoreOptions;
import io.baton.coordinator.supervision.Supervision;
import io.baton.mktree.plan.RestoreStage;
import io.baton.task.linux.Prctl;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a dump and a restore of a real tree leave in their journals. */
class JournaledOperationsTest {
    private static final RestoreOptions OPTIONS = new RestoreOptions(false, false, false, false);

    @TempDir
    Path folder = Path.of("");

    private Path images = Path.of("");

    @BeforeAll
    static void becomeSubreaper() {
        Prctl.setChildSubreaper(true);
    }

    @AfterEach
    void endAll() {
        Descendants.end();
    }

    @Test
    void shouldTellEveryTaskAndStage() throws Exception {
        images = folder.resolve("images");
        final int root;
        try (Victim victim = Victim.startTree(folder, "family", 0)) {
            root = victim.pid();
            TreeDump.run(new DumpRequest(root, images, DumpOptions.DEFAULT, Finish.KILL, journaled()));
        }
        Descendants.end();
        final Story dump = newest();
        assertEquals(OperationKind.DUMP, dump.kind());
        assertTrue(dump.hasEnded());
        assertEquals(root, dump.root());
        assertFalse(dump.tasks().isEmpty());
        assertFalse(dump.events().isEmpty());

        final Restored restored = TreeRestore.run(new RestoreRequest(images, OPTIONS, journaled()));
        final Story story = newest();
        assertEquals(OperationKind.RESTORE, story.kind());
        assertTrue(story.hasEnded());
        assertNull(story.failure());
        assertEquals(restored.root(), story.root());
        assertNotNull(story.segment());
        for (final TaskEvent event : List.of(TaskEvent.ARRIVED, TaskEvent.RESTORED)) {
            assertEquals(
                    story.tasks().stream().map(task -> task.pid()).sorted().toList(),
                    story.events().stream()
                            .filter(one -> one.event() == event)
                            .map(Story.Event::pid)
                            .sorted()
                            .toList(),
                    event.name());
        }
        assertTrue(story.stages().stream().anyMatch(stage -> stage.stage() == RestoreStage.RESTORE));
        assertTrue(story.stages().stream().allMatch(stage -> stage.end() >= stage.start()), "all stages ended");
        assertFalse(story.slowest().isEmpty());
        for (int i = 1; i < story.slowest().size(); i++) {
            assertTrue(
                    story.slowest().get(i).nanos() <= story.slowest().get(i - 1).nanos() + 1000, "slowest first");
        }

        // The tree is there, so that its pids are taken.
        final BatonException failure = assertThrows(
                BatonException.class, () -> TreeRestore.run(new RestoreRequest(images, OPTIONS, journaled())));
        assertEquals(ErrorCode.PID_TAKEN, failure.code());
        final BatonException told = newest().failure();
        assertNotNull(told);
        assertEquals(failure.message(), told.message());
    }

    private StateDirectory journals() {
        return StateDirectory.at(folder.resolve("operations"));
    }

    private Supervision journaled() {
        return Supervision.NONE.withListener(journals().begin());
    }

    private Story newest() throws IOException {
        return journals().list().get(0).read();
    }
}
