package io.baton.coordinator.state.files;

import io.baton.coordinator.state.Account;
import io.baton.coordinator.state.TreeImage;
import io.baton.mktree.image.proto.FdTypes;
import io.baton.mktree.image.proto.FileEntry;
import io.baton.mktree.image.proto.SignalfdEntry;
import io.baton.task.linux.Files;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.program.ProgramBuilder;

/** signalfd(2): which signals are read from it. The signals themselves wait in the tasks. */
final class SignalDescriptor implements FileKind {
    private static final int HEX = 16;

    @Override
    public FdTypes type() {
        return FdTypes.SIGNALFD;
    }

    @Override
    public Account account() {
        return new Account("signalfd", "fdinfo", "signalfd4(2)", "SignalfdEntry");
    }

    @Override
    public boolean matches(OpenFile file) {
        return file.link().equals("anon_inode:[signalfd]");
    }

    @Override
    public void inspect(OpenFile file, FileInspection inspection) {
        // nothing it has is hidden
    }

    @Override
    public void capture(OpenFile file, FileEntry.Builder entry, TreeImage tree) {
        entry.getSgfdBuilder()
                .setId(entry.getId())
                .setFlags(file.flags())
                .setFown(file.owner())
                .setSigmask(file.info().number("sigmask", HEX));
    }

    @Override
    public void validate(FileEntry entry, FileValidation validation) {
        // needs nothing
    }

    @Override
    public void compile(FileEntry entry, TaskDescriptors task) {
        SignalfdEntry signals = entry.getSgfd();
        boolean close = task.targetClosesOnExec();
        int flags = (signals.getFlags() & Files.O_NONBLOCK) | (close ? Files.O_CLOEXEC : 0);
        ProgramBuilder block = task.block();
        int mask = block.longs(signals.getSigmask());
        block.call(SyscallNumber.SIGNALFD4)
                .value(-1)
                .data(mask)
                .value(Long.BYTES)
                .value(flags);
        Handle handle = task.expectOpened(close);
        task.bind(entry.getId(), handle);
        FileFlags.settle(task, handle.fd(), flags, signals.getFlags(), signals.getFown());
    }
}
