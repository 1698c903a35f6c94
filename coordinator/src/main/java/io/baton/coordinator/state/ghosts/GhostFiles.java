package io.baton.coordinator.state.ghosts;

import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.error.ErrorCode;
import io.baton.coordinator.state.ProcessRestore;
import io.baton.mktree.image.ImageDirectory;
import io.baton.mktree.image.ImageEntry;
import io.baton.mktree.image.ImageException;
import io.baton.mktree.image.ImageKind;
import io.baton.mktree.image.ImageReader;
import io.baton.mktree.image.proto.FileEntry;
import io.baton.mktree.image.proto.GhostChunkEntry;
import io.baton.mktree.image.proto.GhostFileEntry;
import io.baton.mktree.image.proto.RemapFilePathEntry;
import io.baton.mktree.image.proto.RemapType;
import io.baton.mktree.image.proto.Timeval;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/**
 * The files without a name of an image. We make them before the tree needs them, under the names that they had (or, where
 * somebody else has that by now, another one), so that tasks can open them like all others; and remove the names when all
 * tasks have what they need, or when the restore failed.
 */
public final class GhostFiles {
    private static final int PERMISSIONS = 07777;
    private static final FileAttribute<?> OWNER_ONLY =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));

    private final ImageDirectory directory;
    /** By the id of an entry: the ghost that it stands for. */
    private final Map<Integer, Integer> ghosts = new HashMap<>();
    /** By the id of a ghost: where it is to be. */
    private final Map<Integer, Path> paths = new HashMap<>();

    private final List<Path> made = new ArrayList<>();

    /** Finds a file description by its id. */
    public interface FileDescriptions {
        @Nullable
        FileEntry file(int id);
    }

    private GhostFiles(ImageDirectory directory) {
        this.directory = directory;
    }

    public static GhostFiles of(ProcessRestore process) {
        return process.shared(GhostFiles.class, () -> read(process.directory(), process::file));
    }

    /** Those of an image whose file descriptions are to be had there. */
    public static GhostFiles read(ImageDirectory directory, FileDescriptions files) {
        GhostFiles found = new GhostFiles(directory);
        try {
            for (RemapFilePathEntry remap :
                    directory.allIfPresent(ImageKind.REMAP_FPATH, 0, RemapFilePathEntry.class)) {
                FileEntry file = files.file(remap.getOrigId());
                boolean ghost = remap.getRemapType() == RemapType.GHOST && found.isRegular(remap.getRemapId());
                if (ghost && file != null && file.hasReg()) {
                    String name = file.getReg().getName();
                    found.ghosts.put(remap.getOrigId(), remap.getRemapId());
                    found.paths.computeIfAbsent(remap.getRemapId(), id -> free(name, id));
                }
            }
        } catch (IOException e) {
            throw damaged(e);
        } catch (InvalidPathException e) {
            throw damaged(new IOException(e.getMessage(), e));
        }
        return found;
    }

    private static BatonException damaged(IOException e) {
        return new BatonException(ErrorCode.BAD_IMAGE, "ghost file: " + e.getMessage(), "use another image", e);
    }

    private boolean isRegular(int ghost) throws IOException {
        long id = Integer.toUnsignedLong(ghost);
        if (!directory.has(ImageKind.GHOST_FILE, id)) {
            return false;
        }
        try (ImageReader reader = directory.read(ImageKind.GHOST_FILE, id)) {
            ImageEntry first = reader.next();
            return first != null && (((GhostFileEntry) first.message()).getMode() & 0xf000) == 0x8000;
        }
    }

    /** The name that it had, if nobody has that now. */
    private static Path free(String name, int ghost) {
        String plain = GhostCapture.name(name);
        Path path = Path.of(plain.startsWith("/") ? plain : "/".concat(plain));
        return Files.exists(path, LinkOption.NOFOLLOW_LINKS)
                ? path.resolveSibling(path.getFileName() + ".baton-ghost-" + Integer.toHexString(ghost))
                : path;
    }

    /** Where the file of an entry is while the tree is restored; null if it is no ghost. */
    public @Nullable String path(int fileId) {
        Integer ghost = ghosts.get(fileId);
        Path path = ghost == null ? null : paths.get(ghost);
        return path == null ? null : path.toString();
    }

    /** Makes them all. */
    public void make() {
        for (Map.Entry<Integer, Path> ghost : paths.entrySet()) {
            try (ImageReader reader = directory.read(ImageKind.GHOST_FILE, Integer.toUnsignedLong(ghost.getKey()))) {
                make(ghost.getValue(), reader);
            } catch (ImageException e) {
                throw damaged(e);
            } catch (FileAlreadyExistsException e) {
                throw cannotMake(ghost.getValue(), "another file has that name by now", e);
            } catch (IOException e) {
                throw cannotMake(ghost.getValue(), String.valueOf(e.getMessage()), e);
            }
        }
    }

    private static BatonException cannotMake(Path path, String reason, IOException e) {
        return new BatonException(
                ErrorCode.MISSING_RESOURCE,
                "cannot make " + path + ", which had no name any more at the dump: " + reason,
                "make room for it there, as there was at the dump",
                e);
    }

    private void make(Path path, ImageReader reader) throws IOException {
        ImageEntry first = reader.next();
        if (first == null) {
            throw new IOException("the image has nothing of it");
        }
        GhostFileEntry ghost = (GhostFileEntry) first.message();
        try (FileChannel file =
                FileChannel.open(path, Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE), OWNER_ONLY)) {
            made.add(path);
            if (ghost.getChunks()) {
                for (ImageEntry entry = reader.next(); entry != null; entry = reader.next()) {
                    write(file, reader.payload(entry), ((GhostChunkEntry) entry.message()).getOff());
                }
                stretch(file, ghost.getSize());
            } else {
                write(file, reader.payload(first), 0);
            }
        }
        Files.setAttribute(path, "unix:uid", ghost.getUid());
        Files.setAttribute(path, "unix:gid", ghost.getGid());
        Files.setAttribute(path, "unix:mode", ghost.getMode() & PERMISSIONS);
        if (ghost.hasAtim() && ghost.hasMtim()) {
            Files.getFileAttributeView(path, BasicFileAttributeView.class)
                    .setTimes(time(ghost.getMtim()), time(ghost.getAtim()), null);
        }
    }

    private static void write(FileChannel file, ByteBuffer bytes, long offset) throws IOException {
        if (offset < 0) {
            throw new IOException("content before its beginning: offset=" + offset);
        }
        ByteBuffer rest = bytes.duplicate().rewind();
        while (rest.hasRemaining()) {
            file.write(rest, offset + rest.position());
        }
    }

    /** A file that ends in a hole. */
    private static void stretch(FileChannel file, long size) throws IOException {
        if (file.size() < size) {
            file.write(ByteBuffer.allocate(1), size - 1);
        }
    }

    private static FileTime time(Timeval time) {
        return FileTime.from(TimeUnit.SECONDS.toMicros(time.getTvSec()) + time.getTvUsec(), TimeUnit.MICROSECONDS);
    }

    /** Takes the names away; whoever has a file open, or mapped, keeps it. */
    public void remove() {
        for (Path path : made) {
            try {
                Files.deleteIfExists(path);
            } catch (IOException e) {
                LoggerFactory.getLogger(GhostFiles.class)
                        .warn("cannot remove {}, which had no name at the dump: {}", path, e.getMessage());
            }
        }
        made.clear();
    }
}
