package io.baton.coordinator.state.files;

import io.baton.coordinator.state.Account;
import io.baton.coordinator.state.TreeImage;
import io.baton.coordinator.state.namespaces.PosixQueues;
import io.baton.mktree.image.proto.BatonQueueFile;
import io.baton.mktree.image.proto.FdTypes;
import io.baton.mktree.image.proto.FileEntry;
import io.baton.task.linux.FileStatus;
import io.baton.task.linux.Files;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.program.ProgramBuilder;

/**
 * An open POSIX message queue, as mq_open(3) gives it. In an ipc namespace of the tree the queue itself comes back with that; in ours
 * it stays where it is.
 */
final class QueueDescriptor implements FileKind {
    /** linux/magic.h: MQUEUE_MAGIC. */
    private static final long FILE_SYSTEM = 0x19800202;

    private static final int KEPT = Files.O_ACCMODE | Files.O_NONBLOCK;

    @Override
    public FdTypes type() {
        return FdTypes.POSIX_QUEUE;
    }

    @Override
    public Account account() {
        return new Account("POSIX message queue", "its name, checked; fdinfo", "mq_open(2)", "BatonQueueFile")
                .refusing(
                        "the message queue has no name any more",
                        "not a message queue of the ipc namespace it is in",
                        "is to be told of its next message (mq_notify)");
    }

    /** The name is all of the path: no mount of that file system is on it. */
    @Override
    public boolean matches(OpenFile file) {
        return file.link().lastIndexOf('/') == 0
                && file.status().type() == FileStatus.S_IFREG
                && !FileFlags.isPath(file.flags())
                && KernelFileSystem.type(file) == FILE_SYSTEM;
    }

    @Override
    public void inspect(OpenFile file, FileInspection inspection) {
        if (file.status().nlink() == 0) {
            inspection.refuse(file, "the message queue has no name any more", "close it before the dump");
        } else if (!PosixQueues.isNamed(file.process().procId(), name(file), file.status())) {
            inspection.refuse(file, "not a message queue of the ipc namespace it is in", "close it before the dump");
        } else {
            int notified = PosixQueues.notifiedOf(file.procPath());
            if (notified != 0 && inspection.files().hasTask(notified)) {
                inspection.refuse(file, "is to be told of its next message (mq_notify)", "dump when it has been told");
            }
        }
    }

    private static String name(OpenFile file) {
        return file.link().substring(1);
    }

    @Override
    public void capture(OpenFile file, FileEntry.Builder entry, TreeImage tree) {
        entry.setMqueue(BatonQueueFile.newBuilder()
                .setId(entry.getId())
                .setFlags(file.flags())
                .setFown(file.owner())
                .setName(name(file)));
    }

    @Override
    public void validate(FileEntry entry, FileValidation validation) {
        String name = entry.getMqueue().getName();
        if (!validation.process().namespaces().makesIpc() && !PosixQueues.exists(name)) {
            validation.refuse("/" + name, "the message queue is gone", "make it anew");
        }
    }

    @Override
    public void compile(FileEntry entry, TaskDescriptors task) {
        BatonQueueFile queue = entry.getMqueue();
        int flags = queue.getFlags() & KEPT;
        ProgramBuilder block = task.block();
        int name = block.string(queue.getName());
        block.call(SyscallNumber.MQ_OPEN).data(name).value(flags).value(0).value(0);
        Handle handle = task.expectOpened(true); // the kernel always does so
        task.bind(entry.getId(), handle);
        FileFlags.settle(task, handle.fd(), flags, queue.getFlags(), queue.getFown());
    }
}
