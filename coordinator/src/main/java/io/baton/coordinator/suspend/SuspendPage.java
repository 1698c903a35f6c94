package io.baton.coordinator.suspend;

import io.baton.task.linux.Fd;
import io.baton.task.linux.FileStatus;
import io.baton.task.linux.Files;
import io.baton.task.linux.Futex;
import io.baton.task.linux.Mapping;
import io.baton.task.linux.MemFd;
import io.baton.task.linux.Memory;
import io.baton.task.linux.ProcMap;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.linux.SystemCall;
import io.baton.task.suspend.SuspendDescriptor;
import org.agrona.concurrent.UnsafeBuffer;
import org.jspecify.annotations.Nullable;

/**
 * A process's page, mapped here too. Anything may be in it and change at any moment, but it cannot be taken away: it is only
 * mapped when it is sealed against that. In front of it lies a page of our own, where the kernel finds what belongs to
 * its robust futex; see {@link HoldThread}.
 */
final class SuspendPage implements AutoCloseable {
    /** Where the entry of the robust list is, seen from the start of the range. */
    static final int ENTRY_OFFSET = 0;

    /** From an entry to its futex, for all pages the same. */
    static final long FUTEX_OFFSET = SuspendDescriptor.LENGTH + SuspendDescriptor.HOLD_OFFSET - ENTRY_OFFSET;

    static final String PATH = "/memfd:" + SuspendDescriptor.NAME + " (deleted)";
    private static final long TMPFS_MAGIC = 0x0102_1994;
    private static final int STATFS_LENGTH = 120;
    private static final int NEEDED_SEALS = MemFd.SEAL_SHRINK;
    private static final int FIRST_PRINTABLE = 0x20;
    private static final int DELETE = 0x7f;

    private final Mapping range;
    private final UnsafeBuffer page;
    private final long address;

    private SuspendPage(Mapping range) {
        this.range = range;
        this.address = range.address() + SuspendDescriptor.LENGTH;
        this.page = range.buffer(SuspendDescriptor.LENGTH, SuspendDescriptor.LENGTH);
    }

    /** Whether a mapping is of such a page, by its name. */
    static boolean isOne(ProcMap map) {
        return map.path().equals(PATH) && map.shared() && map.offset() == 0;
    }

    /**
     * Maps the page of a process.
     *
     * @param owner the process, as it sees itself
     * @return null if it is another's, such as one that a child shares with its parent
     * @throws io.baton.task.linux.LinuxException if we may not
     * @throws PageException if it is no such page
     */
    static @Nullable SuspendPage open(int pid, int owner, ProcMap map) throws PageException {
        try (Fd file = Files.open("/proc/" + pid + "/map_files/" + map.mapFile(), Files.O_RDWR | Files.O_CLOEXEC)) {
            check(file);
            SuspendPage page = new SuspendPage(map(file));
            boolean accepted = false;
            try {
                accepted = page.belongsTo(owner);
            } finally {
                if (!accepted) {
                    page.close();
                }
            }
            return accepted ? page : null;
        }
    }

    private static void check(Fd file) throws PageException {
        FileStatus status = Files.status(file.number());
        if (status.type() != FileStatus.S_IFREG || status.size() < SuspendDescriptor.LENGTH) {
            throw new PageException("its page is too small");
        }
        // Huge pages could still be taken away: they run out.
        if (fileSystem(file) != TMPFS_MAGIC || (MemFd.seals(file) & NEEDED_SEALS) != NEEDED_SEALS) {
            throw new PageException("its page is not sealed");
        }
    }

    private static long fileSystem(Fd file) {
        try (Memory statfs = Memory.allocate(STATFS_LENGTH)) {
            long result = SystemCall.call(SyscallNumber.FSTATFS, file.number(), statfs.address());
            SystemCall.check(result, SyscallNumber.FSTATFS, "fd", file.number());
            return statfs.buffer().getLong(0);
        }
    }

    private static Mapping map(Fd file) {
        int protection = Mapping.PROT_READ | Mapping.PROT_WRITE;
        Mapping range = Mapping.anonymous(2L * SuspendDescriptor.LENGTH);
        try {
            Mapping.map(
                    range.address() + SuspendDescriptor.LENGTH,
                    SuspendDescriptor.LENGTH,
                    protection,
                    Mapping.MAP_SHARED | Mapping.MAP_FIXED,
                    file.number(),
                    0);
            return range;
        } catch (RuntimeException e) {
            range.close();
            throw e;
        }
    }

    private boolean belongsTo(int owner) throws PageException {
        if (page.getLong(SuspendDescriptor.MAGIC_OFFSET) != SuspendDescriptor.MAGIC) {
            throw new PageException("its page is of another kind");
        }
        int version = page.getInt(SuspendDescriptor.VERSION_OFFSET);
        if (version != SuspendDescriptor.VERSION) {
            throw new PageException("its page has version " + version + ", we know " + SuspendDescriptor.VERSION);
        }
        return page.getIntVolatile(SuspendDescriptor.OWNER_OFFSET) == owner;
    }

    /** Of the whole range, where the entry for the robust list has its place. */
    long entryAddress() {
        return range.address() + ENTRY_OFFSET;
    }

    /** Of the word that changes when the process answers. */
    long stateAddress() {
        return address + SuspendDescriptor.STATE_OFFSET;
    }

    int stateWord() {
        return page.getIntVolatile(SuspendDescriptor.STATE_OFFSET);
    }

    /** The round of the last suspend it was told of. */
    int round() {
        return page.getIntVolatile(SuspendDescriptor.ROUND_OFFSET);
    }

    /** Marks the process IN SUSPEND and tells it to start. */
    void start(int round, int hold) {
        page.putIntVolatile(SuspendDescriptor.HOLD_OFFSET, hold);
        page.putIntVolatile(SuspendDescriptor.ROUND_OFFSET, round);
        Futex.wake(address + SuspendDescriptor.ROUND_OFFSET, Integer.MAX_VALUE);
    }

    /** Takes the mark away, if it is still ours, and lets the process return from COMPLETE. */
    void release(int hold) {
        page.compareAndSetInt(SuspendDescriptor.HOLD_OFFSET, hold, 0);
        Futex.wake(address + SuspendDescriptor.HOLD_OFFSET, Integer.MAX_VALUE);
    }

    /** What the process has to say, in one line. */
    String reason() {
        byte[] bytes = new byte[SuspendDescriptor.REASON_LENGTH];
        page.getBytes(SuspendDescriptor.REASON_OFFSET, bytes);
        StringBuilder text = new StringBuilder();
        String all = new String(bytes, java.nio.charset.StandardCharsets.UTF_8);
        for (int i = 0; i < all.length() && all.charAt(i) != 0; i++) {
            char c = all.charAt(i);
            text.append(c < FIRST_PRINTABLE || c >= DELETE ? '?' : c);
        }
        return text.toString();
    }

    @Override
    public void close() {
        range.close();
    }
}
