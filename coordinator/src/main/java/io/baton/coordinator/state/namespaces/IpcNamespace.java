package io.baton.coordinator.state.namespaces;

import io.baton.coordinator.error.Refusals;
import io.baton.mktree.image.ImageDirectory;
import io.baton.mktree.image.ImageKind;
import io.baton.mktree.image.proto.IpcVarEntry;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.program.ProgramBuilder;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** System V IPC and POSIX message queues: the limits come back, and objects are refused. */
final class IpcNamespace implements NamespaceKind {
    private static final String SEMAPHORES = "kernel/sem";
    private static final int SEMAPHORE_LIMITS = 4;
    private static final String REMEDY = "remove it, or dump before it is made";

    /** Kinds of objects in CRIU's images, and what they are to the user. */
    private static final Map<ImageKind, String> OBJECTS = Map.of(
            ImageKind.IPCNS_SHM, "shared memory segments",
            ImageKind.IPCNS_SEM, "semaphore sets",
            ImageKind.IPCNS_MSG, "message queues");

    @Override
    public Namespace namespace() {
        return Namespace.IPC;
    }

    @Override
    public void inspect(int root, int task, Refusals refusals) {
        for (String object : Visit.of(task, Namespace.IPC, IpcObjects::list)) {
            refusals.add(root, object, "System V IPC and message queues are not supported yet", REMEDY);
        }
    }

    @Override
    public void capture(int task, int id, ImageDirectory image) throws IOException {
        image.write(ImageKind.IPC_VAR, id, Visit.of(task, Namespace.IPC, IpcNamespace::limits));
    }

    private static IpcVarEntry limits() {
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
                .setMqMsgsizeDefault(number("fs/mqueue/msgsize_default"))
                .build();
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
        for (Map.Entry<ImageKind, String> object : OBJECTS.entrySet()) {
            if (!saved.image()
                    .allIfPresent(object.getKey(), saved.id(), com.google.protobuf.Message.class)
                    .isEmpty()) {
                refusals.add(saved.root(), "ipc namespace: " + object.getValue(), "not supported yet", "");
            }
        }
        if (read(saved).getSemCtlsCount() != SEMAPHORE_LIMITS) {
            refusals.add(saved.root(), "ipc namespace: sem", "does not have four limits", "");
        }
    }

    @Override
    public void compile(Saved saved, ProgramBuilder program) throws IOException {
        program.call(SyscallNumber.UNSHARE).value(Namespace.IPC.flag());
        if (saved.isSaved()) {
            restore(read(saved), program);
        }
    }

    /** What the kernel has had no use for since 3.19, auto_msgmni, is left out. */
    private static void restore(IpcVarEntry limits, ProgramBuilder program) {
        List<String> semaphores = new ArrayList<>();
        limits.getSemCtlsList().forEach(limit -> semaphores.add(Integer.toUnsignedString(limit)));
        Sysctl.write(SEMAPHORES, String.join(" ", semaphores), program);
        write("kernel/msgmax", limits.getMsgCtlmax(), program);
        write("kernel/msgmnb", limits.getMsgCtlmnb(), program);
        write("kernel/msgmni", limits.getMsgCtlmni(), program);
        Sysctl.write("kernel/shmmax", Long.toUnsignedString(limits.getShmCtlmax()), program);
        Sysctl.write("kernel/shmall", Long.toUnsignedString(limits.getShmCtlall()), program);
        write("kernel/shmmni", limits.getShmCtlmni(), program);
        write("kernel/shm_rmid_forced", limits.getShmRmidForced(), program);
        write("fs/mqueue/queues_max", limits.getMqQueuesMax(), program);
        write("fs/mqueue/msg_max", limits.getMqMsgMax(), program);
        write("fs/mqueue/msgsize_max", limits.getMqMsgsizeMax(), program);
        if (limits.hasMqMsgDefault()) {
            write("fs/mqueue/msg_default", limits.getMqMsgDefault(), program);
        }
        if (limits.hasMqMsgsizeDefault()) {
            write("fs/mqueue/msgsize_default", limits.getMqMsgsizeDefault(), program);
        }
    }

    private static void write(String name, int value, ProgramBuilder program) {
        Sysctl.write(name, Integer.toUnsignedString(value), program);
    }

    private static IpcVarEntry read(Saved saved) throws IOException {
        return saved.image().one(ImageKind.IPC_VAR, saved.id(), IpcVarEntry.class);
    }
}
