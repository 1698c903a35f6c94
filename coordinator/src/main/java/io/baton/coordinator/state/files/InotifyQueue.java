package io.baton.coordinator.state.files;

import io.baton.coordinator.state.Account;
import io.baton.coordinator.state.TreeImage;
import io.baton.mktree.image.proto.FdTypes;
import io.baton.mktree.image.proto.FileEntry;
import io.baton.mktree.image.proto.InotifyFileEntry;
import io.baton.mktree.image.proto.InotifyWdEntry;
import io.baton.task.linux.Files;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.program.ProgramBuilder;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;

/** inotify(7): what it watches, under the numbers it had. Events that were not read are lost. */
final class InotifyQueue implements FileKind {
    private static final long INOTIFY_IOC_SETNEXTWD = 0x40044900L;
    private static final int IN_DONT_FOLLOW = 0x0200_0000;
    private static final int HEX = 16;

    @Override
    public FdTypes type() {
        return FdTypes.INOTIFY;
    }

    @Override
    public Account account() {
        return new Account(
                        "inotify",
                        "fdinfo; open_by_handle_at(2) gives the names",
                        "inotify_init1(2), inotify_add_watch(2) when all else is there; unread events are lost",
                        "InotifyFileEntry",
                        "InotifyWdEntry",
                        "FhEntry")
                .refusing("watches a file for which no name can be found: *");
    }

    @Override
    public boolean matches(OpenFile file) {
        return file.link().equals("anon_inode:inotify");
    }

    @Override
    public void inspect(OpenFile file, FileInspection inspection) {
        for (Map<String, String> line : FileWatches.lines(file, "inotify")) {
            WatchedInode inode = WatchedInode.of(line);
            FileWatches watches = inspection.files().watches();
            if (!watches.isLost(inode) && watches.path(inode) == null) {
                inspection.refuse(
                        file,
                        "watches a file for which no name can be found: " + inode,
                        "have it watch something else, or keep the file in place");
            }
        }
    }

    @Override
    public void capture(OpenFile file, FileEntry.Builder entry, TreeImage tree) {
        FileWatches.warnOfUnread(file);
        InotifyFileEntry.Builder queue = entry.getIfyBuilder()
                .setId(entry.getId())
                .setFlags(file.flags())
                .setFown(file.owner());
        for (Map<String, String> line : FileWatches.lines(file, "inotify")) {
            WatchedInode inode = WatchedInode.of(line);
            String path = OpenFiles.of(tree).watches().path(inode);
            queue.addWdBuilder()
                    .setId(entry.getId())
                    .setIIno(inode.inode())
                    .setMask(Integer.parseUnsignedInt(line.getOrDefault("mask", "0"), HEX))
                    .setIgnoredMask(Integer.parseUnsignedInt(line.getOrDefault("ignored_mask", "0"), HEX))
                    .setSDev(inode.device())
                    .setWd(Integer.parseUnsignedInt(line.getOrDefault("wd", "0"), HEX))
                    .setFHandle(inode.entry(path));
        }
    }

    @Override
    public void validate(FileEntry entry, FileValidation validation) {
        for (InotifyWdEntry watch : entry.getIfy().getWdList()) {
            if (watch.getWd() <= 0) {
                validation.refuse("inotify", "no such watch: wd=" + watch.getWd(), "");
            }
            validation.requireWatched(watch.getSDev(), watch.getIIno(), watch.getFHandle());
        }
    }

    @Override
    public void compile(FileEntry entry, TaskDescriptors task) {
        InotifyFileEntry queue = entry.getIfy();
        boolean close = task.targetClosesOnExec();
        int flags = (queue.getFlags() & Files.O_NONBLOCK) | (close ? Files.O_CLOEXEC : 0);
        task.block().call(SyscallNumber.INOTIFY_INIT1).value(flags);
        Handle handle = task.expectOpened(close);
        task.bind(entry.getId(), handle);
        FileFlags.settle(task, handle.fd(), flags, queue.getFlags(), queue.getFown());
    }

    /** The steps that add what it watches, in the order of their numbers. */
    static List<NotifyProgram.Step> steps(FileEntry entry, int fd, RestoredFiles tree) {
        List<InotifyWdEntry> watches = new ArrayList<>(entry.getIfy().getWdList());
        watches.sort(Comparator.comparingInt(InotifyWdEntry::getWd));
        List<NotifyProgram.Step> steps = new ArrayList<>();
        for (InotifyWdEntry watch : watches) {
            String path = tree.watchedPath(watch.getSDev(), watch.getIIno(), watch.getFHandle());
            steps.add(new NotifyProgram.Step(path.length(), block -> add(watch, fd, path, block)));
        }
        return steps;
    }

    private static void add(InotifyWdEntry watch, int fd, String path, ProgramBuilder block) {
        block.call(SyscallNumber.IOCTL)
                .value(fd)
                .value(INOTIFY_IOC_SETNEXTWD)
                .value(watch.getWd())
                .expect(0);
        int name = block.string(path);
        int follow = RestoredFiles.isDescriptor(path) ? 0 : IN_DONT_FOLLOW;
        block.call(SyscallNumber.INOTIFY_ADD_WATCH)
                .value(fd)
                .data(name)
                .value(Integer.toUnsignedLong(watch.getMask() | follow))
                .expect(watch.getWd());
    }
}
