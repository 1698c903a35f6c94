package io.baton.coordinator.state.files;

import io.baton.coordinator.state.Account;
import io.baton.coordinator.state.TreeImage;
import io.baton.coordinator.state.namespaces.Mount;
import io.baton.mktree.image.proto.FanotifyFileEntry;
import io.baton.mktree.image.proto.FanotifyMarkEntry;
import io.baton.mktree.image.proto.FdTypes;
import io.baton.mktree.image.proto.FileEntry;
import io.baton.mktree.image.proto.MarkType;
import io.baton.task.linux.Files;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.program.ProgramBuilder;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** fanotify(7): marks on files, mounts and file systems. Events that were not read are lost. */
final class FanotifyGroup implements FileKind {
    private static final int FAN_NONBLOCK = 2;
    private static final int FAN_CLOEXEC = 1;
    /** FAN_CLASS_CONTENT and FAN_CLASS_PRE_CONTENT: whoever opens something waits for the group's leave. */
    private static final int ASKED = 0x4 | 0x8;

    private static final int FAN_MARK_ADD = 0x1;
    private static final int FAN_MARK_DONT_FOLLOW = 0x4;
    private static final int FAN_MARK_MOUNT = 0x10;
    private static final int FAN_MARK_IGNORED_MASK = 0x20;
    private static final int FAN_MARK_IGNORED_SURV_MODIFY = 0x40;
    private static final int FAN_MARK_FILESYSTEM = 0x100;
    private static final int FAN_MARK_IGNORE = 0x400;
    private static final int HEX = 16;

    @Override
    public FdTypes type() {
        return FdTypes.FANOTIFY;
    }

    @Override
    public Account account() {
        return new Account(
                        "fanotify",
                        "fdinfo; open_by_handle_at(2) gives the names",
                        "fanotify_init(2), fanotify_mark(2) when all else is there; unread events are lost",
                        "FanotifyFileEntry",
                        "FanotifyMarkEntry")
                .refusing(
                        "a fanotify group that others ask for leave (FAN_CLASS_CONTENT): we would wait for it, too",
                        "marks a file for which no name can be found: *",
                        "has a mark of an unknown kind: *");
    }

    @Override
    public boolean matches(OpenFile file) {
        return file.link().equals("anon_inode:[fanotify]");
    }

    @Override
    public void inspect(OpenFile file, FileInspection inspection) {
        String remedy = "close it before the dump";
        if ((field(head(file), "flags") & ASKED) != 0) {
            inspection.refuse(
                    file,
                    "a fanotify group that others ask for leave (FAN_CLASS_CONTENT): we would wait for it, too",
                    remedy);
            return;
        }
        for (Map<String, String> line : marks(file)) {
            MarkType type = type(line);
            if (type == null) {
                inspection.refuse(file, "has a mark of an unknown kind: " + line, remedy);
            } else if (!isLost(type, line, inspection.files()) && path(type, line, file, inspection.files()) == null) {
                inspection.refuse(file, "marks a file for which no name can be found: " + line, remedy);
            }
        }
    }

    private static Map<String, String> head(OpenFile file) {
        return FileWatches.lines(file, "fanotify").get(0);
    }

    private static List<Map<String, String>> marks(OpenFile file) {
        List<Map<String, String>> lines = FileWatches.lines(file, "fanotify");
        return lines.subList(1, lines.size());
    }

    private static int field(Map<String, String> line, String name) {
        return Integer.parseUnsignedInt(line.getOrDefault(name, "0"), HEX);
    }

    private static @Nullable MarkType type(Map<String, String> line) {
        if (line.containsKey("ino")) {
            return MarkType.INODE;
        } else if (line.containsKey("mnt_id")) {
            return MarkType.MOUNT;
        }
        return line.containsKey("sdev") ? MarkType.FILE_SYSTEM : null;
    }

    private static @Nullable String path(MarkType type, Map<String, String> line, OpenFile file, OpenFiles files) {
        if (type == MarkType.MOUNT) {
            int id = field(line, "mnt_id");
            for (Mount mount : Mount.of(String.valueOf(file.process().procId()))) {
                if (mount.id() == id) {
                    return mount.point();
                }
            }
            return null;
        }
        WatchedInode inode = WatchedInode.of(line);
        return type == MarkType.INODE
                ? files.watches().path(inode)
                : files.watches().mountOf(inode);
    }

    private static boolean isLost(MarkType type, Map<String, String> line, OpenFiles files) {
        return type == MarkType.INODE && files.watches().isLost(WatchedInode.of(line));
    }

