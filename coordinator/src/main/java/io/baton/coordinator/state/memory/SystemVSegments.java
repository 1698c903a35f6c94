package io.baton.coordinator.state.memory;

import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.error.ErrorCode;
import io.baton.coordinator.error.Refusals;
import io.baton.coordinator.state.ProcessRestore;
import io.baton.mktree.image.ImageKind;
import io.baton.mktree.image.PagemapImage;
import io.baton.mktree.image.proto.IpcShmEntry;
import io.baton.mktree.image.proto.MmEntry;
import io.baton.mktree.image.proto.VmaEntry;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The System V shared memory of an image, by number. */
final class SystemVSegments {
    private static final long MOST = 1L << 46;

    private final Map<Integer, SystemVSegment> segments = new HashMap<>();

    private SystemVSegments() {}

    static SystemVSegments of(ProcessRestore process) {
        return process.shared(SystemVSegments.class, () -> read(process));
    }

    private static SystemVSegments read(ProcessRestore process) {
        SystemVSegments found = new SystemVSegments();
        try {
            for (IpcShmEntry entry : process.directory()
                    .allIfPresent(ImageKind.IPCNS_SHM, process.ids().getIpcNsId(), IpcShmEntry.class)) {
                if (entry.getSize() <= 0
                        || entry.getSize() > MOST
                        || entry.getDesc().getId() < 0) {
                    throw damaged("size of segment " + entry.getDesc().getId(), null);
                }
                found.segments.put(entry.getDesc().getId(), new SystemVSegment(entry));
            }
        } catch (IOException e) {
            throw damaged(e.getMessage(), e);
        }
        return found;
    }

    /** Whether a mapping is of one. */
    static boolean is(VmaEntry vma) {
        return VmaBits.has(vma.getStatus(), VmaBits.SYSV_IPC);
    }

    /**
     * The segment behind a mapping.
     *
     * @throws BatonException if the image has none
     */
    SystemVSegment of(VmaEntry vma) {
        SystemVSegment segment = segments.get((int) vma.getShmid());
        if (segment == null) {
            throw damaged("no segment " + vma.getShmid() + ", which is mapped", null);
        }
        return segment;
    }

    /** Those that no process has attached; known when all have been looked at. */
    List<SystemVSegment> loose() {
        return segments.values().stream()
                .filter(segment -> !segment.isAttached())
                .toList();
    }

    Iterable<SystemVSegment> all() {
        return segments.values();
    }

    /** Its contents, or null. */
    static @Nullable PagemapImage pagemap(ProcessRestore process, SystemVSegment segment) {
        try {
            return process.directory().has(ImageKind.PAGEMAP_SHMEM, segment.id())
                    ? PagemapImage.readWithParents(process.directory(), ImageKind.PAGEMAP_SHMEM, segment.id())
                    : null;
        } catch (IOException e) {
            throw damaged(e.getMessage(), e);
        }
    }

    /** Adds every reason why what a process has attached cannot be attached again. */
    void validate(ProcessRestore process, Refusals refusals) {
        MmEntry mm = process.mm();
        for (int i = 0; i < mm.getVmasCount(); i++) {
            VmaEntry vma = mm.getVmas(i);
            if (!is(vma)) {
                continue;
            }
            SystemVSegment segment = of(vma);
            segment.attach();
            String name = "shared memory segment " + segment.id();
            boolean begins = vma.getPgoff() == 0 || continues(mm, i);
            boolean ends = vma.getPgoff() + vma.getEnd() - vma.getStart() == segment.mapped()
                    || (i + 1 < mm.getVmasCount() && is(mm.getVmas(i + 1)) && continues(mm, i + 1));
            int pid = process.pstree().getPid();
            if (!begins || !ends) {
                refusals.add(pid, name, "only a part of it is attached: not supported yet", "");
            }
            PagemapImage pagemap = pagemap(process, segment);
            if (pagemap != null) {
                for (PagemapImage.Run run : pagemap) {
                    if (run.vaddr() < 0 || run.vaddr() + run.size() > segment.mapped()) {
                        throw damaged("contents of segment " + segment.id() + " are out of bounds", null);
                    }
                }
            }
            if (!process.namespaces().makesIpc() && segment.look() == SystemVSegment.Found.ANOTHER) {
                refusals.add(pid, name, "its number or key is taken", "ipcs -m shows it, ipcrm removes it");
            }
        }
    }

    /** Whether a mapping goes on with what the one before it has attached. */
    static boolean continues(MmEntry mm, int index) {
        VmaEntry vma = mm.getVmas(index);
        VmaEntry before = mm.getVmas(Math.max(0, index - 1));
        return index > 0
                && is(before)
                && before.getEnd() == vma.getStart()
                && before.getShmid() == vma.getShmid()
                && vma.getPgoff() != 0
                && vma.getPgoff() - before.getPgoff() == vma.getStart() - before.getStart();
    }

    private static BatonException damaged(@Nullable String reason, @Nullable Throwable cause) {
        return new BatonException(
                ErrorCode.BAD_IMAGE, "System V shared memory in the image: " + reason, "use another image", cause);
    }
}
