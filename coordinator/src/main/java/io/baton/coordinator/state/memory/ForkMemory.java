package io.baton.coordinator.state.memory;

import io.baton.coordinator.state.Item;
import io.baton.coordinator.state.ProcessRestore;
import io.baton.mktree.image.PagemapImage;
import io.baton.mktree.image.proto.VmaEntry;
import io.baton.mktree.plan.CreationPlan;
import io.baton.task.linux.Errno;
import io.baton.task.linux.Mapping;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.program.ProgramBuilder;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * Memory that tasks share since a fork, until one of them writes to it. It comes back as it came to be: whoever makes
 * them has it before they are made. So a task gets such pages early, in the midst of making others, and may have to
 * replace or drop them when it restores itself.
 *
 * <p>Which of several contents of the same address comes first is told by the order of the children: a process that has
 * written to a page between two forks has left the old contents to the first child and the new ones to the second.
 */
public final class ForkMemory {
    private static final ForkMemory NONE = new ForkMemory(new InheritedMemory[0], Map.of(), -1);

    private final @Nullable InheritedMemory[] inherited;
    private final Map<Integer, Load> loads;
    private final int imagesFd;

    /** What a task maps and reads before it makes one of its children. */
    private record Load(List<VmaEntry> mappings, List<Piece> pieces) {}

    private ForkMemory(@Nullable InheritedMemory[] inherited, Map<Integer, Load> loads, int imagesFd) {
        this.inherited = inherited;
        this.loads = loads;
        this.imagesFd = imagesFd;
    }

    /**
     * Finds out what is to be there when. Costs nothing where the image has no shared pages.
     *
     * @param process the living process in that slot, null for others
     */
    public static ForkMemory plan(CreationPlan plan, IntFunction<@Nullable ProcessRestore> process) {
        PageSharers sharers = new PageSharers();
        int imagesFd = -1;
        for (int slot = 0; slot < plan.taskCount(); slot++) {
            ProcessRestore one = process.apply(slot);
            if (one != null) {
                sharers.look(one.pagemap());
                imagesFd = one.imagesFd();
            }
        }
        return sharers.areAny() ? new Planner(plan, process, sharers).plan(imagesFd) : NONE;
    }

    /** For operations that have none. */
    static ForkMemory none() {
        return NONE;
    }

    /** What is there already when the task in that slot restores itself. */
    InheritedMemory inherited(int slot) {
        InheritedMemory memory = slot < inherited.length ? inherited[slot] : null;
        return memory == null ? InheritedMemory.NONE : memory;
    }

    /** Pages that are read before the baton goes round. */
    public long pages() {
        long bytes = 0;
        for (Load load : loads.values()) {
            for (Piece piece : load.pieces()) {
                bytes += piece.end() - piece.start();
            }
        }
        return bytes / PagemapImage.PAGE_SIZE;
    }

    /** Appends what has to be there before the task in that slot is made, for its maker to do. */
    public void compileBefore(int slot, ProgramBuilder program) {
        Load load = loads.get(slot);
        if (load == null) {
            return;
        }
        program.tag(Item.PAGES.tag());
        for (VmaEntry vma : load.mappings()) {
            map(vma, program);
        }
        List<Piece> pieces = new ArrayList<>(load.pieces());
        pieces.sort((a, b) -> a.file().compareTo(b.file())); // stable: addresses still ascend
        PageProgram reads = null;
        for (Piece piece : pieces) {
            if (reads == null || !reads.isOf(piece.file())) {
                if (reads != null) {
                    reads.end();
                }
                reads = new PageProgram(program::tag, imagesFd, piece.file());
            }
            reads.add(piece.start(), piece.end(), piece.offset(), Item.PAGES.tag());
        }
        if (reads != null) {
            reads.end();
        }
    }

    private static void map(VmaEntry vma, ProgramBuilder program) {
        long length = vma.getEnd() - vma.getStart();
        program.call(SyscallNumber.MMAP)
                .value(vma.getStart())
                .value(length)
                .value(InheritedMemory.protection(vma))
                .value((vma.getFlags() & MappingProgram.KNOWN_FLAGS) | VmaBits.MAP_FIXED_NOREPLACE)
                .value(-1)
                .value(0)
                .expect(vma.getStart());
        for (long bits = InheritedMemory.advice(vma); bits != 0; bits &= bits - 1) {
            program.call(SyscallNumber.MADVISE)
                    .value(vma.getStart())
                    .value(length)
                    .value(Long.numberOfTrailingZeros(bits))
                    .orErrno(Errno.EINVAL);
        }
    }

    /** Walks the tree twice: from the leaves for what is wanted, from the root for what is there. */
    private static final class Planner {
        private final MakerTree tree;
        private final PageSharers sharers;
        private final List<List<Piece>> own;
        private final List<List<Piece>> birth;
        private final @Nullable ProcessRestore[] processes;
        private final Map<Integer, WidestMappings> widest = new HashMap<>();
        private final Map<Integer, Load> loads = new HashMap<>();

