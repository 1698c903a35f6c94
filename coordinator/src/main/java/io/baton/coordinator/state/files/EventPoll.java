package io.baton.coordinator.state.files;

import io.baton.coordinator.state.Account;
import io.baton.coordinator.state.TreeImage;
import io.baton.mktree.image.proto.EventpollFileEntry;
import io.baton.mktree.image.proto.EventpollTfdEntry;
import io.baton.mktree.image.proto.FdTypes;
import io.baton.mktree.image.proto.FileEntry;
import io.baton.task.linux.Files;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.program.ProgramBuilder;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * epoll(7) sets. What one watches is added when all descriptors of the process are open in which it is to be found. Events that
 * had been told edge by edge are told once more if they are still there.
 */
final class EventPoll implements FileKind {
    private static final int EPOLL_CTL_ADD = 1;
    private static final int EVENT_LENGTH = 12;

    @Override
    public FdTypes type() {
        return FdTypes.EVENTPOLL;
    }

    @Override
    public Account account() {
        return new Account(
                        "epoll set",
                        "fdinfo; kcmp(2) finds what it watches",
                        "epoll_create1(2), epoll_ctl(2) when all is open",
                        "EventpollFileEntry")
                .refusing("watches a file that no process has open together with it: *");
    }

    @Override
    public boolean matches(OpenFile file) {
        return file.link().equals("anon_inode:[eventpoll]");
    }

    @Override
    public void inspect(OpenFile file, FileInspection inspection) {
        for (String lost : inspection.files().targets(file).lost()) {
            inspection.refuse(
                    file,
                    "watches a file that no process has open together with it: " + lost,
                    "take it out of the set before it is closed");
        }
    }

    @Override
    public void capture(OpenFile file, FileEntry.Builder entry, TreeImage tree) {
        EventpollFileEntry.Builder set = entry.getEpfdBuilder()
                .setId(entry.getId())
                .setFlags(file.flags())
                .setFown(file.owner());
        for (EventPollTargets.Watch watch : OpenFiles.of(tree).targets(file).watches()) {
            EventpollTfdEntry.Builder target = set.addTfdBuilder()
                    .setId(entry.getId())
                    .setTfd(watch.fd())
                    .setEvents(watch.events())
                    .setData(watch.data())
                    .setDev(watch.device())
                    .setInode(watch.inode())
                    .setPos(watch.position());
            if (watch.process() != file.process() || file.isInFlight()) {
                target.setPid(watch.process().pid());
            }
        }
    }

    @Override
    public void validate(FileEntry entry, FileValidation validation) {
        // What it watches is looked up while compiling: it may be open in other processes.
    }

    @Override
    public void compile(FileEntry entry, TaskDescriptors task) {
        EventpollFileEntry set = entry.getEpfd();
        boolean close = task.targetClosesOnExec();
        task.block().call(SyscallNumber.EPOLL_CREATE1).value(close ? Files.O_CLOEXEC : 0);
        Handle handle = task.expectOpened(close);
        task.bind(entry.getId(), handle);
        FileFlags.settle(task, handle.fd(), 0, set.getFlags(), set.getFown());
    }

    /** Whether a set watches anything in this process. */
    static boolean watchesIn(FileEntry entry, TaskDescriptors task) {
        return entry.getEpfd().getTfdList().stream().anyMatch(target -> isHere(target, entry, task));
    }

    private static boolean isHere(EventpollTfdEntry target, FileEntry entry, TaskDescriptors task) {
        return target.hasPid() ? target.getPid() == task.process().pstree().getPid() : task.hasMade(entry.getId());
    }

    /** Adds what a set watches in this process. */
    static void watch(FileEntry entry, TaskDescriptors task, int fd) {
        for (EventpollTfdEntry target : entry.getEpfd().getTfdList()) {
            if (isHere(target, entry, task)) {
                ByteBuffer event = ByteBuffer.allocate(EVENT_LENGTH).order(ByteOrder.LITTLE_ENDIAN);
                event.putInt(target.getEvents()).putLong(target.getData());
                ProgramBuilder block = task.nextBlock();
                int data = block.bytes(event.array());
                block.call(SyscallNumber.EPOLL_CTL)
                        .value(fd)
                        .value(EPOLL_CTL_ADD)
                        .value(Integer.toUnsignedLong(target.getTfd()))
                        .data(data)
                        .expect(0);
            }
        }
    }
}
