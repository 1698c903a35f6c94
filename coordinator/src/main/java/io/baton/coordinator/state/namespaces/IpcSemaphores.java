package io.baton.coordinator.state.namespaces;

import com.google.protobuf.ByteString;
import io.baton.mktree.image.ImageDirectory;
import io.baton.mktree.image.ImageEntry;
import io.baton.mktree.image.ImageKind;
import io.baton.mktree.image.ImageReader;
import io.baton.mktree.image.ImageWriter;
import io.baton.mktree.image.proto.IpcSemEntry;
import io.baton.task.linux.Memory;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.linux.SystemCall;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.IntUnaryOperator;

/**
 * System V semaphores of the calling thread's ipc namespace: what each counts, and who changed it last. In the image each set is
 * followed by its values, 16 bits each.
 */
final class IpcSemaphores {
    static final int SETVAL = 16;

    private static final String KIND = "sem";
    private static final int GETPID = 11;
    private static final int GETALL = 13;
    private static final int SETALL = 17;
    /** {@code struct semid64_ds}: description, times, number of semaphores. */
    private static final int LENGTH = 104;

    private static final int COUNT_OFFSET = 80;

    private IpcSemaphores() {}

    private record Saved(IpcSemEntry entry, ByteString values) {}

    /**
     * Saves all sets.
     *
     * @param task in whose namespace they are
     * @param pids what the tree calls a process
     */
    static void capture(int task, int id, UserIds users, IntUnaryOperator pids, ImageDirectory image)
            throws IOException {
        List<Saved> sets = Visit.of(task, Namespace.IPC, () -> read(users, pids));
        try (ImageWriter writer = image.writer(ImageKind.IPCNS_SEM, id)) {
            for (Saved set : sets) {
                writer.write(set.entry(), set.values().asReadOnlyByteBuffer());
            }
        }
    }

    private static List<Saved> read(UserIds users, IntUnaryOperator pids) {
        List<Saved> sets = new ArrayList<>();
        for (int id : IpcDescription.ids(KIND)) {
            IpcDescription.with(KIND, id, LENGTH, memory -> {
                call(id, 0, IpcDescription.IPC_STAT, memory.address());
                int count = (int) memory.buffer().getLong(COUNT_OFFSET);
                IpcSemEntry.Builder entry = IpcSemEntry.newBuilder()
                        .setDesc(IpcDescription.read(memory.buffer(), id, users))
                        .setNsems(count);
                for (int i = 0; i < count; i++) {
                    entry.addPids(pids.applyAsInt((int) call(id, i, GETPID, 0)));
                }
                sets.add(new Saved(entry.build(), values(id, count)));
            });
        }
        return sets;
    }

    private static ByteString values(int id, int count) {
        byte[] values = new byte[count * Short.BYTES];
        IpcDescription.with(KIND, id, values.length, memory -> {
            call(id, 0, GETALL, memory.address());
            memory.buffer().getBytes(0, values);
        });
        return ByteString.copyFrom(values);
    }

    /** Makes all sets of an image in the calling thread's namespace. */
    static void restore(ImageDirectory image, int namespace, UserIds users) throws IOException {
        if (!image.has(ImageKind.IPCNS_SEM, namespace)) {
            return;
        }
        try (ImageReader reader = image.read(ImageKind.IPCNS_SEM, namespace)) {
            for (ImageEntry next = reader.next(); next != null; next = reader.next()) {
                IpcSemEntry entry = (IpcSemEntry) next.message();
                byte[] values = new byte[entry.getNsems() * Short.BYTES]; // within the payload, or next() had failed
                reader.payload(next, 0, ByteBuffer.wrap(values));
                restore(entry, values, users);
            }
        }
    }

    private static void restore(IpcSemEntry entry, byte[] values, UserIds users) {
        int id = entry.getDesc().getId();
        IpcDescription.make(
                KIND,
                entry.getDesc(),
                (key, flags) -> SystemCall.call(SyscallNumber.SEMGET, key, entry.getNsems(), flags));
        IpcDescription.with(KIND, id, Math.max(LENGTH, values.length), memory -> {
            memory.buffer().putBytes(0, values);
            call(id, 0, SETALL, memory.address());
            memory.buffer().setMemory(0, LENGTH, (byte) 0);
            IpcDescription.write(memory.buffer(), entry.getDesc(), users);
            call(id, 0, IpcDescription.IPC_SET, memory.address());
        });
    }

    /** Those of an image's semaphores that a process was the last to change; it has to set them itself. */
    static List<Last> last(ImageDirectory image, int namespace) throws IOException {
        List<Last> found = new ArrayList<>();
        if (!image.has(ImageKind.IPCNS_SEM, namespace)) {
            return found;
        }
        try (ImageReader reader = image.read(ImageKind.IPCNS_SEM, namespace)) {
            for (ImageEntry next = reader.next(); next != null; next = reader.next()) {
                IpcSemEntry entry = (IpcSemEntry) next.message();
                ByteBuffer values = reader.payload(next).order(ByteOrder.LITTLE_ENDIAN);
                for (int i = 0; i < entry.getPidsCount() && i < entry.getNsems(); i++) {
                    found.add(new Last(
                            entry.getPids(i), entry.getDesc().getId(), i, Short.toUnsignedInt(values.getShort())));
                }
            }
        }
        return found;
    }

    /**
     * A semaphore and who changed it last.
     *
     * @param pid as the tree calls it
     */
    record Last(int pid, int set, int number, int value) {}

    private static long call(int id, int number, int command, long argument) {
        return SystemCall.check(
                SystemCall.call(SyscallNumber.SEMCTL, id, number, command, argument), SyscallNumber.SEMCTL);
    }

    /** Whether there is a set in the calling thread's namespace. */
    static boolean areAny() {
        return !IpcDescription.ids(KIND).isEmpty();
    }

    /** Whether one of some processes was the last to change a semaphore; those that may not be read are others'. */
    static boolean wereChangedBy(Set<Integer> pids) {
        for (int id : IpcDescription.ids(KIND)) {
            try (Memory memory = Memory.allocate(LENGTH)) {
                long readable = SystemCall.call(SyscallNumber.SEMCTL, id, 0, IpcDescription.IPC_STAT, memory.address());
                long count = readable < 0 ? 0 : memory.buffer().getLong(COUNT_OFFSET);
                for (int i = 0; i < count; i++) {
                    if (pids.contains((int) SystemCall.call(SyscallNumber.SEMCTL, id, i, GETPID, 0))) {
                        return true;
                    }
                }
            }
        }
        return false;
    }
}
