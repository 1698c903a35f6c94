package io.baton.coordinator.state.files;

import io.baton.coordinator.state.Account;
import io.baton.coordinator.state.TreeImage;
import io.baton.coordinator.state.namespaces.TreeNamespaces;
import io.baton.mktree.image.proto.FdTypes;
import io.baton.mktree.image.proto.FileEntry;
import io.baton.mktree.image.proto.PidfdEntry;
import io.baton.task.linux.Files;
import io.baton.task.linux.SyscallNumber;

/**
 * pidfds of tasks of the tree, zombies too: they are all there before the first descriptor is restored. Of a process that was
 * dead and reaped it takes another one that is ({@link DeadProcesses}).
 */
final class PidDescriptor implements FileKind {
    private static final int PIDFD_THREAD = 0x80;
    private static final int DEAD = -1;

    @Override
    public FdTypes type() {
        return FdTypes.PIDFD;
    }

    @Override
    public Account account() {
        return new Account(
                        "pidfd",
                        "fdinfo",
                        "pidfd_open(2); of a process that is dead and reaped, that of a child of ours that is",
                        "PidfdEntry")
                .refusing("a pidfd of a process outside the tree: pid=*");
    }

    @Override
    public boolean matches(OpenFile file) {
        return file.link().equals("anon_inode:[pidfd]") || file.link().startsWith("pidfd:[");
    }

    private static int pid(OpenFile file) {
        return (int) Long.parseLong(String.valueOf(file.info().value("Pid")));
    }

    @Override
    public void inspect(OpenFile file, FileInspection inspection) {
        int pid = pid(file);
        if (pid != DEAD && !inspection.files().hasTaskOrZombie(pid)) {
            inspection.refuse(
                    file,
                    "a pidfd of a process outside the tree: pid=" + pid,
                    "close it before the dump, or dump from a process above both");
        }
    }

    @Override
    public void capture(OpenFile file, FileEntry.Builder entry, TreeImage tree) {
        int pid = pid(file);
        entry.getPidfdBuilder()
                .setId(entry.getId())
                .setIno((int) file.status().ino())
                .setFlags(file.flags() & ~Files.O_RDWR)
                .setNspid(pid == DEAD ? DEAD : TreeNamespaces.of(tree).pidInside(pid))
                .setFown(file.owner());
    }

    static boolean isDead(PidfdEntry entry) {
        return entry.getNspid() == DEAD;
    }

    /** What pidfd_open(2) takes. */
    static int openFlags(PidfdEntry entry) {
        return entry.getFlags() & (Files.O_NONBLOCK | PIDFD_THREAD);
    }

    @Override
    public void validate(FileEntry entry, FileValidation validation) {
        int pid = entry.getPidfd().getNspid();
        if (pid != DEAD && !validation.tree().hasTask(pid)) {
            validation.refuse("pidfd", "of a process that is not in the image: pid=" + pid, "");
        }
    }

    @Override
    public void compile(FileEntry entry, TaskDescriptors task) {
        PidfdEntry pidfd = entry.getPidfd();
        int flags = openFlags(pidfd);
        Handle handle;
        if (isDead(pidfd)) {
            handle = task.inherited(entry.getId());
        } else {
            task.block().call(SyscallNumber.PIDFD_OPEN).value(pidfd.getNspid()).value(flags);
            handle = task.expectOpened(true);
        }
        task.bind(entry.getId(), handle);
        FileFlags.settle(task, handle.fd(), flags, pidfd.getFlags(), pidfd.getFown());
    }
}
