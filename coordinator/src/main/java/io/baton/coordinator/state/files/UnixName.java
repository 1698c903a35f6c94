package io.baton.coordinator.state.files;

import com.google.protobuf.ByteString;
import io.baton.mktree.image.proto.CredsEntry;
import io.baton.mktree.image.proto.FilePermsEntry;
import io.baton.mktree.image.proto.UnixSkEntry;
import io.baton.task.linux.Errno;
import io.baton.task.linux.FileStatus;
import io.baton.task.linux.Files;
import io.baton.task.linux.LinuxException;
import io.baton.task.linux.Sockets;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.program.ProgramBuilder;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * The name of a Unix socket: a path, or abstract.
 *
 * @param directory to which a relative path counts; empty for others
 * @param bytes as in {@code sun_path}, without the zero that ends a path; an abstract name begins with one
 */
record UnixName(String directory, ByteString bytes) {
    private static final int PERMISSIONS = 07777;
    private static final int ALL_MAY = 0777;

    static UnixName of(UnixSkEntry usk) {
        ByteString bytes = usk.getName();
        int length = bytes.size();
        if (length > 0 && bytes.byteAt(0) != 0) {
            while (bytes.byteAt(length - 1) == 0) {
                length--;
            }
        }
        return new UnixName(usk.getNameDir(), bytes.substring(0, length));
    }

    boolean isEmpty() {
        return bytes.isEmpty();
    }

    boolean isPath() {
        return !isEmpty() && bytes.byteAt(0) != 0;
    }

    /** As the program said it. */
    private String path() {
        return bytes.toString(StandardCharsets.UTF_8);
    }

    private String absolute() {
        return directory.isEmpty() ? path() : directory + "/" + path();
    }

    /** Those of its path, from the root directory on. */
    List<String> directories() {
        List<String> parts = new ArrayList<>();
        for (String part : absolute().split("/", -1)) {
            if (!part.isEmpty()) {
                parts.add(part);
            }
        }
        return parts.subList(0, Math.max(0, parts.size() - 1));
    }

    /** Whether it may not be what it seems to be: it is not the socket's any more, or that of one that is no more. */
    static boolean isLost(UnixSkEntry usk, ImageSockets sockets) {
        return usk.getDeleted()
                || (usk.getState() == Sockets.ESTABLISHED
                        && usk.getType() != Sockets.SOCK_DGRAM
                        && sockets.listener(usk) == null);
    }

    /** The place must be free, but for what the saved socket itself has left there. */
    void validate(UnixSkEntry usk, FileValidation validation) {
        if (isLost(usk, validation.image().sockets())
                && UnixPlaces.arePossible(validation.process().own())) {
            return;
        }
        FileStatus status;
        try {
            status = Files.statusAt(Files.AT_FDCWD, absolute(), Files.AT_SYMLINK_NOFOLLOW);
        } catch (LinuxException e) {
            return;
        }
        String occupied = null;
        if (usk.getDeleted()) {
            occupied = "had been deleted at the dump, and there is something of that name now";
        } else if (status.type() != FileStatus.S_IFSOCK) {
            occupied = "is no socket any more";
        } else if (validation.image().sockets().isInUse(status)) {
            occupied = "is the name of somebody else's socket";
        } else if (isLost(usk, validation.image().sockets())) {
            occupied = "was the name of a listening socket that is not in the image, and is taken";
        }
        if (occupied != null) {
            validation.refuse(absolute(), occupied, "stop whoever has it now, or remove the file");
        }
    }

    /** {@code struct sockaddr_un}. */
    byte[] address() {
        ByteBuffer address = ByteBuffer.allocate(Short.BYTES + bytes.size() + (isPath() ? 1 : 0))
                .order(ByteOrder.LITTLE_ENDIAN);
        address.putShort((short) Sockets.AF_UNIX).put(bytes.asReadOnlyByteBuffer());
        return address.array();
    }

    /** Binds a socket to it. What the saved socket has left in that place is removed first. */
    void bind(TaskDescriptors task, int fd) {
        enter(task);
        if (isPath()) {
            unlink(task, true);
        }
        call(task, SyscallNumber.BIND, fd);
    }

    /** Connects a socket to it. */
    void connect(TaskDescriptors task, int fd) {
        enter(task);
        call(task, SyscallNumber.CONNECT, fd);
    }

    private void call(TaskDescriptors task, int number, int fd) {
        byte[] address = address();
        ProgramBuilder block = task.block();
        int data = block.bytes(address);
        block.call(number).value(fd).data(data).value(address.length).expect(0);
    }

    /** Working directories are restored after all files. */
    private void enter(TaskDescriptors task) {
        if (!directory.isEmpty()) {
            ProgramBuilder block = task.block();
            int path = block.string(directory);
            block.call(SyscallNumber.CHDIR).data(path);
        }
    }

    /** Removes the file. */
    void unlink(TaskDescriptors task, boolean mayBeMissing) {
        enter(task);
        ProgramBuilder block = task.block();
        int path = block.string(path());
        block.call(SyscallNumber.UNLINKAT).value(Files.AT_FDCWD).data(path).value(0);
        if (mayBeMissing) {
            block.orErrno(Errno.ENOENT);
        }
    }

    /** Gives the file, which everybody may use when it is new, to its owner. */
    void protect(TaskDescriptors task, FilePermsEntry wanted) {
        enter(task);
        ProgramBuilder block = task.block();
        CredsEntry own = task.process().own().credentials();
        int path = block.string(path());
        if (wanted.getUid() != own.getFsuid() || wanted.getGid() != own.getFsgid()) {
            block.call(SyscallNumber.FCHOWNAT)
                    .value(Files.AT_FDCWD)
                    .data(path)
                    .value(Integer.toUnsignedLong(wanted.getUid()))
                    .value(Integer.toUnsignedLong(wanted.getGid()))
                    .value(0);
        }
        if ((wanted.getMode() & PERMISSIONS) != ALL_MAY) {
            block.call(SyscallNumber.FCHMODAT).value(Files.AT_FDCWD).data(path).value(wanted.getMode() & PERMISSIONS);
        }
    }
}
