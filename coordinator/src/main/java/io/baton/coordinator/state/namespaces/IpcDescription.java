package io.baton.coordinator.state.namespaces;

import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.error.ErrorCode;
import io.baton.mktree.image.proto.IpcDescEntry;
import io.baton.task.linux.Errno;
import io.baton.task.linux.LinuxException;
import io.baton.task.linux.Memory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * What all System V objects have, the kernel's {@code struct ipc64_perm}: key, user, group, creator's user and group, mode
 * (32 bits each).
 */
public final class IpcDescription {
    static final int IPC_CREAT_EXCL = 03000;
    public static final int IPC_SET = 1;
    public static final int IPC_STAT = 2;

    private static final String TABLES = "/proc/sysvipc/";
    private static final int UID_OFFSET = 4;
    private static final int GID_OFFSET = 8;
    private static final int CREATOR_UID_OFFSET = 12;
    private static final int CREATOR_GID_OFFSET = 16;
    private static final int MODE_OFFSET = 20;
    private static final int PERMISSIONS = 0777;

    private IpcDescription() {}

    /**
     * The ids of all objects of a kind in the calling thread's namespace.
     *
     * @param kind {@code sem}, {@code msg} or {@code shm}
     */
    public static List<Integer> ids(String kind) {
        List<Integer> ids = new ArrayList<>();
        VirtualFile.text(TABLES.concat(kind))
                .lines()
                .skip(1)
                .forEach(line -> ids.add(Integer.valueOf(line.strip().split("\\s+")[1])));
        return ids;
    }

    /** As the image has it, from what IPC_STAT gave. */
    public static IpcDescEntry read(UnsafeBuffer description, int id, UserIds users) {
        return IpcDescEntry.newBuilder()
                .setKey(description.getInt(0))
                .setUid(users.userInside(description.getInt(UID_OFFSET)))
                .setGid(users.groupInside(description.getInt(GID_OFFSET)))
                .setCuid(users.userInside(description.getInt(CREATOR_UID_OFFSET)))
                .setCgid(users.groupInside(description.getInt(CREATOR_GID_OFFSET)))
                .setMode(description.getInt(MODE_OFFSET))
                .setId(id)
                .build();
    }

    /** What IPC_SET takes. */
    public static void write(UnsafeBuffer description, IpcDescEntry entry, UserIds users) {
        description.putInt(UID_OFFSET, users.userOutside(entry.getUid()));
        description.putInt(GID_OFFSET, users.groupOutside(entry.getGid()));
        description.putInt(MODE_OFFSET, permissions(entry));
    }

    static int permissions(IpcDescEntry entry) {
        return entry.getMode() & PERMISSIONS;
    }

    /** How an object is made. */
    public interface Maker {
        /** Its id, or -errno. */
        long make(int key, int flags);
    }

    /**
     * Makes an object of the calling thread's namespace under its number.
     *
     * @param kind as in {@link #ids}
     */
    public static void make(String kind, IpcDescEntry entry, Maker maker) {
        Sysctl.write("kernel/" + kind + "_next_id", Integer.toString(entry.getId()));
        long id = maker.make(entry.getKey(), IPC_CREAT_EXCL | permissions(entry));
        if (id != entry.getId()) {
            throw failed(kind, entry.getId(), id < 0 ? Errno.messageOf((int) -id) : "is made as " + id);
        }
    }

    /** Why an object cannot be brought back. */
    public static BatonException failed(String kind, int id, String reason) {
        return new BatonException(
                ErrorCode.TASK_FAILED,
                "ipc namespace: " + kind + " " + id + ": " + reason,
                "see the limits of the namespace");
    }

    /** Something that is done with one object. */
    public interface Work {
        void with(Memory memory);
    }

    /** Does it, with memory for what the kernel is told; failures name the object. */
    public static void with(String kind, int id, int length, Work work) {
        try (Memory memory = Memory.allocate(Math.max(1, length))) {
            work.with(memory);
        } catch (LinuxException e) {
            throw failed(kind, id, String.valueOf(e.getMessage()));
        }
    }

    /** Something that is made in a namespace. */
    public interface Making {
        void make() throws IOException;
    }

    /** Does it in the ipc namespace of a task, which may be gone. */
    public static void enter(int task, Making making) {
        try {
            Visit.of(task, Namespace.IPC, () -> {
                try {
                    making.make();
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
                return making;
            });
        } catch (LinuxException | UncheckedIOException e) {
            throw new BatonException(
                    ErrorCode.TASK_FAILED, "ipc namespace: " + e.getMessage(), "see the limits of the namespace", e);
        }
    }
}
