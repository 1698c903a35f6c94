package io.baton.coordinator.state.files;

import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.error.ErrorCode;
import io.baton.coordinator.state.ProcessRestore;
import io.baton.mktree.image.ImageDirectory;
import io.baton.mktree.image.ImageEntry;
import io.baton.mktree.image.ImageKind;
import io.baton.mktree.image.ImageReader;
import io.baton.mktree.image.proto.FileEntry;
import io.baton.mktree.image.proto.FileLockEntry;
import io.baton.mktree.image.proto.PipeDataEntry;
import io.baton.mktree.image.proto.PstreeEntry;
import io.baton.mktree.image.proto.RemapFilePathEntry;
import io.baton.mktree.image.proto.TtyDataEntry;
import io.baton.mktree.image.proto.TtyInfoEntry;
import io.baton.mktree.image.proto.TtyType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import org.agrona.collections.Int2ObjectHashMap;
import org.agrona.collections.IntHashSet;
import org.jspecify.annotations.Nullable;

/** What an image has about files beyond the entries themselves: pipes as a whole, their contents, terminals. */
final class ImageFiles {
    private static final Content EMPTY = new Content(0, ByteBuffer.allocate(0));

    private final Int2ObjectHashMap<List<FileEntry>> pipes = new Int2ObjectHashMap<>();
    private final Int2ObjectHashMap<List<FileEntry>> namedPipes = new Int2ObjectHashMap<>();
    private final Int2ObjectHashMap<Content> pipeContents = new Int2ObjectHashMap<>();
    private final Int2ObjectHashMap<Content> namedPipeContents = new Int2ObjectHashMap<>();
    private final Int2ObjectHashMap<TtyInfoEntry> terminals = new Int2ObjectHashMap<>();
    private final Map<Integer, FileEntry> masters = new TreeMap<>();
    private final Map<Integer, byte[]> unread = new HashMap<>();
    private final IntHashSet withoutName = new IntHashSet();
    private final Int2ObjectHashMap<List<FileLockEntry>> locks = new Int2ObjectHashMap<>();
    private final Set<Integer> tasks = new HashSet<>();
    private final ImageSockets sockets;

    private ImageFiles(ImageSockets sockets) {
        this.sockets = sockets;
    }

    /**
     * What was in a pipe.
     *
     * @param capacity in bytes; 0 if the image does not say
     */
    record Content(int capacity, ByteBuffer bytes) {
        int length() {
            return bytes.limit();
        }
    }

    static ImageFiles read(ProcessRestore process) {
        ImageDirectory directory = process.directory();
        try {
            ImageFiles files = new ImageFiles(ImageSockets.read(process));
            for (FileEntry entry : process.files()) {
                if (entry.hasPipe()) {
                    add(files.pipes, entry.getPipe().getPipeId(), entry);
                } else if (entry.hasFifo()) {
                    add(files.namedPipes, entry.getFifo().getPipeId(), entry);
                }
            }
            readContents(directory, ImageKind.PIPES_DATA, files.pipeContents);
            readContents(directory, ImageKind.FIFO_DATA, files.namedPipeContents);
            for (TtyInfoEntry terminal : directory.allIfPresent(ImageKind.TTY_INFO, 0, TtyInfoEntry.class)) {
                files.terminals.put(terminal.getId(), terminal);
            }
            for (FileEntry entry : process.files()) {
                TtyInfoEntry info =
                        entry.hasTty() ? files.terminals.get(entry.getTty().getTtyInfoId()) : null;
                if (info != null && info.getType() == TtyType.PTY && CapturedTerminals.isMaster(info.getId())) {
                    files.masters.put(info.getPty().getIndex(), entry);
                }
            }
            for (TtyDataEntry data : directory.allIfPresent(ImageKind.TTY_DATA, 0, TtyDataEntry.class)) {
                files.unread.put(data.getTtyId(), data.getData().toByteArray());
            }
            for (RemapFilePathEntry remap :
                    directory.allIfPresent(ImageKind.REMAP_FPATH, 0, RemapFilePathEntry.class)) {
                files.withoutName.add(remap.getOrigId());
            }
            for (FileLockEntry lock : directory.allIfPresent(ImageKind.FILE_LOCKS, 0, FileLockEntry.class)) {
                files.locks
                        .computeIfAbsent(lock.getPid(), pid -> new ArrayList<>())
                        .add(lock);
            }
            for (PstreeEntry row : directory.allIfPresent(ImageKind.PSTREE, 0, PstreeEntry.class)) {
                files.tasks.add(row.getPid());
                files.tasks.addAll(row.getThreadsList());
            }
            return files;
        } catch (IOException e) {
            throw new BatonException(ErrorCode.BAD_IMAGE, String.valueOf(e.getMessage()), "", e);
        }
    }

