package io.baton.coordinator.state.memory;

import io.baton.coordinator.state.Item;
import io.baton.coordinator.state.ProcessRestore;
import io.baton.mktree.image.proto.FileEntry;
import io.baton.mktree.image.proto.MmEntry;
import io.baton.mktree.image.proto.VmaEntry;
import io.baton.task.program.ItemTag;

/** Turns the number of a mapping in an image into what the user can find: its addresses, and its file. */
public final class MappingNames {
    private MappingNames() {}

    /** What an instruction of that process is about. */
    public static String describe(ProcessRestore process, int tag) {
        MmEntry mm = process.mm();
        int index = ItemTag.number(tag);
        if (!(Item.MAPPING.is(tag) || Item.PAGES.is(tag)) || index >= mm.getVmasCount()) {
            return Item.describe(tag);
        }
        VmaEntry vma = mm.getVmas(index);
        String range = Long.toHexString(vma.getStart()) + "-" + Long.toHexString(vma.getEnd());
        boolean ofFile = VmaBits.has(vma.getStatus(), VmaBits.FILE_PRIVATE | VmaBits.FILE_SHARED);
        FileEntry file = ofFile ? process.file((int) vma.getShmid()) : null;
        String path = file != null && file.hasReg() ? " (" + file.getReg().getName() + ")" : "";
        return (Item.PAGES.is(tag) ? "pages of mapping " : "mapping ") + range + path;
    }
}
