package io.baton.coordinator.state.memory;

import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.error.ErrorCode;
import io.baton.coordinator.state.ContextBuilder;
import io.baton.coordinator.state.ProcessRestore;
import io.baton.coordinator.state.TreeImage;
import io.baton.mktree.image.ImageDirectory;
import io.baton.mktree.image.ImageEntry;
import io.baton.mktree.image.ImageKind;
import io.baton.mktree.image.ImageReader;
import io.baton.mktree.image.ImageWriter;
import io.baton.mktree.image.proto.GhostFileEntry;
import io.baton.mktree.image.proto.RegFileEntry;
import io.baton.task.linux.Errno;
import io.baton.task.linux.FileStatus;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.program.ProgramBuilder;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;

/**
 * A mapped file that others remove once its process is dead: every JVM that starts does so with the counters
 * ({@code hsperfdata}) of those that are gone. The image has a copy, in the form of a ghost file, and a restore that finds
 * no file makes it anew.
 */
final class FleetingFile {
    private static final Pattern NAME = Pattern.compile(".*/hsperfdata_[^/]+/[0-9]+");
    private static final long LONGEST = 1 << 20;
    private static final int PIECE = 16 * 1024;
    private static final int DIRECTORY_MODE = 0755;
    private static final int PERMISSIONS = 07777;
    private static final int MAKE = io.baton.task.linux.Files.O_RDWR
            | io.baton.task.linux.Files.O_CREAT
            | io.baton.task.linux.Files.O_EXCL
            | io.baton.task.linux.Files.O_NOFOLLOW
            | io.baton.task.linux.Files.O_CLOEXEC;

    private FleetingFile() {}

    /** Whether a file is such a one. */
    static boolean is(String path, FileStatus status) {
        return status.type() == FileStatus.S_IFREG
                && status.size() <= LONGEST
                && NAME.matcher(path).matches();
    }

    /** Writes a copy; returns its id. The process is stopped, so what it maps is what is in the file. */
    static int capture(String path, FileStatus status, TreeImage tree) {
        int id = tree.newFileId();
        GhostFileEntry entry = GhostFileEntry.newBuilder()
                .setUid(status.uid())
                .setGid(status.gid())
                .setMode(status.mode())
                .setSize(status.size())
                .build();
        try (ImageWriter writer = tree.directory().writer(ImageKind.GHOST_FILE, id)) {
            writer.write(entry, ByteBuffer.wrap(Files.readAllBytes(Path.of(path))));
        } catch (IOException e) {
            throw PagesFile.failed(tree.directory(), e);
        }
        return id;
    }

    /** Whether a file is not there, and can be made from its copy. */
    static boolean canBeMade(ImageDirectory directory, RegFileEntry entry) {
        return entry.hasCopyId()
                && directory.has(ImageKind.GHOST_FILE, Integer.toUnsignedLong(entry.getCopyId()))
                && !Files.exists(Path.of(entry.getName()));
    }

    /** Makes the file, and its directory if need be. */
    static void compile(ProcessRestore process, RegFileEntry file, int register, int tag, ContextBuilder context) {
        try (ImageReader reader =
                process.directory().read(ImageKind.GHOST_FILE, Integer.toUnsignedLong(file.getCopyId()))) {
            ImageEntry entry = reader.next();
            if (entry == null) {
                throw new IOException("ghost file is empty: id=" + file.getCopyId());
            }
            compile(file.getName(), (GhostFileEntry) entry.message(), reader.payload(entry), register, tag, context);
        } catch (IOException e) {
            throw new BatonException(ErrorCode.BAD_IMAGE, String.valueOf(e.getMessage()), "use another image", e);
        }
    }

    private static void compile(
            String name, GhostFileEntry ghost, ByteBuffer content, int register, int tag, ContextBuilder context) {
        ProgramBuilder block = context.item(tag);
        int directory = block.string(name.substring(0, name.lastIndexOf('/')));
        block.call(SyscallNumber.MKDIRAT)
                .value(io.baton.task.linux.Files.AT_FDCWD)
                .data(directory)
                .value(DIRECTORY_MODE)
                .orErrno(Errno.EEXIST);
        block.call(SyscallNumber.OPENAT)
                .value(io.baton.task.linux.Files.AT_FDCWD)
                .data(block.string(name))
                .value(MAKE)
                .value(ghost.getMode() & PERMISSIONS)
                .store(register);
        for (int at = 0; at < content.limit(); at += PIECE) {
            byte[] piece = new byte[Math.min(PIECE, content.limit() - at)];
            content.get(at, piece);
            block = context.item(tag);
            block.call(SyscallNumber.WRITE)
                    .register(register)
                    .data(block.bytes(piece))
                    .value(piece.length)
                    .expect(piece.length);
        }
        context.item(tag)
                .call(SyscallNumber.FCHOWN)
                .register(register)
                .value(Integer.toUnsignedLong(ghost.getUid()))
                .value(Integer.toUnsignedLong(ghost.getGid()));
        context.item(tag).call(SyscallNumber.CLOSE).register(register);
    }
}
