package io.baton.coordinator.state.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.baton.coordinator.error.Refusals;
import io.baton.coordinator.ptrace.Deadline;
import io.baton.coordinator.ptrace.SeizedTree;
import io.baton.coordinator.ptrace.TreeSeizer;
import io.baton.coordinator.state.ProcessRestore;
import io.baton.mktree.image.ImageKind;
import io.baton.mktree.image.PagemapImage;
import io.baton.mktree.image.proto.MmEntry;
import io.baton.mktree.image.proto.VmaEntry;
import io.baton.task.linux.ProcSmap;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Saves the memory of a real process, makes another one of it, and saves that: the two images must be the same. */
@Timeout(60)
class MemoryRoundTripTest {
    @TempDir
    Path directory;

    private record Saved(Dump dump, MmEntry mm, PagemapImage pagemap) {
        PagemapImage shared(long id) throws IOException {
            return PagemapImage.readWithParents(dump.directory(), ImageKind.PAGEMAP_SHMEM, id);
        }
    }

    @Test
    void shouldBringBackEveryKindOfMapping() throws Exception {
        try (Victim victim = Victim.start(directory, "victim")) {
            MmEntry mm = assertComesBack(victim);

            assertHasOneOfEach(mm);
            assertEquals(
                    5,
                    mm.getVmasList().stream()
                            .filter(vma -> VmaBits.has(vma.getStatus(), VmaBits.ANON_SHARED))
                            .map(VmaEntry::getShmid)
                            .distinct()
                            .count());
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5, 6})
    void shouldBringBackAnyJumbleOfMappings(int seed) throws Exception {
        try (Victim victim = Victim.start(directory, "victim", Integer.toString(seed))) {
            MmEntry mm = assertComesBack(victim);

            assertTrue(mm.getVmasCount() > 200);
        }
    }

    private MmEntry assertComesBack(Victim victim) throws IOException {
        long brk = Long.parseLong(victim.ready());
        Saved first;
        try (SeizedTree tree = TreeSeizer.seize(victim.pid(), Deadline.after(10))) {
            first = save(tree, "first", brk, 0, 0);
        }
        MmEntry mm = first.mm();
        long hole = new AddressSpace().add(mm).findFree(1 << 20);
        ProcessRestore restore =
                new Restore(first.dump().directory(), victim.pid(), mm, first.dump()::file).asProcess();
        Refusals refusals = new Refusals();
        new MemoryKind().validate(restore, refusals);
        assertEquals(List.of(), refusals.all());
        try (LoneTask task = new LoneTask(first.dump().directory().path(), hole)) {
            int pid = task.restore(restore);
            assertTrue(task.instructions() < 6 * mm.getVmasCount(), "instructions=" + task.instructions());
            Saved second;
            try (SeizedTree tree = TreeSeizer.seize(pid, Deadline.after(10))) {
                second = save(tree, "second", brk, task.holeStart(), task.holeEnd());
            }
            assertSame(first, second);
        }
        return mm;
    }

    private Saved save(SeizedTree tree, String name, long brk, long holeStart, long holeEnd) throws IOException {
        List<ProcSmap> maps = tree.root().smaps().stream()
                .filter(map -> map.map().end() <= holeStart || map.map().start() >= holeEnd)
                .toList();
        Refusals refusals = new Refusals();
        new MappingInspection(tree.root(), refusals).inspect(maps);
        assertEquals(List.of(), refusals.all());
        Dump dump = new Dump(tree.root(), directory.resolve(name), brk);
        MemoryKind.capture(dump.asProcess(), maps);
        PagemapImage pagemap = PagemapImage.read(
                dump.directory(), ImageKind.PAGEMAP, tree.root().pid());
        return new Saved(dump, dump.image().mm().build(), pagemap);
    }

