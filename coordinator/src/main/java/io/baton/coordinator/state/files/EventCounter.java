package io.baton.coordinator.state.files;

import io.baton.coordinator.state.Account;
import io.baton.coordinator.state.TreeImage;
import io.baton.mktree.image.proto.EventfdFileEntry;
import io.baton.mktree.image.proto.FdTypes;
import io.baton.mktree.image.proto.FileEntry;
import io.baton.task.linux.Files;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.program.ProgramBuilder;

/** eventfd(2): a 64-bit counter. */
final class EventCounter implements FileKind {
    private static final int EFD_SEMAPHORE = 1;
    private static final long LARGEST_INITIAL = 0xffff_ffffL;

    @Override
    public FdTypes type() {
        return FdTypes.EVENTFD;
    }

    @Override
    public Account account() {
        return new Account("eventfd", "fdinfo", "eventfd2(2)", "EventfdFileEntry");
    }

    @Override
    public boolean matches(OpenFile file) {
        return file.link().equals("anon_inode:[eventfd]");
    }

    @Override
    public void inspect(OpenFile file, FileInspection inspection) {
        // nothing it has is hidden
    }

    @Override
    public void capture(OpenFile file, FileEntry.Builder entry, TreeImage tree) {
        EventfdFileEntry.Builder event = entry.getEfdBuilder()
                .setId(entry.getId())
                .setFlags(file.flags())
                .setFown(file.owner())
                .setCounter(file.info().number("eventfd-count", 16));
        String semaphore = file.info().value("eventfd-semaphore"); // since Linux 6.7
        if (semaphore != null && !semaphore.equals("0")) {
            event.setSemaphore(true);
        }
    }

    @Override
    public void validate(FileEntry entry, FileValidation validation) {
        // needs nothing
    }

    @Override
    public void compile(FileEntry entry, TaskDescriptors task) {
        EventfdFileEntry event = entry.getEfd();
        long counter = event.getCounter();
        boolean fits = Long.compareUnsigned(counter, LARGEST_INITIAL) <= 0;
        int flags = (event.getFlags() & Files.O_NONBLOCK)
                | (event.getSemaphore() ? EFD_SEMAPHORE : 0)
                | (task.targetClosesOnExec() ? Files.O_CLOEXEC : 0);
        ProgramBuilder block = task.block();
        block.call(SyscallNumber.EVENTFD2).value(fits ? counter : 0).value(flags);
        Handle handle = task.expectOpened(task.targetClosesOnExec());
        task.bind(entry.getId(), handle);
        if (!fits) {
            int value = block.longs(counter);
            block.call(SyscallNumber.WRITE)
                    .value(handle.fd())
                    .data(value)
                    .value(Long.BYTES)
                    .expect(Long.BYTES);
        }
        FileFlags.settle(task, handle.fd(), flags, event.getFlags(), event.getFown());
    }
}
