package io.baton.coordinator.state.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.baton.coordinator.error.Refusal;
import io.baton.coordinator.error.Refusals;
import io.baton.coordinator.ptrace.Deadline;
import io.baton.coordinator.ptrace.SeizedTree;
import io.baton.coordinator.ptrace.TreeSeizer;
import io.baton.coordinator.state.DumpOptions;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class MappingInspectionTest {
    private static final Map<String, String> REASONS = Map.of(
            "unlinked", "deleted: this name of the file is gone, others are left",
            "userfaultfd", "watched by userfaultfd",
            "aio", "asynchronous I/O context (io_setup)");

    @TempDir
    Path directory;

    @Test
    void shouldTellAllReasonsAtOnce() throws Exception {
        try (Victim victim = Victim.start(directory, "refused");
                SeizedTree tree = TreeSeizer.seize(victim.pid(), Deadline.after(10))) {
            Refusals refusals = new Refusals();
            new MemoryKind().inspect(tree.root(), DumpOptions.DEFAULT, refusals);

            List<String> wanted = List.of(victim.ready().trim().split(" ")).stream()
                    .map(REASONS::get)
                    .filter(Objects::nonNull) // by now some come back
                    .sorted()
                    .toList();
            assertTrue(wanted.size() > 1, "this kernel can make too little: " + victim.ready());
            assertEquals(
                    wanted,
                    refusals.all().stream().map(Refusal::reason).sorted().toList());
            refusals.all().forEach(refusal -> assertEquals(victim.pid(), refusal.pid()));
        }
    }

    @Test
    void shouldFindNothingWrongWithAPlainProgram() throws Exception {
        try (Victim victim = Victim.start(directory, "victim");
                SeizedTree tree = TreeSeizer.seize(victim.pid(), Deadline.after(10))) {
            Refusals refusals = new Refusals();
            new MemoryKind().inspect(tree.root(), DumpOptions.DEFAULT, refusals);

            assertEquals(List.of(), refusals.all());
        }
    }
}
