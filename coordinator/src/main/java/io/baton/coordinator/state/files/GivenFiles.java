package io.baton.coordinator.state.files;

import io.baton.mktree.image.proto.FileEntry;
import io.baton.mktree.image.proto.FownEntry;
import io.baton.mktree.image.proto.TtyInfoEntry;
import io.baton.task.linux.Descriptors;
import io.baton.task.linux.FileStatus;
import io.baton.task.linux.Files;
import io.baton.task.linux.LinuxException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.IntFunction;
import org.agrona.collections.Int2ObjectHashMap;
import org.agrona.collections.IntHashSet;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/**
 * What a restore is given from outside ({@code --inherit-fd}) in place of what the image has, by CRIU's names. The first
 * description that a tree has of it becomes the given one, as by dup(2); further ones of a pipe are opened anew.
 */
final class GivenFiles {
    private final Map<String, Given> given = new HashMap<>();
    private final Int2ObjectHashMap<Given> byEntry = new Int2ObjectHashMap<>();
    /** Names of those that were external at the dump, and are not given. */
    private final Int2ObjectHashMap<String> missing = new Int2ObjectHashMap<>();

    private final IntFunction<@Nullable TtyInfoEntry> terminals;

    /**
     * With nothing looked at yet.
     *
     * @param descriptors of ours, by name
     * @param terminals of the image, by id
     */
    GivenFiles(Map<String, Integer> descriptors, IntFunction<@Nullable TtyInfoEntry> terminals) {
        descriptors.forEach((key, fd) -> given.put(key, new Given(key, fd)));
        this.terminals = terminals;
    }

    private static final class Given {
        private final String key;
        private final int fd;
        private final Set<Integer> taken = new HashSet<>();
        private final IntHashSet entries = new IntHashSet();

        private Given(String key, int fd) {
            this.key = key;
            this.fd = fd;
        }

        private boolean isPipe() {
            return Files.status(fd).type() == FileStatus.S_IFIFO;
        }
    }

    /** Our descriptor for that entry, or -1; to be asked for each entry once. */
    int look(FileEntry entry) {
        boolean external = isExternal(entry);
        if (given.isEmpty() && !external) {
            return -1;
        }
        String key = key(entry);
        Given found = key == null ? null : given.get(key);
        if (found != null) {
            found.entries.add(entry.getId());
            byEntry.put(entry.getId(), found);
            return found.fd;
        } else if (external && key != null) {
            missing.put(entry.getId(), key);
        }
        return -1;
    }

    /** Says what was given for nothing; when all entries have been looked at. */
    void warn() {
        for (Given one : given.values()) {
            if (one.entries.isEmpty()) {
                LoggerFactory.getLogger(GivenFiles.class)
                        .warn("--inherit-fd fd[{}]:{}: the image has nothing of that name", one.fd, one.key);
            }
        }
    }

    private boolean isExternal(FileEntry entry) {
        TtyInfoEntry terminal = entry.hasTty() ? terminals.apply(entry.getTty().getTtyInfoId()) : null;
        return entry.getPipe().getExternal()
                || entry.getReg().getExt()
                || (terminal != null && ExternalTerminal.is(terminal));
    }

    /** CRIU's name for it, or null if it has none. */
    private @Nullable String key(FileEntry entry) {
        if (entry.hasPipe()) {
            return "pipe:[" + Integer.toUnsignedString(entry.getPipe().getPipeId()) + "]";
        } else if (entry.hasReg()) {
            String name = entry.getReg().getName();
            return name.startsWith("/") ? name.substring(1) : name;
        } else if (entry.hasIsk()) {
            return "socket:[" + Integer.toUnsignedString(entry.getIsk().getIno()) + "]";
        } else if (entry.hasTty()) {
            TtyInfoEntry terminal = terminals.apply(entry.getTty().getTtyInfoId());
            return terminal == null
                    ? null
                    : ExternalTerminal.key(
                            Integer.toUnsignedLong(terminal.getRdev()), Integer.toUnsignedLong(terminal.getDev()));
        }
        return null;
    }

