package io.baton.task.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class PageMapTest {
    private static final int PAGE = PageMap.PAGE_SIZE;
    private static final int MADV_NOHUGEPAGE = 15;

    private static Mapping pages(final int count) {
        final Mapping mapping = Mapping.anonymous((long) count * PAGE);
        SystemCall.call(SyscallNumber.MADVISE, mapping.address(), mapping.length(), MADV_NOHUGEPAGE);
        return mapping;
    }

    @Test
    void shouldTellOfRunsOfPages() {
        try (Mapping mapping = pages(16);
                PageMap pagemap = PageMap.open(Identity.pid())) {
            mapping.buffer().putByte(2 * PAGE, (byte) 1);
            mapping.buffer().putByte(3 * PAGE, (byte) 1);
            mapping.buffer().putByte(9 * PAGE, (byte) 1);
            // Only read, so it is the page of zeros.
            assertEquals(0, mapping.buffer().getByte(12 * PAGE));
            final List<String> runs = new ArrayList<>();
            pagemap.scan(
                    mapping.address(),
                    mapping.address() + mapping.length(),
                    PageMap.Selection.POPULATED,
                    (start, end, categories) -> {
                        assertTrue((categories & PageMap.PRESENT) != 0);
                        assertEquals(0, categories & (PageMap.FILE | PageMap.SWAPPED));
                        runs.add((start - mapping.address()) / PAGE + "-" + (end - mapping.address()) / PAGE);
                    });
            assertEquals(List.of("2-4", "9-10"), runs);
        }
    }

    @Test
    void shouldGoOnWhenTheVectorIsFull() {
        final int count = 3000;
        try (Mapping mapping = pages(2 * count);
                PageMap pagemap = PageMap.open(Identity.pid())) {
            for (int i = 0; i < count; i++) {
                mapping.buffer().putByte(2 * i * PAGE, (byte) 1);
            }
            final long[] next = {mapping.address()};
            pagemap.scan(
                    mapping.address(),
                    mapping.address() + mapping.length(),
                    PageMap.Selection.POPULATED,
                    (start, end, categories) -> {
                        assertEquals(next[0], start);
                        assertEquals(PAGE, end - start);
                        next[0] += 2 * PAGE;
                    });
            assertEquals(mapping.address() + mapping.length(), next[0]);
        }
    }

    @Test
    void shouldReadClassicEntries() {
        try (Mapping mapping = pages(4);
                PageMap pagemap = PageMap.open(Identity.pid());
                Memory entries = Memory.allocate(32)) {
            mapping.buffer().putByte(PAGE, (byte) 1);
            assertEquals(4, pagemap.entries(mapping.address(), 4, entries.address()));
            assertTrue((entries.buffer().getLong(8) & PageMap.ENTRY_PRESENT) != 0);
            assertEquals(0, entries.buffer().getLong(8) & PageMap.ENTRY_FILE);
            assertEquals(0, entries.buffer().getLong(16) & PageMap.ENTRY_PRESENT);
        }
    }

    @Test
    void shouldTellOfPagesOfAChild() {
        try (Child child = Child.sleeping();
                ProcFs proc = new ProcFs();
                PageMap pagemap = PageMap.open(child.pid())) {
            final ProcMap stack = proc.maps(child.pid()).stream()
                    .filter(map -> map.path().equals("[stack]"))
                    .findFirst()
                    .orElseThrow();
            final long[] bytes = {0};
            pagemap.scan(
                    stack.start(),
                    stack.end(),
                    PageMap.Selection.POPULATED,
                    (start, end, categories) -> bytes[0] += end - start);
            assertTrue(bytes[0] >= PAGE && bytes[0] <= stack.length());
        }
    }

    @Test
    void shouldSayThatAProcessVanished() {
        final int pid;
        try (Child child = Child.sleeping()) {
            pid = child.pid();
        }
        assertThrows(VanishedException.class, () -> PageMap.open(pid));
    }
}