    @Override
    public void capture(OpenFile file, FileEntry.Builder entry, TreeImage tree) {
        FileWatches.warnOfUnread(file);
        Map<String, String> head = head(file);
        FanotifyFileEntry.Builder group = entry.getFfyBuilder()
                .setId(entry.getId())
                .setFlags(file.flags())
                .setFown(file.owner())
                .setFaflags(field(head, "flags"))
                .setEvflags(field(head, "event-flags"));
        for (Map<String, String> line : marks(file)) {
            MarkType type = type(line);
            String path = type == null ? null : path(type, line, file, OpenFiles.of(tree));
            boolean lost = type != null && isLost(type, line, OpenFiles.of(tree));
            if (type == null || (path == null && !lost)) {
                continue; // refused before
            }
            FanotifyMarkEntry.Builder mark = group.addMarkBuilder()
                    .setId(entry.getId())
                    .setType(type)
                    .setMflags(field(line, "mflags"))
                    .setMask(field(line, "mask"))
                    .setIgnoredMask(field(line, "ignored_mask"))
                    .setSDev(field(line, "sdev"));
            if (type == MarkType.INODE) {
                WatchedInode inode = WatchedInode.of(line);
                mark.getIeBuilder().setIIno(inode.inode()).setFHandle(inode.entry(path));
            } else {
                mark.getMeBuilder().setMntId(field(line, "mnt_id")).setPath(String.valueOf(path));
            }
        }
    }

    @Override
    public void validate(FileEntry entry, FileValidation validation) {
        if ((entry.getFfy().getFaflags() & ASKED) != 0) {
            validation.refuse("fanotify", "a group that others ask for leave (FAN_CLASS_CONTENT)", "");
        }
        for (FanotifyMarkEntry mark : entry.getFfy().getMarkList()) {
            if (mark.getType() == MarkType.INODE) {
                validation.requireWatched(
                        mark.getSDev(), mark.getIe().getIIno(), mark.getIe().getFHandle());
            } else if (!mark.getMe().hasPath()) {
                validation.refuse(
                        "fanotify",
                        "the image does not say which mount: " + mark.getMe().getMntId(),
                        "");
            }
        }
    }

    @Override
    public void compile(FileEntry entry, TaskDescriptors task) {
        FanotifyFileEntry group = entry.getFfy();
        boolean close = task.targetClosesOnExec();
        boolean nonBlocking = (group.getFlags() & Files.O_NONBLOCK) != 0;
        int own = group.getFaflags() & ~(FAN_CLOEXEC | FAN_NONBLOCK);
        task.block()
                .call(SyscallNumber.FANOTIFY_INIT)
                .value(own | (close ? FAN_CLOEXEC : 0) | (nonBlocking ? FAN_NONBLOCK : 0))
                .value(group.getEvflags());
        Handle handle = task.expectOpened(close);
        task.bind(entry.getId(), handle);
        int opened = nonBlocking ? Files.O_NONBLOCK : 0;
        FileFlags.settle(task, handle.fd(), opened, group.getFlags(), group.getFown());
    }

    /** The steps that make its marks. */
    static List<NotifyProgram.Step> steps(FileEntry entry, int fd, RestoredFiles tree) {
        List<NotifyProgram.Step> steps = new ArrayList<>();
        for (FanotifyMarkEntry mark : entry.getFfy().getMarkList()) {
            String path = mark.getType() == MarkType.INODE
                    ? tree.watchedPath(
                            mark.getSDev(), mark.getIe().getIIno(), mark.getIe().getFHandle())
                    : mark.getMe().getPath();
            steps.add(new NotifyProgram.Step(path.length(), block -> add(mark, fd, path, block)));
        }
        Collections.reverse(steps); // the kernel lists the newest first
        return steps;
    }

    private static void add(FanotifyMarkEntry mark, int fd, String path, ProgramBuilder block) {
        int where = switch (mark.getType()) {
            case INODE -> RestoredFiles.isDescriptor(path) ? 0 : FAN_MARK_DONT_FOLLOW;
            case MOUNT -> FAN_MARK_MOUNT;
            case FILE_SYSTEM -> FAN_MARK_FILESYSTEM;
        };
        int flags = FAN_MARK_ADD | where;
        int name = block.string(path);
        if (mark.getMask() != 0) {
            call(
                    block,
                    fd,
                    flags | (mark.getMflags() & ~FAN_MARK_IGNORE & ~FAN_MARK_IGNORED_SURV_MODIFY),
                    mark.getMask(),
                    name);
        }
        if (mark.getIgnoredMask() != 0) {
            int ignore = (mark.getMflags() & FAN_MARK_IGNORE) != 0 ? 0 : FAN_MARK_IGNORED_MASK;
            call(block, fd, flags | ignore | mark.getMflags(), mark.getIgnoredMask(), name);
        }
    }

    private static void call(ProgramBuilder block, int fd, int flags, int mask, int name) {
        block.call(SyscallNumber.FANOTIFY_MARK)
                .value(fd)
                .value(flags)
                .value(Integer.toUnsignedLong(mask))
                .value(Files.AT_FDCWD)
                .data(name)
                .expect(0);
    }
}
