package io.baton.coordinator.state.files;

import io.baton.coordinator.state.ContextBuilder;
import io.baton.coordinator.state.Item;
import io.baton.coordinator.state.ProcessRestore;
import io.baton.mktree.image.proto.FdinfoEntry;
import io.baton.mktree.image.proto.FileEntry;
import io.baton.mktree.image.proto.FileLockEntry;
import io.baton.mktree.image.proto.FownEntry;
import io.baton.mktree.image.proto.RegFileEntry;
import io.baton.task.linux.Errno;
import io.baton.task.linux.FileStatus;
import io.baton.task.linux.Files;
import io.baton.task.linux.LinuxException;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.program.ProgramBuilder;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Locks on their way back. Each process takes its own when all its descriptors are open, for closing any descriptor of a file
 * drops its POSIX locks; leases when all of the tree is open, for opening the file would break them.
 */
final class FileLocks {
    private static final int F_SETLK = 6;
    private static final int F_SETOWN = 8;
    private static final int F_OFD_SETLK = 37;
    private static final int F_SETLEASE = 1024;
    private static final int LOCK_SH = 1;
    private static final int LOCK_EX = 2;
    private static final int LOCK_NB = 4;
    private static final int FLOCK_LENGTH = 32;

    private FileLocks() {}

    static void validate(ProcessRestore process, FileValidation validation) {
        List<FileLockEntry> locks = validation.image().locks(process.pstree().getPid());
        for (FileLockEntry lock : locks) {
            String object = "lock through fd " + lock.getFd();
            FileEntry file = file(process, lock);
            if (file == null) {
                validation.refuse(object, "the image has no such descriptor", "");
            } else if (!isKnown(lock)) {
                validation.refuse(
                        object,
                        "no such lock: flag=" + lock.getFlag() + ", type=" + lock.getType() + ", start="
                                + lock.getStart() + ", len=" + lock.getLen(),
                        "");
            } else if (isBreaking(lock) && hasOwnRoot(process)) {
                validation.refuse(
                        object,
                        "a lease that is being broken, of a process with a root directory of its own: not supported yet",
                        "");
            } else if (file.hasReg()) {
                validateHolders(file.getReg(), lock, object, validation);
            }
        }
    }

    private static @Nullable FileEntry file(ProcessRestore process, FileLockEntry lock) {
        for (FdinfoEntry descriptor : process.descriptors()) {
            if (descriptor.getFd() == lock.getFd()) {
                return process.file(descriptor.getId());
            }
        }
        return null;
    }

    private static boolean isKnown(FileLockEntry lock) {
        int type = lock.getType();
        boolean range = lock.getStart() >= 0 && lock.getLen() >= 0 && lock.getStart() + lock.getLen() >= 0;
        return range
                && switch (lock.getFlag()) {
                    case FileLock.POSIX, FileLock.OFD, FileLock.FLOCK ->
                        type == FileLock.READ || type == FileLock.WRITE;
                    case FileLock.LEASE ->
                        type == FileLock.READ
                                || type == FileLock.WRITE
                                || type == (FileLock.READ | FileLock.BREAKING)
                                || type == (FileLock.UNLOCK | FileLock.BREAKING);
                    default -> false;
                };
    }

    private static boolean isBreaking(FileLockEntry lock) {
        return lock.getFlag() == FileLock.LEASE && (lock.getType() & FileLock.BREAKING) != 0;
    }

    private static boolean hasOwnRoot(ProcessRestore process) {
        FileEntry root = process.file(process.fs().getRootId());
        return root != null && !root.getReg().getName().equals("/");
    }

    /** Who has the file locked by now, as far as the kernel tells. */
    private static void validateHolders(
            RegFileEntry file, FileLockEntry lock, String object, FileValidation validation) {
        String key;
        try {
            FileStatus status = Files.statusAt(Files.AT_FDCWD, file.getName(), 0);
            key = String.format(
                    "%02x:%02x:%d", FileStatus.major(status.dev()), FileStatus.minor(status.dev()), status.ino());
        } catch (LinuxException e) {
            return; // told by its descriptor
        }
        for (FileLock other : validation.tree().systemLocks()) {
            if (other.file().equals(key) && other.isAgainst(lock)) {
                validation.refuse(
                        object,
                        file.getName() + " has been locked by pid " + other.pid() + ": " + other.text(),
                        "have that process release the lock, or end it");
                return;
            }
        }
    }

    /** All but leases. */
    static void compile(ProcessRestore process, ContextBuilder context) {
        for (FileLockEntry lock : locks(process)) {
            if (lock.getFlag() == FileLock.LEASE) {
                continue;
            }
            ProgramBuilder block = context.item(Item.FILE_LOCK.tag(lock.getFd()));
            if (lock.getFlag() == FileLock.FLOCK) {
                int operation = (lock.getType() == FileLock.WRITE ? LOCK_EX : LOCK_SH) | LOCK_NB;
                block.call(SyscallNumber.FLOCK).value(lock.getFd()).value(operation);
            } else {
                int range = block.bytes(range(lock));
                block.call(SyscallNumber.FCNTL)
                        .value(lock.getFd())
                        .value(lock.getFlag() == FileLock.POSIX ? F_SETLK : F_OFD_SETLK)
                        .data(range);
            }
        }
    }

    /** Its {@code struct flock}. */
    private static byte[] range(FileLockEntry lock) {
        return ByteBuffer.allocate(FLOCK_LENGTH)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putShort(0, (short) lock.getType())
                .putLong(8, lock.getStart())
                .putLong(16, lock.getLen())
                .array();
    }

    static void compileLeases(ProcessRestore process, ProgramBuilder kept) {
        for (FileLockEntry lock : locks(process)) {
            FileEntry file = lock.getFlag() == FileLock.LEASE ? file(process, lock) : null;
            if (file != null) {
                kept.tag(Item.FILE_LOCK.tag(lock.getFd()));
                compileLease(process, lock, file.getReg(), kept);
            }
        }
    }

    private static void compileLease(
            ProcessRestore process, FileLockEntry lock, RegFileEntry file, ProgramBuilder kept) {
        int fd = lock.getFd();
        boolean breaking = isBreaking(lock);
        int target = lock.getType() & ~FileLock.BREAKING;
        // Only who holds it for writing is asked for less than all; and for reading it takes a descriptor that only
        // reads.
        boolean reads = target == FileLock.UNLOCK && FileFlags.access(file.getFlags()) == Files.O_RDONLY;
        int type = !breaking ? target : reads ? FileLock.READ : FileLock.WRITE;
        kept.call(SyscallNumber.FCNTL).value(fd).value(F_SETLEASE).value(type);
        if (breaking) {
            // The signal has been sent before the dump.
            kept.call(SyscallNumber.FCNTL).value(fd).value(F_SETOWN).value(0);
            int path = kept.string("/proc/self/fd/" + fd);
            int flags = (target == FileLock.READ ? Files.O_RDONLY : Files.O_WRONLY) | Files.O_NONBLOCK;
            kept.call(SyscallNumber.OPENAT)
                    .value(Files.AT_FDCWD)
                    .data(path)
                    .value(flags | Files.O_CLOEXEC)
                    .value(0)
                    .expect(-Errno.EAGAIN);
            FownEntry owner = file.getFown();
            SignalOwner.compile(process, kept, fd, owner);
        }
    }

    private static List<FileLockEntry> locks(ProcessRestore process) {
        return RestoredFiles.of(process).image().locks(process.pstree().getPid());
    }
}
