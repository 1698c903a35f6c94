package io.baton.coordinator.state.files;

import io.baton.coordinator.state.Account;
import io.baton.coordinator.state.TreeImage;
import io.baton.mktree.image.proto.FdTypes;
import io.baton.mktree.image.proto.FileEntry;
import io.baton.mktree.image.proto.PipeEntry;
import io.baton.task.linux.FileStatus;
import io.baton.task.linux.Files;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.program.ProgramBuilder;
import java.util.ArrayList;
import java.util.List;

/**
 * Ends of pipes. The first task that has an end makes the pipe, fills it, and makes every end that the tree has of it:
 * those of later tasks wait there under numbers of their own until all have fetched what is theirs.
 *
 * <p>The two descriptions of pipe2(2) become those that the program had from pipe2; further ones were opened through
 * {@code /proc/self/fd}, and are again. The kernel tells the two apart by O_LARGEFILE, which only open(2) sets.
 */
final class PipeEnds implements FileKind {
    @Override
    public FdTypes type() {
        return FdTypes.PIPE;
    }

    @Override
    public Account account() {
        return new Account(
                        "pipe",
                        "fdinfo; unread data by tee(2) into a pipe of ours",
                        "pipe2(2), F_SETPIPE_SZ, write(2), by the first task that has an end",
                        "PipeEntry",
                        "PipeDataEntry")
                .refusing(
                        "packets (O_DIRECT) in a pipe cannot be saved yet",
                        "the other end of the pipe is outside the tree: *");
    }

    @Override
    public boolean matches(OpenFile file) {
        return file.link().startsWith("pipe:[") && file.status().type() == FileStatus.S_IFIFO;
    }

    @Override
    public void inspect(OpenFile file, FileInspection inspection) {
        PipeContent.inspect(file, inspection);
    }

    @Override
    public void capture(OpenFile file, FileEntry.Builder entry, TreeImage tree) {
        entry.getPipeBuilder()
                .setId(entry.getId())
                .setPipeId(CapturedPipes.of(tree).capture(file, false))
                .setFlags(file.flags())
                .setFown(file.owner());
        if (file.isExternal()) {
            entry.getPipeBuilder().setExternal(true);
        }
    }

    @Override
    public void validate(FileEntry entry, FileValidation validation) {
        PipeContent.validate(
                "pipe " + Integer.toUnsignedString(entry.getPipe().getPipeId()),
                validation.image().pipeContent(entry.getPipe().getPipeId()),
                validation);
    }

    @Override
    public void compile(FileEntry entry, TaskDescriptors task) {
        int pipeId = entry.getPipe().getPipeId();
        ImageFiles.Content content = task.tree().image().pipeContent(pipeId);
        // A full pipe must make the write fail, not wait for a reader that will never come.
        int flags = Files.O_CLOEXEC | (content.length() > 0 ? Files.O_NONBLOCK : 0);
        ProgramBuilder block = task.block();
        int pair = block.reserve(2 * Integer.BYTES);
        block.call(SyscallNumber.PIPE2).data(pair).value(flags).expect(0);
        Handle reader = task.opened(true);
        Handle writer = task.opened(true);
        PipeContent.compile(content, task, writer);
        List<End> ends = open(task.tree().image().pipe(pipeId), task, reader, writer, flags);
        if (ends.stream().noneMatch(end -> end.handle == reader)) {
            task.close(reader);
        }
        if (ends.stream().noneMatch(end -> end.handle == writer)) {
            task.close(writer);
        }
        // Flags and owner last: writing and closing above must not send the owner a signal.
        for (End end : ends) {
            PipeEntry pipe = end.entry.getPipe();
            FileFlags.settle(task, end.handle.fd(), end.flags, pipe.getFlags(), pipe.getFown());
        }
    }

    /** A description, where it is open and with which flags. */
    private record End(FileEntry entry, Handle handle, int flags) {}

    private static List<End> open(
            List<FileEntry> entries, TaskDescriptors task, Handle reader, Handle writer, int flags) {
        List<End> ends = new ArrayList<>();
        boolean readerFree = true;
        boolean writerFree = true;
        for (FileEntry entry : entries) {
            int wanted = entry.getPipe().getFlags();
            boolean original = (wanted & Files.O_LARGEFILE) == 0;
            End end;
            if (original && readerFree && FileFlags.access(wanted) == Files.O_RDONLY) {
                end = new End(entry, reader, flags);
                readerFree = false;
            } else if (original && writerFree && FileFlags.access(wanted) == Files.O_WRONLY) {
                end = new End(entry, writer, flags);
                writerFree = false;
            } else {
                int opened = FileFlags.reopen(wanted, true);
                end = new End(entry, reopen("/proc/self/fd/" + reader.fd(), opened, task), opened);
            }
            task.bind(entry.getId(), end.handle);
            ends.add(end);
        }
        return ends;
    }

    /** Opens one more end; while both originals are open this waits for nobody. */
    static Handle reopen(String name, int flags, TaskDescriptors task) {
        ProgramBuilder block = task.block();
        int path = block.string(name);
        block.call(SyscallNumber.OPENAT)
                .value(Files.AT_FDCWD)
                .data(path)
                .value(flags)
                .value(0);
        return task.expectOpened(true);
    }
}