    private static void add(Int2ObjectHashMap<List<FileEntry>> groups, int id, FileEntry entry) {
        List<FileEntry> group = groups.computeIfAbsent(id, key -> new ArrayList<>());
        group.add(entry);
        group.sort(Comparator.comparingInt(FileEntry::getId));
    }

    private static void readContents(ImageDirectory directory, ImageKind kind, Int2ObjectHashMap<Content> contents)
            throws IOException {
        if (!directory.has(kind, 0)) {
            return;
        }
        try (ImageReader reader = directory.read(kind, 0)) {
            for (ImageEntry entry = reader.next(); entry != null; entry = reader.next()) {
                PipeDataEntry pipe = (PipeDataEntry) entry.message();
                contents.put(
                        pipe.getPipeId(),
                        new Content(pipe.getSize(), reader.payload(entry).slice()));
            }
        }
    }

    /** All descriptions of a pipe, by id. */
    List<FileEntry> pipe(int pipeId) {
        return orNone(pipes.get(pipeId));
    }

    /** All descriptions of a named pipe, by id. */
    List<FileEntry> namedPipe(int pipeId) {
        return orNone(namedPipes.get(pipeId));
    }

    private static List<FileEntry> orNone(@Nullable List<FileEntry> group) {
        return group == null ? List.of() : group;
    }

    Content pipeContent(int pipeId) {
        return orEmpty(pipeContents.get(pipeId));
    }

    Content namedPipeContent(int pipeId) {
        return orEmpty(namedPipeContents.get(pipeId));
    }

    private static Content orEmpty(@Nullable Content content) {
        return content == null ? EMPTY : content;
    }

    @Nullable
    TtyInfoEntry terminal(int id) {
        return terminals.get(id);
    }

    ImageSockets sockets() {
        return sockets;
    }

    /** Whether it is one of a pseudo terminal whose master is in the image too. */
    boolean isPair(TtyInfoEntry info) {
        return info.getType() == TtyType.PTY
                && masters.containsKey(info.getPty().getIndex());
    }

    /** The master of the pseudo terminal with that number; an end of a pair has one. */
    FileEntry master(int index) {
        return Objects.requireNonNull(masters.get(index), "no master");
    }

    /** What is said of a pair: by its slave if one was open, else by its master. */
    TtyInfoEntry settings(int index) {
        TtyInfoEntry slave = terminals.get(CapturedTerminals.id(index, false));
        return slave != null
                ? slave
                : Objects.requireNonNull(terminals.get(CapturedTerminals.id(index, true)), "no terminal");
    }

    /** Whether its slave was open in the tree. */
    boolean wasOpen(int index) {
        return terminals.containsKey(CapturedTerminals.id(index, false));
    }

    /** Every pair's master. */
    Collection<FileEntry> masters() {
        return masters.values();
    }

    /** What the other end of a terminal had written and nobody read yet. */
    byte[] unread(int terminalId) {
        return unread.getOrDefault(terminalId, new byte[0]);
    }

    /** The locks that a process is to take. */
    List<FileLockEntry> locks(int pid) {
        List<FileLockEntry> own = locks.get(pid);
        return own == null ? List.of() : own;
    }

    /** Whether there is a process or thread with that id, dead or alive. */
    boolean hasTask(int id) {
        return tasks.contains(id);
    }

    /** Whether the name of that file was gone at dump. */
    boolean isDeleted(int id) {
        return withoutName.contains(id);
    }
}
