package io.baton.coordinator.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.error.ErrorCode;
import io.baton.task.linux.Identity;
import io.baton.task.linux.ProcFs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BenchTest {
    @TempDir
    Path images;

    private final List<String> told = new ArrayList<>();
    private Set<Integer> before = Set.of();

    @BeforeEach
    void lookAtChildren() {
        before = children();
    }

    @AfterEach
    void shouldLeaveNothingBehind() throws IOException {
        assertEquals(before, children());
        try (Stream<Path> left = Files.list(images)) {
            assertEquals(List.of(), left.toList());
        }
    }

    @Test
    void shouldMeasureEveryShape() throws IOException {
        String[] shapes = {"star:3", "chain:3", "binary:4", "random:8:3", "threads:3", "memory:1M", "prefork:2:1M"};
        BenchReport report = run(() -> false, List.of(), shapes);
        assertEquals(shapes.length, told.size());
        StringBuilder json = new StringBuilder();
        report.writeJson(json);
        for (String metric : List.of("restore.in-process", "dump.in-process/floor", "image", "pss")) {
            assertTrue(json.indexOf('"' + metric + '"') > 0, metric);
        }
        assertTrue(told.get(1).contains("3 processes, 3 tasks"), told.get(1));
        assertTrue(told.get(4).contains("1 processes, 3 tasks"), told.get(4));
        assertTrue(told.get(6).contains("3 processes, 3 tasks"), told.get(6));
        assertTrue(told.get(0).contains("make tree"), "stages");
    }

    @Test
    void shouldMeasureHandOversWithoutAllocating() throws IOException {
        run(() -> false, List.of(), "handover:2", "handover:20");
        for (String means : List.of("baton", "futex", "pipe", "eventfd", "socket", "semaphore")) {
            assertTrue(told.get(1).contains("handover " + means), means);
        }
        assertTrue(told.get(1).contains("; 0.00 B allocated"), told.get(1));
    }

    @Test
    void shouldEndAllWhenInterrupted() {
        for (int after : new int[] {1, 3, 6, 20}) {
            AtomicInteger asked = new AtomicInteger();
            BatonException interrupted = assertThrows(
                    BatonException.class, () -> run(() -> asked.incrementAndGet() > after, List.of(), "star:5"));
            assertEquals(ErrorCode.INTERRUPTED, interrupted.code());
            assertEquals(before, children());
        }
    }

    /** A chain of thousands takes a while to make. */
    @Test
    void shouldEndATreeThatIsStillGrowing() {
        long until = System.nanoTime() + 30_000_000;
        BatonException interrupted =
                assertThrows(BatonException.class, () -> run(() -> System.nanoTime() > until, List.of(), "chain:1000"));
        assertEquals(ErrorCode.INTERRUPTED, interrupted.code());
    }

    @Test
    void shouldEndAllWhenTheOtherToolFails() {
        BatonException failed = assertThrows(
                BatonException.class,
                () -> run(() -> false, List.of("/bin/sh", "-c", "echo no such luck {images}; exit 3"), "star:3"));
        assertEquals(ErrorCode.BENCH_FAILED, failed.code());
        assertTrue(
                failed.message().contains("ended with 3") && failed.message().contains("no such luck"),
                failed::message);
    }

    @Test
    void shouldNoticeThatTheOtherToolRestoresNothing() {
        BatonException failed =
                assertThrows(BatonException.class, () -> run(() -> false, List.of("/bin/true", "{images}"), "star:3"));
        assertTrue(failed.message().contains("there are 0 processes of 3"), failed::message);
    }

    private BenchReport run(BooleanSupplier cancelled, List<String> versus, String... shapes) throws IOException {
        BenchOptions options = new BenchOptions(
                Stream.of(shapes).map(Shape::parse).toList(),
                List.of(BenchOptions.Mode.IN_PROCESS),
                true,
                true,
                1,
                0,
                List.of(),
                images,
                versus,
                List.of(),
                100,
                30,
                cancelled,
                null);
        return Bench.run(options, told::add);
    }

    private static Set<Integer> children() {
        Set<Integer> found = new TreeSet<>();
        try (ProcFs proc = new ProcFs()) {
            for (int tid : proc.threads(Identity.pid())) {
                for (int child : proc.children(Identity.pid(), tid)) {
                    found.add(child);
                }
            }
        }
        return found;
    }
}
