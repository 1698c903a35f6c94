package io.baton.coordinator.state.namespaces;

import io.baton.coordinator.error.Refusals;
import io.baton.coordinator.state.Account;
import io.baton.mktree.image.ImageDirectory;
import io.baton.mktree.image.ImageKind;
import io.baton.mktree.image.proto.BatonQueue;
import io.baton.mktree.image.proto.IpcVarEntry;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.program.ProgramBuilder;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;

/** System V IPC and POSIX message queues: limits and objects. */
final class IpcNamespace implements NamespaceKind {
    private static final String SEMAPHORES = "kernel/sem";
    private static final int SEMAPHORE_LIMITS = 4;

    @Override
    public Namespace namespace() {
        return Namespace.IPC;
    }

    @Override
    public Account account() {
        return new Account(
                        "ipc namespace",
                        "limits below /proc/sys, objects listed in /proc/sysvipc and mqueue, all seen from inside; MSG_COPY; messages of POSIX queues are received and sent again",
                        "unshare(2), limits written; the coordinator enters and makes all objects that nobody has attached",
                        "IpcVarEntry",
                        "IpcSemEntry",
                        "IpcMsgEntry",
                        "IpcShmEntry")
                .refusing(
                        "a process is to be told of its next message (mq_notify)",
                        "belongs to a user or group that is not mapped");
    }

    @Override
    public void inspect(int root, int task, Refusals refusals) {
        Visit.of(task, Namespace.IPC, () -> {
            try (PosixQueues queues = PosixQueues.open()) {
                for (String name : queues.names()) {
                    if (queues.notified(name) != 0) {
                        refusals.add(
                                root,
                                "message queue /" + name,
                                "a process is to be told of its next message (mq_notify)",
                                "dump when it has been told");
                    }
                }
            }
            return refusals;
        });
    }

    @Override
    public void capture(TreeNamespaces tree, int task, int id, ImageDirectory image) throws IOException {
        image.write(
                ImageKind.IPC_VAR,
                id,
                Visit.of(
                        task,
                        Namespace.IPC,
                        () -> limits().addAllQueues(queues(tree.ids())).build()));
        IpcSemaphores.capture(task, id, tree.ids(), tree::pidInside, image);
        IpcMessages.capture(task, id, tree.ids(), image);
    }

    private static List<BatonQueue> queues(UserIds users) {
        try (PosixQueues queues = PosixQueues.open()) {
            return queues.names().stream().map(name -> queues.read(name, users)).toList();
        }
    }

    private static IpcVarEntry.Builder limits() {
        IpcVarEntry.Builder limits = IpcVarEntry.newBuilder();
        for (String limit : Sysctl.read(SEMAPHORES).split("\\s+")) {
            limits.addSemCtls(Integer.parseInt(limit));
        }
        return limits.setMsgCtlmax(number("kernel/msgmax"))
                .setMsgCtlmnb(number("kernel/msgmnb"))
                .setMsgCtlmni(number("kernel/msgmni"))
                .setAutoMsgmni(number("kernel/auto_msgmni"))
                .setShmCtlmax(Long.parseUnsignedLong(Sysctl.read("kernel/shmmax")))
                .setShmCtlall(Long.parseUnsignedLong(Sysctl.read("kernel/shmall")))
                .setShmCtlmni(number("kernel/shmmni"))
                .setShmRmidForced(number("kernel/shm_rmid_forced"))
                .setMqQueuesMax(number("fs/mqueue/queues_max"))
                .setMqMsgMax(number("fs/mqueue/msg_max"))
                .setMqMsgsizeMax(number("fs/mqueue/msgsize_max"))
                .setMqMsgDefault(number("fs/mqueue/msg_default"))
                .setMqMsgsizeDefault(number("fs/mqueue/msgsize_default"));
    }

    private static int number(String name) {
        String text = Sysctl.read(name);
        return text.isEmpty() ? 0 : Integer.parseUnsignedInt(text);
    }

