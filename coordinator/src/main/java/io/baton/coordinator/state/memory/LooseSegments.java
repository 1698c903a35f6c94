package io.baton.coordinator.state.memory;

import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.error.ErrorCode;
import io.baton.coordinator.state.ProcessRestore;
import io.baton.coordinator.state.TreeImage;
import io.baton.coordinator.state.namespaces.IpcDescription;
import io.baton.coordinator.state.namespaces.Namespace;
import io.baton.coordinator.state.namespaces.UserIds;
import io.baton.coordinator.state.namespaces.Visit;
import io.baton.mktree.image.PagemapImage;
import io.baton.mktree.image.proto.IpcShmEntry;
import io.baton.task.linux.Fd;
import io.baton.task.linux.Files;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.linux.SystemCall;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * System V shared memory of a tree's own ipc namespace that nobody has attached: no task of the tree has to do with it, so it is saved
 * and made by the coordinator, on a thread that enters the namespace.
 */
public final class LooseSegments {
    private static final String KIND = "shm";
    private static final int SHM_RDONLY = 010000;

    private LooseSegments() {}

    /** Saves them all. */
    static List<IpcShmEntry> capture(TreeImage tree, int task, UserIds users) {
        return Visit.of(task, Namespace.IPC, () -> {
            List<IpcShmEntry> found = new ArrayList<>();
            for (int id : IpcDescription.ids(KIND)) {
                IpcDescription.with(KIND, id, SystemVSegment.LENGTH, memory -> {
                    control(id, IpcDescription.IPC_STAT, memory.address());
                    if (memory.buffer().getLong(SystemVSegment.ATTACHED_OFFSET) == 0) {
                        IpcShmEntry entry = IpcShmEntry.newBuilder()
                                .setDesc(IpcDescription.read(memory.buffer(), id, users))
                                .setSize(memory.buffer().getLong(SystemVSegment.SIZE_OFFSET))
                                .setInPagemaps(true)
                                .build();
                        save(tree, new SystemVSegment(entry));
                        found.add(entry);
                    }
                });
            }
            return found;
        });
    }

    private static void save(TreeImage tree, SystemVSegment segment) {
        long at = attach(segment.id(), SHM_RDONLY);
        try {
            String range = Long.toHexString(at) + "-" + Long.toHexString(at + segment.mapped());
            try (Fd memory = Files.open("/proc/self/map_files/" + range, Files.O_RDONLY | Files.O_CLOEXEC)) {
                SharedMemoryCapture.of(tree).save(memory.number(), segment.id());
            }
        } finally {
            SystemCall.call(SyscallNumber.SHMDT, at);
        }
    }

    /**
     * Makes those of an image, filled.
     *
     * @param process any of the tree
     * @param task in whose namespace
     */
    public static void make(ProcessRestore process, int task) {
        List<SystemVSegment> loose = SystemVSegments.of(process).loose();
        if (loose.isEmpty() || !process.namespaces().makesIpc()) {
            return;
        }
        UserIds users = process.namespaces().userIds();
        IpcDescription.enter(task, () -> loose.forEach(segment -> make(process, segment, users)));
    }

    private static void make(ProcessRestore process, SystemVSegment segment, UserIds users) {
        int id = segment.id();
        IpcDescription.make(
                KIND,
                segment.entry().getDesc(),
                (key, flags) -> SystemCall.call(SyscallNumber.SHMGET, key, segment.size(), flags));
        PagemapImage pagemap = SystemVSegments.pagemap(process, segment);
        if (pagemap != null) {
            long at = attach(id, 0);
            try {
                fill(process, pagemap, at);
            } catch (IOException e) {
                throw IpcDescription.failed(KIND, id, String.valueOf(e.getMessage()));
            } finally {
                SystemCall.call(SyscallNumber.SHMDT, at);
            }
        }
        IpcDescription.with(KIND, id, SystemVSegment.LENGTH, memory -> {
            IpcDescription.write(memory.buffer(), segment.entry().getDesc(), users);
            control(id, IpcDescription.IPC_SET, memory.address());
            if (segment.isLocked()) {
                control(id, SystemVSegment.SHM_LOCK, 0);
            }
        });
    }

    /** Every run lies within the segment: that was looked at before. */
    private static void fill(ProcessRestore process, PagemapImage pagemap, long at) throws IOException {
        for (PagemapImage.Layer layer : pagemap.layers()) {
            String path = process.directory().path().resolve(layer.pages()).toString();
            try (Fd pages = Files.open(path, Files.O_RDONLY | Files.O_CLOEXEC)) {
                for (PagemapImage.Run run : layer.runs()) {
                    read(pages, run, at);
                }
            }
        }
    }

    private static void read(Fd pages, PagemapImage.Run run, long at) {
        for (long done = 0; done < run.size(); ) {
            int wanted = (int) Math.min(PageBuffer.LENGTH, run.size() - done);
            int count = Files.pread(pages.number(), at + run.vaddr() + done, wanted, run.offset() + done);
            if (count == 0) {
                throw new BatonException(ErrorCode.BAD_IMAGE, "a pages file is too short", "use another image");
            }
            done += count;
        }
    }

    private static long attach(int id, int flags) {
        return SystemCall.check(SystemCall.call(SyscallNumber.SHMAT, id, 0, flags), SyscallNumber.SHMAT);
    }

    private static void control(int id, int command, long argument) {
        SystemCall.check(SystemCall.call(SyscallNumber.SHMCTL, id, command, argument), SyscallNumber.SHMCTL);
    }
}
