package io.baton.coordinator.state.files;

import io.baton.coordinator.state.Account;
import io.baton.coordinator.state.TreeImage;
import io.baton.coordinator.state.ghosts.LostNames;
import io.baton.mktree.image.proto.FdTypes;
import io.baton.mktree.image.proto.FifoEntry;
import io.baton.mktree.image.proto.FileEntry;
import io.baton.mktree.image.proto.RegFileEntry;
import io.baton.task.linux.FileStatus;
import io.baton.task.linux.Files;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Named pipes (FIFOs). As with {@link PipeEnds}, the first task opens all that the tree has of one: an open for reading
 * alone would wait for a writer, who may come later in the order of restore.
 */
final class NamedPipe implements FileKind {
    @Override
    public FdTypes type() {
        return FdTypes.FIFO;
    }

    @Override
    public Account account() {
        return new Account(
                        "named pipe",
                        "as a pipe, and its path",
                        "open(2), filled by write(2); without a name: made by the coordinator, opened, and unlinked",
                        "FifoEntry",
                        "PipeDataEntry")
                .refusing(
                        "the name is not UTF-8, which the image format asks for",
                        "replaced: another file has that name by now, or in our mount namespace",
                        "deleted: this name of the file is gone, others are left",
                        "the name is gone: *",
                        "cannot be reached by a path",
                        "packets (O_DIRECT) in a pipe cannot be saved yet",
                        "the other end of the pipe is outside the tree: *");
    }

    @Override
    public boolean matches(OpenFile file) {
        return file.hasPath() && file.status().type() == FileStatus.S_IFIFO && !FileFlags.isPath(file.flags());
    }

    @Override
    public void inspect(OpenFile file, FileInspection inspection) {
        LostNames.Fault fault = NamedFile.fault(file, inspection);
        if (fault != null) {
            inspection.refuse(file, fault.reason(), fault.remedyOr("keep the named pipe in place"));
        } else {
            PipeContent.inspect(file, inspection);
        }
    }

    @Override
    public void capture(OpenFile file, FileEntry.Builder entry, TreeImage tree) {
        int nameId = tree.newFileId();
        tree.addFile(FileEntry.newBuilder()
                .setType(FdTypes.REG)
                .setId(nameId)
                .setReg(NamedFile.describe(file, nameId, tree))
                .build());
        entry.getFifoBuilder()
                .setId(entry.getId())
                .setPipeId(CapturedPipes.of(tree).capture(file, true))
                .setRegfId(nameId);
    }

    @Override
    public void validate(FileEntry entry, FileValidation validation) {
        RegFileEntry name = name(entry, validation.process()::file);
        if (name == null) {
            validation.refuse("FIFO", "the image has no name for it: id=" + entry.getId(), "");
        } else {
            validation.require(name.getId(), name);
            int pipeId = entry.getFifo().getPipeId();
            PipeContent.validate(name.getName(), validation.image().namedPipeContent(pipeId), validation);
        }
    }

    private interface Lookup {
        @Nullable
        FileEntry file(int id);
    }

    private static @Nullable RegFileEntry name(FileEntry entry, Lookup files) {
        FifoEntry fifo = entry.getFifo();
        // Old images have one id for both.
        FileEntry name = files.file(fifo.hasRegfId() ? fifo.getRegfId() : entry.getId());
        return name == null || !name.hasReg() ? null : name.getReg();
    }

    @Override
    public void compile(FileEntry entry, TaskDescriptors task) {
        int pipeId = entry.getFifo().getPipeId();
        List<Opened> all = new ArrayList<>();
        Handle anchor = null;
        for (FileEntry end : task.tree().image().namedPipe(pipeId)) {
            RegFileEntry name = name(end, task.process()::file);
            if (name == null) {
                continue; // refused by validate
            }
            String path = NamedFile.path(name.getId(), name, task.process());
            if (anchor == null) {
                int both = Files.O_RDWR | Files.O_NONBLOCK | Files.O_CLOEXEC;
                anchor = PipeEnds.reopen(path, both, task);
                PipeContent.compile(task.tree().image().namedPipeContent(pipeId), task, anchor);
            }
            int flags = FileFlags.reopen(name.getFlags(), true);
            Handle handle = PipeEnds.reopen(path, flags, task);
            task.bind(end.getId(), handle);
            all.add(new Opened(name, handle, flags));
        }
        if (anchor != null) {
            task.close(anchor);
        }
        for (Opened end : all) {
            FileFlags.settle(task, end.handle.fd(), end.flags, end.name.getFlags(), end.name.getFown());
        }
    }

    private record Opened(RegFileEntry name, Handle handle, int flags) {}
}