    private static void assertHasOneOfEach(MmEntry mm) {
        List<Integer> wanted = List.of(
                VmaBits.REGULAR | VmaBits.FILE_PRIVATE,
                VmaBits.REGULAR | VmaBits.FILE_SHARED,
                VmaBits.REGULAR | VmaBits.ANON_SHARED,
                VmaBits.REGULAR | VmaBits.ANON_PRIVATE,
                VmaBits.REGULAR | VmaBits.ANON_PRIVATE | VmaBits.HEAP,
                VmaBits.REGULAR | VmaBits.ANON_PRIVATE | VmaBits.VVAR,
                VmaBits.REGULAR | VmaBits.ANON_PRIVATE | VmaBits.VDSO,
                VmaBits.GUARD);
        List<Integer> found =
                mm.getVmasList().stream().map(VmaEntry::getStatus).distinct().toList();
        assertTrue(found.containsAll(wanted), found::toString);
        long flags = mm.getVmasList().stream().mapToLong(VmaEntry::getFlags).reduce(0, (a, b) -> a | b);
        long wantedFlags = VmaBits.MAP_GROWSDOWN | VmaBits.MAP_LOCKED | VmaBits.MAP_NORESERVE | VmaBits.MAP_DROPPABLE;
        assertEquals(wantedFlags, flags & wantedFlags);
        long advice = mm.getVmasList().stream().mapToLong(VmaEntry::getMadv).reduce(0, (a, b) -> a | b);
        assertEquals(0x5d406L & ~(1L << VmaBits.MADV_HUGEPAGE), advice);
    }

    private static void assertSame(Saved first, Saved second) throws IOException {
        List<VmaEntry> before = merged(first);
        List<VmaEntry> after = merged(second);
        Map<Long, Long> objects = new HashMap<>();
        for (int i = 0; i < Math.min(before.size(), after.size()); i++) {
            VmaEntry now = after.get(i);
            if (VmaBits.has(now.getStatus(), VmaBits.ANON_SHARED)) {
                // Another object, but always the same one in place of the same one.
                objects.putIfAbsent(now.getShmid(), before.get(i).getShmid());
                now = now.toBuilder().setShmid(objects.get(now.getShmid())).build();
            }
            assertEquals(before.get(i), now, "mapping " + i);
        }
        for (Map.Entry<Long, Long> object : objects.entrySet()) {
            assertSameContents(first.shared(object.getValue()), second.shared(object.getKey()));
        }
        assertEquals(before.size(), after.size());
        assertSameContents(first.pagemap(), second.pagemap());
        assertEquals(
                first.dump().pathOf(first.mm().getExeFileId()),
                second.dump().pathOf(second.mm().getExeFileId()));
        assertEquals(withoutMappings(first.mm()), withoutMappings(second.mm()));
    }

    private static void assertSameContents(PagemapImage first, PagemapImage second) throws IOException {
        assertEquals(first.runs(), second.runs());
        assertEquals(-1, Files.mismatch(first.pages(), second.pages()));
    }

    private static MmEntry withoutMappings(MmEntry mm) {
        return mm.toBuilder().clearVmas().setExeFileId(0).build();
    }

    /** The kernel joins neighbours that differ in nothing; it does not always do so at once. */
    private static List<VmaEntry> merged(Saved saved) {
        List<VmaEntry> merged = new ArrayList<>();
        for (VmaEntry vma : saved.mm().getVmasList()) {
            int last = merged.size() - 1;
            if (last >= 0 && merged.get(last).getEnd() == vma.getStart() && alike(merged.get(last), vma)) {
                merged.set(
                        last, merged.get(last).toBuilder().setEnd(vma.getEnd()).build());
            } else {
                merged.add(vma);
            }
        }
        return merged;
    }

    private static boolean alike(VmaEntry a, VmaEntry b) {
        boolean follows = a.getShmid() == 0 || a.getPgoff() + a.getEnd() - a.getStart() == b.getPgoff();
        return follows
                && a.toBuilder()
                        .setStart(0)
                        .setEnd(0)
                        .setPgoff(0)
                        .build()
                        .equals(b.toBuilder().setStart(0).setEnd(0).setPgoff(0).build());
    }
}
