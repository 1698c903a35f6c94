package io.baton.coordinator.state.files;

import io.baton.coordinator.state.Account;
import io.baton.coordinator.state.TreeImage;
import io.baton.coordinator.state.namespaces.Namespace;
import io.baton.coordinator.state.namespaces.TreeNamespaces;
import io.baton.mktree.image.proto.FdTypes;
import io.baton.mktree.image.proto.FileEntry;
import io.baton.mktree.image.proto.NsFileEntry;
import io.baton.mktree.image.proto.TaskKobjIdsEntry;
import io.baton.task.linux.Files;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.program.ProgramBuilder;
import org.jspecify.annotations.Nullable;

/**
 * Namespaces that are open ({@code /proc/PID/ns/net} and so on): those that the process is in itself, which it is again when
 * its files are restored.
 */
final class NamespaceFile implements FileKind {
    @Override
    public FdTypes type() {
        return FdTypes.NS;
    }

    @Override
    public Account account() {
        return new Account("namespace file", "its link", "open(2) of /proc/self/ns", "NsFileEntry")
                .refusing(
                        "a namespace that the process is not in cannot be saved yet",
                        "a namespace that is entered last cannot be saved yet");
    }

    @Override
    public boolean matches(OpenFile file) {
        return !file.hasPath() && namespace(file.link()) != null;
    }

    /** {@code net:[4026531833]}. */
    private static @Nullable Namespace namespace(String link) {
        for (Namespace namespace : Namespace.values()) {
            if (link.startsWith(namespace.text().concat(":["))) {
                return namespace;
            }
        }
        return null;
    }

    private static @Nullable Namespace byFlag(int flag) {
        for (Namespace namespace : Namespace.values()) {
            if (namespace.flag() == flag) {
                return namespace;
            }
        }
        return null;
    }

    @Override
    public void inspect(OpenFile file, FileInspection inspection) {
        Namespace namespace = namespace(file.link());
        if (namespace == null || !file.process().readLink(namespace.link()).equals(file.link())) {
            inspection.refuse(
                    file, "a namespace that the process is not in cannot be saved yet", "close it before the dump");
        } else if (isLate(namespace)
                && !Files.readLink("/proc/self/" + namespace.link()).equals(file.link())) {
            inspection.refuse(file, "a namespace that is entered last cannot be saved yet", "close it before the dump");
        }
    }

    /** Where there are any of the tree's own, files are restored before these are joined, or by way of another name. */
    private static boolean isLate(Namespace namespace) {
        return switch (namespace) {
            case USER, TIME, CGROUP, PID -> true;
            case IPC, MNT, NET, UTS -> false;
        };
    }

    @Override
    public void capture(OpenFile file, FileEntry.Builder entry, TreeImage tree) {
        Namespace namespace = namespace(file.link());
        if (namespace == null) {
            throw new IllegalStateException("no namespace: " + file.describe());
        }
        TaskKobjIdsEntry.Builder ids = TaskKobjIdsEntry.newBuilder();
        TreeNamespaces.of(tree).identify(ids, false);
        entry.setNsf(NsFileEntry.newBuilder()
                .setId(entry.getId())
                .setNsId(namespace.id(
                        ids.setVmId(0).setFilesId(0).setFsId(0).setSighandId(0).build()))
                .setNsCflag(namespace.flag())
                .setFlags(file.flags()));
    }

    @Override
    public void validate(FileEntry entry, FileValidation validation) {
        Namespace namespace = byFlag(entry.getNsf().getNsCflag());
        if (namespace == null) {
            validation.refuse(
                    "namespace", "no such kind: flag=" + entry.getNsf().getNsCflag(), "");
        } else if (namespace.id(validation.process().ids()) != entry.getNsf().getNsId()) {
            validation.refuse("namespace", "one that the process was not in: not supported yet", "");
        }
    }

    @Override
    public void compile(FileEntry entry, TaskDescriptors task) {
        Namespace namespace = byFlag(entry.getNsf().getNsCflag());
        if (namespace == null) {
            throw new IllegalStateException("refused before: id=" + entry.getId());
        }
        boolean close = task.targetClosesOnExec();
        ProgramBuilder block = task.block();
        int path = block.string("/proc/self/" + namespace.link());
        block.call(SyscallNumber.OPENAT)
                .value(Files.AT_FDCWD)
                .data(path)
                .value(FileFlags.reopen(entry.getNsf().getFlags(), close))
                .value(0);
        task.bind(entry.getId(), task.expectOpened(close));
    }
}
