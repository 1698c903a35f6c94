package io.baton.coordinator.state.memory;

import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.error.ErrorCode;
import io.baton.coordinator.state.Answers;
import io.baton.coordinator.state.ProcessCapture;
import io.baton.coordinator.state.TreeImage;
import io.baton.coordinator.state.namespaces.Namespace;
import io.baton.coordinator.state.namespaces.TreeNamespaces;
import io.baton.mktree.image.ImageKind;
import io.baton.mktree.image.proto.IpcDescEntry;
import io.baton.mktree.image.proto.IpcShmEntry;
import io.baton.task.linux.Errno;
import io.baton.task.linux.ProcMap;
import io.baton.task.linux.ProcSmap;
import io.baton.task.linux.SyscallNumber;
import java.io.Closeable;
import java.io.IOException;
import java.util.Map;
import java.util.TreeMap;

/**
 * System V shared memory that a tree has attached, each segment once: its contents as those of all shared memory, and who
 * it is in {@code ipcns-shm-ID.img}, also if the ipc namespace is ours. A task that has attached it is asked.
 */
final class SystemVCapture implements Closeable {
    private static final int IPC_STAT = 2;

    private final TreeImage tree;
    private final int namespace;
    private final Map<Integer, IpcShmEntry> segments = new TreeMap<>();
    private boolean lookedForLoose;

    private SystemVCapture(TreeImage tree) {
        this.tree = tree;
        namespace = TreeNamespaces.of(tree).id(Namespace.IPC);
    }

    /** Asks about the segments among some mappings; and, once, saves what nobody has mapped. */
    static void capture(ProcessCapture capture, Iterable<ProcSmap> maps) {
        TreeNamespaces namespaces = TreeNamespaces.of(capture.tree());
        if (namespaces.has(Namespace.IPC)) {
            TreeImage tree = capture.tree();
            tree.shared(SystemVCapture.class, () -> new SystemVCapture(tree))
                    .addLoose(capture.process().procId(), namespaces);
        }
        for (ProcSmap smap : maps) {
            ProcMap map = smap.map();
            if (SpecialMapping.of(map) == SpecialMapping.SYSV) {
                TreeImage tree = capture.tree();
                tree.shared(SystemVCapture.class, () -> new SystemVCapture(tree))
                        .ask(capture, (int) map.inode());
            }
        }
    }

    private void addLoose(int task, TreeNamespaces namespaces) {
        if (!lookedForLoose) {
            lookedForLoose = true;
            LooseSegments.capture(tree, task, namespaces.ids())
                    .forEach(entry -> segments.put(entry.getDesc().getId(), entry));
        }
    }

    private void ask(ProcessCapture capture, int id) {
        if (segments.putIfAbsent(id, IpcShmEntry.getDefaultInstance()) != null) {
            return;
        }
        int at = capture.ask().reserve(SystemVSegment.LENGTH);
        int result = capture.ask()
                .call(SyscallNumber.SHMCTL)
                .value(id)
                .value(IPC_STAT)
                .data(at)
                .result();
        capture.then(answers -> {
            if (answers.result(result) < 0) {
                throw new BatonException(
                        ErrorCode.TASK_FAILED,
                        "pid " + capture.process().pid() + ": shared memory " + id
                                + " has been attached and may not be read: "
                                + Errno.nameOf((int) -answers.result(result)),
                        "");
            }
            segments.put(id, entry(answers, at, id));
        });
    }

    private static IpcShmEntry entry(Answers answers, int at, int id) {
        return IpcShmEntry.newBuilder()
                .setDesc(IpcDescEntry.newBuilder()
                        .setKey(answers.getInt(at))
                        .setUid(answers.getInt(at + SystemVSegment.UID_OFFSET))
                        .setGid(answers.getInt(at + SystemVSegment.GID_OFFSET))
                        .setCuid(answers.getInt(at + SystemVSegment.CREATOR_UID_OFFSET))
                        .setCgid(answers.getInt(at + SystemVSegment.CREATOR_GID_OFFSET))
                        .setMode(answers.getInt(at + SystemVSegment.MODE_OFFSET))
                        .setId(id))
                .setSize(answers.getLong(at + SystemVSegment.SIZE_OFFSET))
                .setInPagemaps(true)
                .build();
    }

    @Override
    public void close() throws IOException {
        if (!segments.isEmpty()) {
            tree.directory().write(ImageKind.IPCNS_SHM, namespace, segments.values());
        }
    }
}
