package io.baton.coordinator.state.memory;

import io.baton.coordinator.state.ContextBuilder;
import io.baton.coordinator.state.Item;
import io.baton.coordinator.state.ProcessRestore;
import io.baton.mktree.image.PagemapImage;
import io.baton.mktree.image.proto.MmEntry;
import io.baton.mktree.image.proto.VmaEntry;
import io.baton.task.linux.SyscallNumber;
import java.util.ArrayList;
import java.util.List;

/** Brings a process its pages: drops those it has inherited and must not have, and reads what is not there yet. */
final class OwnPages {
    private final ProcessRestore process;
    private final ContextBuilder context;
    private final InheritedMemory inherited;
    private final MmEntry mm;
    private int vma;

    OwnPages(ProcessRestore process, ContextBuilder context, InheritedMemory inherited) {
        this.process = process;
        this.context = context;
        this.inherited = inherited;
        this.mm = process.mm();
    }

    void compile() {
        drop();
        for (PagemapImage.Layer layer : process.pagemap().layers()) {
            PageProgram program = new PageProgram(context::item, process.imagesFd(), layer.pages());
            vma = 0;
            if (inherited.pieces().isEmpty()) {
                layer.runs().forEach(run -> add(run, program));
            } else {
                missing(layer, program);
            }
            program.end();
        }
    }

    /** What lies where the process has no pages; mappings that it has not are gone already. */
    private void drop() {
        if (inherited.pieces().isEmpty()) {
            return;
        }
        List<Piece> wanted = new ArrayList<>();
        for (PagemapImage.Run run : process.pagemap().runs()) {
            wanted.add(new Piece(run.vaddr(), run.vaddr() + run.size(), "", 0, VmaEntry.getDefaultInstance()));
        }
        int index = 0;
        for (Piece piece : Pieces.outside(inherited.pieces(), wanted)) {
            while (index < mm.getVmasCount() && mm.getVmas(index).getEnd() <= piece.start()) {
                index++;
            }
            for (int i = index; i < mm.getVmasCount() && mm.getVmas(i).getStart() < piece.end(); i++) {
                VmaEntry mapping = mm.getVmas(i);
                long from = Math.max(piece.start(), mapping.getStart());
                if (inherited.of(mapping) != null) {
                    context.item(Item.PAGES.tag(i))
                            .call(SyscallNumber.MADVISE)
                            .value(from)
                            .value(Math.min(piece.end(), mapping.getEnd()) - from)
                            .value(VmaBits.MADV_DONTNEED);
                }
            }
        }
    }

    private void missing(PagemapImage.Layer layer, PageProgram program) {
        List<Piece> wanted = new ArrayList<>();
        for (PagemapImage.Run run : layer.runs()) {
            wanted.add(piece(run, layer.pages()));
        }
        List<Piece> there = new ArrayList<>();
        for (Piece piece : inherited.pieces()) {
            addKept(piece, there);
        }
        for (Piece piece : Pieces.missing(wanted, there)) {
            add(piece.start(), piece.end(), piece.offset(), program);
        }
    }

    /** Of a piece, what is in mappings that stay. */
    private void addKept(Piece piece, List<Piece> kept) {
        long at = piece.start();
        for (int i = Mappings.firstEndingAfter(mm, at); i < mm.getVmasCount() && at < piece.end(); i++) {
            VmaEntry mapping = mm.getVmas(i);
            long from = Math.max(at, mapping.getStart());
            long to = Math.min(piece.end(), mapping.getEnd());
            if (from < to && inherited.of(mapping) != null) {
                kept.add(piece.part(from, to));
            }
            at = Math.max(at, to);
        }
    }

    private static Piece piece(PagemapImage.Run run, String file) {
        return new Piece(run.vaddr(), run.vaddr() + run.size(), file, run.offset(), VmaEntry.getDefaultInstance());
    }

    private void add(PagemapImage.Run run, PageProgram program) {
        add(run.vaddr(), run.vaddr() + run.size(), run.offset(), program);
    }

    /** The vDSO's pages are in the image too; the kernel has given it its own. */
    private void add(long start, long end, long offset, PageProgram program) {
        long at = start;
        while (at < end) {
            while (mm.getVmas(vma).getEnd() <= at) {
                vma++;
            }
            VmaEntry mapping = mm.getVmas(vma);
            long to = Math.min(end, mapping.getEnd());
            if (MappingProgram.isMapped(mapping)) {
                program.add(at, to, offset + at - start, Item.PAGES.tag(vma));
            }
            at = to;
        }
    }
}