        Planner(CreationPlan plan, IntFunction<@Nullable ProcessRestore> process, PageSharers sharers) {
            this.tree = new MakerTree(plan);
            this.sharers = sharers;
            this.own = new ArrayList<>(Collections.nCopies(plan.slotCount(), List.of()));
            this.birth = new ArrayList<>(Collections.nCopies(plan.slotCount(), List.of()));
            this.processes = new ProcessRestore[plan.slotCount()];
            for (int slot = 0; slot < plan.taskCount(); slot++) {
                ProcessRestore one = process.apply(slot);
                processes[slot] = one;
                if (one != null) {
                    List<Piece> pieces = own(one);
                    own.set(slot, pieces);
                    pieces.forEach(piece -> sharers.add(tree.number(one.position()), piece));
                }
            }
        }

        /** Pieces of shared files in mappings that can be made early. */
        private List<Piece> own(ProcessRestore process) {
            List<Piece> pieces = List.of();
            for (PagemapImage.Layer layer : process.pagemap().layers()) {
                if (sharers.areIn(layer.pages())) {
                    pieces = Pieces.union(pieces, pieces(process, layer));
                }
            }
            return pieces;
        }

        private static List<Piece> pieces(ProcessRestore process, PagemapImage.Layer layer) {
            List<Piece> pieces = new ArrayList<>();
            List<VmaEntry> vmas = process.mm().getVmasList();
            int next = 0;
            for (PagemapImage.Run run : layer.runs()) {
                for (long at = run.vaddr(); at < run.vaddr() + run.size(); ) {
                    while (vmas.get(next).getEnd() <= at) {
                        next++;
                    }
                    VmaEntry vma = vmas.get(next);
                    long to = Math.min(run.vaddr() + run.size(), vma.getEnd());
                    if (InheritedMemory.canBe(vma)) {
                        Pieces.append(pieces, new Piece(at, to, layer.pages(), run.offset() + at - run.vaddr(), vma));
                    }
                    at = to;
                }
            }
            return pieces;
        }

        ForkMemory plan(int imagesFd) {
            for (int i = tree.count() - 1; i > 0; i--) {
                int slot = tree.slot(i);
                // What it hands down further has been added by those it makes, the first of them last.
                birth.set(slot, widened(slot, Pieces.union(birth.get(slot), above(slot, own.get(slot)))));
                int maker = tree.maker(slot);
                widest(maker, birth.get(slot));
                birth.set(maker, Pieces.union(above(maker, birth.get(slot)), birth.get(maker)));
            }
            InheritedMemory[] memory = new InheritedMemory[processes.length];
            memory[tree.slot(0)] = InheritedMemory.NONE;
            for (int i = 1; i < tree.count(); i++) {
                int slot = tree.slot(i);
                int maker = tree.maker(slot);
                memory[maker] = load(maker, slot, memory[maker]);
                memory[slot] = memory[maker];
            }
            return new ForkMemory(memory, loads, imagesFd);
        }

        private List<Piece> above(int slot, List<Piece> pieces) {
            List<Piece> found = new ArrayList<>();
            for (Piece piece : pieces) {
                sharers.above(tree, slot, piece, found);
            }
            return found;
        }

        /** Of like mappings of a maker and of those it makes, the widest is made. */
        private void widest(int maker, List<Piece> pieces) {
            if (pieces.isEmpty()) {
                return;
            }
            WidestMappings mappings = widest.get(maker);
            if (mappings == null) {
                mappings = new WidestMappings();
                widest.put(maker, mappings);
                addOwn(maker, mappings);
            }
            add(pieces, mappings);
        }

        /** Not what is only reserved: it would count as if it could all be written. */
        private void addOwn(int maker, WidestMappings mappings) {
            ProcessRestore process = processes[maker];
            if (process != null) {
                process.mm().getVmasList().stream()
                        .filter(vma -> InheritedMemory.canBe(vma) && (vma.getProt() & Mapping.PROT_WRITE) != 0)
                        .forEach(mappings::add);
                add(own.get(maker), mappings);
            }
        }

        @SuppressWarnings("ReferenceEquality") // pieces of one mapping have the very same
        private static void add(List<Piece> pieces, WidestMappings mappings) {
            long known = 0;
            for (Piece piece : pieces) {
                if (piece.start() >= known) {
                    mappings.add(piece.vma());
                    known = piece.vma().getEnd();
                }
            }
        }

        private List<Piece> widened(int maker, List<Piece> pieces) {
            WidestMappings mappings = widest.get(maker);
            if (mappings == null) {
                return pieces;
            }
            List<Piece> widened = new ArrayList<>(pieces.size());
            for (Piece piece : pieces) {
                widened.add(piece.within(mappings.of(piece.vma())));
            }
            return widened;
        }

        /** What the maker has when it has made that one. */
        private InheritedMemory load(int maker, int slot, InheritedMemory before) {
            if (birth.get(slot).isEmpty()) {
                return before;
            }
            InheritedMemory memory = before;
            List<VmaEntry> mappings = new ArrayList<>();
            List<Piece> pieces = new ArrayList<>();
            for (Piece piece : widened(maker, Pieces.missing(birth.get(slot), before.pieces()))) {
                VmaEntry vma = piece.vma();
                if (memory.of(vma) == null) {
                    if (memory.isTaken(vma.getStart(), vma.getEnd())) {
                        continue; // of another kind: it comes back, but not shared
                    }
                    mappings.add(vma);
                    memory = memory.with(List.of(vma), List.of());
                }
                pieces.add(piece);
            }
            if (!pieces.isEmpty()) {
                loads.put(slot, new Load(mappings, pieces));
            }
            return memory.with(List.of(), pieces);
        }
    }
}
