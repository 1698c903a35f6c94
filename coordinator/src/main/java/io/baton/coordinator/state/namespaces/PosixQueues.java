package io.baton.coordinator.state.namespaces;

import io.baton.mktree.image.proto.BatonQueue;
import io.baton.mktree.image.proto.BatonQueuedMessage;
import io.baton.task.linux.Errno;
import io.baton.task.linux.Fd;
import io.baton.task.linux.FileStatus;
import io.baton.task.linux.LinuxException;
import io.baton.task.linux.Memory;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.linux.SystemCall;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * POSIX message queues of the calling thread's ipc namespace. They are files of a file system that each namespace has; it is mounted
 * nowhere, only for a look.
 */
public final class PosixQueues implements AutoCloseable {
    private static final int FSOPEN_CLOEXEC = 1;
    private static final int FSMOUNT_CLOEXEC = 1;
    private static final int FSCONFIG_CMD_CREATE = 6;
    private static final int OPEN = io.baton.task.linux.Files.O_RDWR
            | io.baton.task.linux.Files.O_NONBLOCK
            | io.baton.task.linux.Files.O_CLOEXEC;
    private static final int MAKE = OPEN | io.baton.task.linux.Files.O_CREAT | io.baton.task.linux.Files.O_EXCL;
    private static final int PERMISSIONS = 07777;

    /** {@code struct mq_attr}: flags, most messages, size of a message, messages (64 bits each), reserved. */
    private static final int ATTRIBUTES = 64;

    private static final int MOST_OFFSET = 8;
    private static final int SIZE_OFFSET = 16;

    /** Whoever is to be told of the next message. */
    private static final Pattern NOTIFIED = Pattern.compile("NOTIFY_PID:([1-9][0-9]*)");

    private final Fd mount;

    private PosixQueues(Fd mount) {
        this.mount = mount;
    }

    /** Those of the calling thread's namespace. */
    static PosixQueues open() {
        try (Memory type = Memory.cString("mqueue");
                Fd context = Fd.own((int) SystemCall.check(
                        SystemCall.call(SyscallNumber.FSOPEN, type.address(), FSOPEN_CLOEXEC), SyscallNumber.FSOPEN))) {
            SystemCall.check(
                    SystemCall.call(SyscallNumber.FSCONFIG, context.number(), FSCONFIG_CMD_CREATE, 0, 0, 0),
                    SyscallNumber.FSCONFIG);
            return new PosixQueues(Fd.own((int) SystemCall.check(
                    SystemCall.call(SyscallNumber.FSMOUNT, context.number(), FSMOUNT_CLOEXEC, 0),
                    SyscallNumber.FSMOUNT)));
        }
    }

    /** Whether our own namespace has a queue of that name. */
    public static boolean exists(String name) {
        return status(name) != null;
    }

    /** Whether it is that queue that has a name in a task's namespace. */
    public static boolean isNamed(int task, String name, FileStatus queue) {
        String link = Namespace.IPC.link();
        boolean ours = VirtualFile.link("/proc/" + task + "/" + link).equals(VirtualFile.link("/proc/self/" + link));
        Optional<FileStatus> named = ours
                ? Optional.ofNullable(status(name))
                : Visit.of(task, Namespace.IPC, () -> Optional.ofNullable(status(name)));
        return named.isPresent()
                && named.get().dev() == queue.dev()
                && named.get().ino() == queue.ino();
    }

    private static @Nullable FileStatus status(String name) {
        try (Memory text = Memory.cString(name)) {
            long queue =
                    SystemCall.call(SyscallNumber.MQ_OPEN, text.address(), io.baton.task.linux.Files.O_RDONLY, 0, 0);
            if (queue < 0) {
                return null;
            }
            try (Fd fd = Fd.own((int) queue)) {
                return io.baton.task.linux.Files.status(fd.number());
            }
        }
    }