    private static int flags(FileEntry entry) {
        if (entry.hasPipe()) {
            return entry.getPipe().getFlags();
        } else if (entry.hasReg()) {
            return entry.getReg().getFlags();
        }
        return entry.hasIsk() ? entry.getIsk().getFlags() : entry.getTty().getFlags();
    }

    private static FownEntry owner(FileEntry entry) {
        if (entry.hasPipe()) {
            return entry.getPipe().getFown();
        } else if (entry.hasReg()) {
            return entry.getReg().getFown();
        }
        return entry.hasIsk() ? entry.getIsk().getFown() : entry.getTty().getFown();
    }

    /** Whether that one is given, or has to be; if so, adds the reasons why it will not do. */
    boolean validate(FileEntry entry, FileValidation validation) {
        String name = missing.get(entry.getId());
        if (name != null) {
            validation.refuse(
                    name,
                    "belonged to somebody outside the tree at the dump, and no other is given",
                    "give one: --inherit-fd 'fd[N]:" + name + "'");
            return true;
        }
        Given one = byEntry.get(entry.getId());
        if (one == null) {
            return false;
        }
        try {
            String fault = fault(one, entry, validation.image());
            if (!fault.isEmpty()) {
                validation.refuse(one.key, "descriptor " + one.fd + " will not do: " + fault, "give another one");
            }
        } catch (LinuxException e) {
            validation.refuse(one.key, "descriptor " + one.fd + " is not open: " + e.getMessage(), "open it for us");
        }
        return true;
    }

    private static String fault(Given one, FileEntry entry, ImageFiles image) {
        int has = Descriptors.statusFlags(one.fd);
        int wanted = flags(entry);
        if (FileFlags.isReadable(wanted) && !FileFlags.isReadable(has)) {
            return "the tree reads from it";
        } else if (FileFlags.isWritable(wanted) && !FileFlags.isWritable(has)) {
            return "the tree writes to it";
        }
        int unread = unread(entry, image);
        if (unread == 0) {
            return "";
        } else if (!one.isPipe()) {
            return "the image has unread data for it, which needs a pipe: bytes=" + unread;
        } else if (PipeContent.pending(one.fd) > 0) {
            return "the image has unread data for it, and it is not empty: bytes=" + unread;
        }
        int capacity = Descriptors.pipeSize(one.fd);
        return unread <= capacity ? "" : "the image has more unread data than it takes: bytes=" + unread;
    }

    /** What is unread in a pipe belongs to its reader: if that is not of the tree, he has it already. */
    private static int unread(FileEntry entry, ImageFiles image) {
        return entry.hasPipe() && FileFlags.isReadable(flags(entry))
                ? image.pipeContent(entry.getPipe().getPipeId()).length()
                : 0;
    }

    /** Whether that one is given; if so, makes it. */
    boolean compile(FileEntry entry, TaskDescriptors task) {
        Given one = byEntry.get(entry.getId());
        if (one == null) {
            return false;
        }
        int wanted = flags(entry);
        int opened = Descriptors.statusFlags(one.fd);
        boolean same = FileFlags.access(opened) == FileFlags.access(wanted);
        boolean first = one.taken.add(FileFlags.access(wanted));
        boolean fresh = one.isPipe() && !(same && first);
        String link = "/proc/self/fd/" + InheritedFiles.of(task.process()).number(entry.getId());
        Handle handle;
        if (fresh) {
            opened = FileFlags.reopen(wanted, true) | Files.O_NONBLOCK; // waits for no other end
            handle = PipeEnds.reopen(link, opened, task);
        } else {
            handle = task.inherited(entry.getId());
        }
        task.bind(entry.getId(), handle);
        if (first && unread(entry, task.tree().image()) > 0) {
            ImageFiles.Content saved =
                    task.tree().image().pipeContent(entry.getPipe().getPipeId());
            Handle writer = PipeEnds.reopen(link, Files.O_WRONLY | Files.O_NONBLOCK | Files.O_CLOEXEC, task);
            PipeContent.compile(new ImageFiles.Content(0, saved.bytes()), task, writer);
            task.close(writer);
        }
        FileFlags.settle(task, handle.fd(), opened, wanted, owner(entry));
        return true;
    }
}