    @Override
    public void validate(Saved saved, Refusals refusals) throws IOException {
        if (!saved.isSaved()) {
            return;
        }
        if (read(saved).getSemCtlsCount() != SEMAPHORE_LIMITS) {
            refusals.add(saved.root(), "ipc namespace: sem", "does not have four limits", "");
        }
    }

    @Override
    public void compile(Saved saved, ProgramBuilder program) throws IOException {
        program.call(SyscallNumber.UNSHARE).value(Namespace.IPC.flag());
        if (saved.isSaved() && !saved.inner()) {
            restore(read(saved), (name, value) -> Sysctl.write(name, value, program));
        }
    }

    /**
     * Sets the limits of one that the root has made by itself: a right of the root user inside, who it is not yet.
     *
     * @param user that one, as we know him
     */
    static void settle(Saved saved, int task, int user) throws IOException {
        IpcVarEntry limits = read(saved);
        Visit.of(task, Namespace.IPC, () -> {
            Visit.become(user);
            restore(limits, Sysctl::write);
            return limits;
        });
    }

    /**
     * Makes what is in it, from outside: there may be more of that than fits into a program, and who did what last cannot be
     * brought back anyway.
     */
    static void fill(Saved saved, int task, UserIds users) throws IOException {
        IpcVarEntry all = read(saved);
        boolean empty =
                all.getQueuesCount() == 0 && isEmpty(saved, ImageKind.IPCNS_SEM) && isEmpty(saved, ImageKind.IPCNS_MSG);
        if (empty) {
            return;
        }
        IpcDescription.enter(task, () -> {
            IpcSemaphores.restore(saved.image(), saved.id(), users);
            IpcMessages.restore(saved.image(), saved.id(), users);
            all.getQueuesList().forEach(queue -> PosixQueues.make(queue, users));
        });
    }

    private static boolean isEmpty(Saved saved, ImageKind kind) throws IOException {
        return saved.image()
                .allIfPresent(kind, saved.id(), com.google.protobuf.Message.class)
                .isEmpty();
    }

    /** What the kernel has had no use for since 3.19, auto_msgmni, is left out. */
    private static void restore(IpcVarEntry limits, BiConsumer<String, String> writer) {
        List<String> semaphores = new ArrayList<>();
        limits.getSemCtlsList().forEach(limit -> semaphores.add(Integer.toUnsignedString(limit)));
        writer.accept(SEMAPHORES, String.join(" ", semaphores));
        write("kernel/msgmax", limits.getMsgCtlmax(), writer);
        write("kernel/msgmnb", limits.getMsgCtlmnb(), writer);
        write("kernel/msgmni", limits.getMsgCtlmni(), writer);
        writer.accept("kernel/shmmax", Long.toUnsignedString(limits.getShmCtlmax()));
        writer.accept("kernel/shmall", Long.toUnsignedString(limits.getShmCtlall()));
        write("kernel/shmmni", limits.getShmCtlmni(), writer);
        write("kernel/shm_rmid_forced", limits.getShmRmidForced(), writer);
        write("fs/mqueue/queues_max", limits.getMqQueuesMax(), writer);
        write("fs/mqueue/msg_max", limits.getMqMsgMax(), writer);
        write("fs/mqueue/msgsize_max", limits.getMqMsgsizeMax(), writer);
        if (limits.hasMqMsgDefault()) {
            write("fs/mqueue/msg_default", limits.getMqMsgDefault(), writer);
        }
        if (limits.hasMqMsgsizeDefault()) {
            write("fs/mqueue/msgsize_default", limits.getMqMsgsizeDefault(), writer);
        }
    }

    private static void write(String name, int value, BiConsumer<String, String> writer) {
        writer.accept(name, Integer.toUnsignedString(value));
    }

    private static IpcVarEntry read(Saved saved) throws IOException {
        return saved.image().one(ImageKind.IPC_VAR, saved.id(), IpcVarEntry.class);
    }
}