    /** Their names, without a slash. */
    List<String> names() {
        try (Stream<Path> files = Files.list(Path.of(path()))) {
            return files.map(file -> file.getFileName().toString()).toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Which process, by our name for it, is to be told of a queue's next message; 0: none. */
    int notified(String name) {
        return notifiedOf(path() + name);
    }

    /** The same of a queue with that path. */
    public static int notifiedOf(String path) {
        Matcher found = NOTIFIED.matcher(VirtualFile.text(path));
        return found.find() ? Integer.parseInt(found.group(1)) : 0;
    }

    private String path() {
        return "/proc/self/fd/" + mount.number() + "/";
    }

    /**
     * A queue with all that is in it. Messages can only be taken, not looked at: they are put back at once. All tasks of the tree
     * stand still, and nobody is to be told of them.
     */
    BatonQueue read(String name, UserIds users) {
        try (Fd queue = io.baton.task.linux.Files.open(path() + name, OPEN);
                Memory attributes = Memory.allocate(ATTRIBUTES)) {
            FileStatus status = io.baton.task.linux.Files.status(queue.number());
            SystemCall.check(
                    SystemCall.call(SyscallNumber.MQ_GETSETATTR, queue.number(), 0, attributes.address()),
                    SyscallNumber.MQ_GETSETATTR);
            int size = (int) attributes.buffer().getLong(SIZE_OFFSET);
            List<BatonQueuedMessage> messages = take(queue, size);
            put(queue, messages, size);
            return BatonQueue.newBuilder()
                    .setName(name)
                    .setMode(status.mode() & PERMISSIONS)
                    .setUid(users.userInside(status.uid()))
                    .setGid(users.groupInside(status.gid()))
                    .setMostMessages((int) attributes.buffer().getLong(MOST_OFFSET))
                    .setMessageSize(size)
                    .addAllMessages(messages)
                    .build();
        }
    }

    private static List<BatonQueuedMessage> take(Fd queue, int size) {
        List<BatonQueuedMessage> messages = new ArrayList<>();
        try (Memory text = Memory.allocate(size);
                Memory priority = Memory.allocate(Integer.BYTES)) {
            while (true) {
                long length = SystemCall.call(
                        SyscallNumber.MQ_TIMEDRECEIVE, queue.number(), text.address(), size, priority.address(), 0);
                if (length < 0) {
                    if (length != -Errno.EAGAIN) {
                        put(queue, messages, size);
                        throw LinuxException.of(SyscallNumber.MQ_TIMEDRECEIVE, length, "");
                    }
                    return messages;
                }
                byte[] bytes = new byte[(int) length];
                text.buffer().getBytes(0, bytes);
                messages.add(BatonQueuedMessage.newBuilder()
                        .setPriority(priority.buffer().getInt(0))
                        .setContent(com.google.protobuf.ByteString.copyFrom(bytes))
                        .build());
            }
        }
    }

    private static void put(Fd queue, List<BatonQueuedMessage> messages, int size) {
        try (Memory text = Memory.allocate(size)) {
            for (BatonQueuedMessage message : messages) {
                byte[] bytes = message.getContent().toByteArray();
                text.buffer().putBytes(0, bytes, 0, Math.min(size, bytes.length));
                SystemCall.check(
                        SystemCall.call(
                                SyscallNumber.MQ_TIMEDSEND,
                                queue.number(),
                                text.address(),
                                bytes.length,
                                message.getPriority(),
                                0),
                        SyscallNumber.MQ_TIMEDSEND);
            }
        }
    }

    /** Makes a queue of an image in the calling thread's namespace, with its messages. */
    static void make(BatonQueue saved, UserIds users) {
        try (Memory name = Memory.cString(saved.getName());
                Memory attributes = Memory.allocate(ATTRIBUTES)) {
            attributes.buffer().putLong(MOST_OFFSET, Integer.toUnsignedLong(saved.getMostMessages()));
            attributes.buffer().putLong(SIZE_OFFSET, Integer.toUnsignedLong(saved.getMessageSize()));
            long made = SystemCall.call(SyscallNumber.MQ_OPEN, name.address(), MAKE, 0600, attributes.address());
            try (Fd queue = Fd.own((int) SystemCall.check(made, SyscallNumber.MQ_OPEN, saved.getName()))) {
                put(queue, saved.getMessagesList(), saved.getMessageSize());
                io.baton.task.linux.Files.changeOwner(
                        queue.number(), users.userOutside(saved.getUid()), users.groupOutside(saved.getGid()));
                io.baton.task.linux.Files.changeMode(queue.number(), saved.getMode() & PERMISSIONS);
            }
        }
    }

    @Override
    public void close() {
        mount.close();
    }
}
