package io.baton.coordinator.ptrace;

import io.baton.task.linux.ClockOffsets;
import io.baton.task.linux.Errno;
import io.baton.task.linux.Fd;
import io.baton.task.linux.Files;
import io.baton.task.linux.Identity;
import io.baton.task.linux.LinuxException;
import io.baton.task.linux.PidFd;
import io.baton.task.linux.ProcFdInfo;
import io.baton.task.linux.ProcFs;
import io.baton.task.linux.ProcMap;
import io.baton.task.linux.ProcSmap;
import io.baton.task.linux.ProcStat;
import io.baton.task.linux.ProcStatus;
import io.baton.task.linux.ProcessMemory;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.linux.SystemCall;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.agrona.DirectBuffer;
import org.jspecify.annotations.Nullable;

/**
 * A process all of whose threads are stopped by us, or a zombie. What is read of it is read once and kept; mappings are
 * read before anything is put into it. Several threads may read; what needs ptrace only the one that seized it, unless it
 * was {@linkplain SeizedThread#prefetch fetched} before.
 */
public final class SeizedProcess implements AutoCloseable {
    private static final String TIME = "ns/time";

    private final ProcReaders readers;
    private final int pid;
    private final int parent;
    private final List<SeizedThread> threads = new ArrayList<>();
    private final List<SeizedProcess> children = new ArrayList<>();

    private final List<Foothold> footholds = new ArrayList<>();

    private volatile @Nullable ProcStat stat;
    private volatile @Nullable Long clockAhead;
    private volatile @Nullable ProcStatus status;
    private volatile @Nullable List<ProcMap> maps;
    private volatile @Nullable List<ProcSmap> smaps;
    private volatile int @Nullable [] descriptors;
    private volatile @Nullable List<DirectBuffer> pendingSignals;
    private @Nullable PidFd pidFd;
    private volatile @Nullable Fd memory;

    /**
     * @param parent pid of its parent in the tree, 0 for the tree's root
     */
    SeizedProcess(ProcReaders readers, int pid, int parent) {
        this.readers = readers;
        this.pid = pid;
        this.parent = parent;
    }

    public int pid() {
        return pid;
    }

    /** Pid of its parent in the tree, 0 for the tree's root. */
    public int parent() {
        return parent;
    }

    /** Children in the order the kernel lists them (of their birth), zombies too. */
    public List<SeizedProcess> children() {
        return Collections.unmodifiableList(children);
    }

    /** Living threads in order of tid, the leader first when it lives. Empty for a zombie. */
    public List<SeizedThread> threads() {
        return Collections.unmodifiableList(threads);
    }

    /** The leader, or the first living thread if it is dead. */
    public SeizedThread firstThread() {
        if (threads.isEmpty()) {
            throw new IllegalStateException("no living thread: pid=" + pid);
        }
        return threads.get(0);
    }

    /** Whether it is all dead, and only its exit status is left. */
    public boolean isZombie() {
        return threads.isEmpty();
    }

    /** Whether the leader has exited and other threads live on. */
    public boolean leaderDead() {
        return !threads.isEmpty() && !threads.get(0).isLeader();
    }

    /** Wait status of the dead leader or zombie, 16 bits. */
    public int exitStatus() {
        return (int) stat().field(EXIT_CODE);
    }

    private static final int EXIT_CODE = 52;

    /** The signal of the group stop it was in when it was seized (SIGSTOP, SIGTSTP...), or 0 if it ran. */
    public int stopSignal() {
        for (SeizedThread thread : threads) {
            if (thread.stopSignal() != 0) {
                return thread.stopSignal();
            }
        }
        return 0;
    }

    /**
     * The id to look below {@code /proc} with for what lives as long as any thread (maps, fd, cwd, root, exe): a dead
     * leader's own files there are empty.
     */
    public int procId() {
        return threads.isEmpty() ? pid : threads.get(0).tid();
    }

    /** {@code /proc} for the calling thread, to be used with {@link #procId()}. */
    public ProcFs proc() {
        return readers.get();
    }

    /** Of the leader, also when it is dead. */
    public ProcStat stat() {
        ProcStat kept = stat;
        if (kept == null) {
            kept = proc().stat(pid);
            stat = kept;
        }
        return kept;
    }

    /** Of the leader, or of the first living thread if it is dead. */
    public ProcStatus status() {
        if (!threads.isEmpty()) {
            return firstThread().status();
        }
        ProcStatus kept = status;
        if (kept == null) {
            kept = proc().status(pid);
            status = kept;
        }
        return kept;
    }

    /** Mappings in order of address, without anything of ours. */
    public List<ProcMap> maps() {
        List<ProcMap> kept = maps;
        if (kept == null) {
            kept = smaps == null
                    ? proc().maps(procId())
                    : smaps.stream().map(ProcSmap::map).toList();
            maps = kept;
        }
        return kept;
    }

    /** The same with flags and usage; the kernel walks all page tables for it, so whoever comes second waits. */
    public List<ProcSmap> smaps() {
        List<ProcSmap> kept = smaps;
        if (kept == null) {
            synchronized (threads) {
                kept = smaps;
                if (kept == null) {
                    kept = proc().smaps(procId());
                    smaps = kept;
                }
            }
        }
        return kept;
    }

    /** Open descriptors in ascending order. */
    public int[] descriptors() {
        int[] kept = descriptors;
        if (kept == null) {
            kept = proc().descriptors(procId());
            descriptors = kept;
        }
        return kept.clone();
    }

    /** Position, flags and more of an open descriptor. */
    public ProcFdInfo fdInfo(int fd) {
        return proc().fdInfo(procId(), fd);
    }

    /** How far its clock (CLOCK_MONOTONIC) is ahead of ours, in ns: it may be in a time namespace. */
    public long clockAhead() {
        Long kept = clockAhead;
        if (kept == null) {
            int self = Identity.pid();
            boolean ours = readLink(TIME).equals(proc().readLink(self, TIME));
            String clock = ClockOffsets.MONOTONIC;
            kept = ours ? 0 : ClockOffsets.of(proc(), procId(), clock) - ClockOffsets.of(proc(), self, clock);
            clockAhead = kept;
        }
        return kept;
    }

    /** Tells beforehand that its clock is ours. */
    public void hasOurClock() {
        clockAhead = 0L;
    }

    /** What was read of it after all of it had stopped. */
    void known(ProcStat read) {
        stat = read;
    }

    /** Target of a link below {@code /proc/PID}: {@code exe}, {@code cwd}, {@code fd/3}. */
    public String readLink(String name) {
        return proc().readLink(procId(), name);
    }

    /** Path of a file below {@code /proc/PID}, to be opened. */
    public String procPath(String name) {
        return "/proc/".concat(Integer.toString(procId())).concat("/").concat(name);
    }

    /** Signals queued to the process as a whole, a {@code siginfo_t} of 128 bytes each, in order. */
    public List<DirectBuffer> pendingSignals() {
        List<DirectBuffer> kept = pendingSignals;
        if (kept == null) {
            kept = firstThread().peekSignals(true);
            pendingSignals = kept;
        }
        return kept;
    }

    /** A handle, open as long as the process is seized. */
    public PidFd pidFd() {
        PidFd kept = pidFd;
        if (kept == null) {
            kept = PidFd.open(pid);
            pidFd = kept;
        }
        return kept;
    }

    /**
     * Reads its memory, whatever the protection of its mappings.
     *
     * @param theirs address in the process
     * @param ours address here, see {@link io.baton.task.linux.Memory}
     * @throws LinuxException EFAULT or EIO if not all of it is mapped
     */
    public void readMemory(long theirs, long ours, long length) {
        if (memory != null) {
            throughFile(SyscallNumber.PREAD64, Files.O_RDONLY, theirs, ours, length);
            return;
        }
        long done = 0;
        try {
            while (done < length) {
                done += ProcessMemory.read(procId(), theirs + done, ours + done, length - done);
            }
        } catch (LinuxException e) {
            if (e.errno() != Errno.EFAULT) {
                throw e;
            }
            throughFile(SyscallNumber.PREAD64, Files.O_RDONLY, theirs + done, ours + done, length - done);
        }
    }

    /** Writes its memory, whatever the protection of its mappings; see {@link #readMemory}. */
    public void writeMemory(long theirs, long ours, long length) {
        if (memory != null) {
            throughFile(SyscallNumber.PWRITE64, Files.O_WRONLY, theirs, ours, length);
            return;
        }
        long done = 0;
        try {
            while (done < length) {
                done += ProcessMemory.write(procId(), theirs + done, ours + done, length - done);
            }
        } catch (LinuxException e) {
            if (e.errno() != Errno.EFAULT) {
                throw e;
            }
            throughFile(SyscallNumber.PWRITE64, Files.O_WRONLY, theirs + done, ours + done, length - done);
        }
    }

    /** {@code process_vm_readv} minds protections (PROT_NONE, write-only); {@code /proc/PID/mem} does not, for a tracer. */
    private void throughFile(int call, int flags, long theirs, long ours, long length) {
        Fd kept = memory;
        if (kept != null) {
            through(kept, call, theirs, ours, length);
            return;
        }
        try (Fd once = Files.open(procPath("mem"), flags | Files.O_CLOEXEC)) {
            through(once, call, theirs, ours, length);
        }
    }

    private void through(Fd file, int call, long theirs, long ours, long length) {
        long done = 0;
        while (done < length) {
            long result = SystemCall.call(call, file.number(), ours + done, length - done, theirs + done);
            long moved = SystemCall.check(result, call, "pid", pid);
            if (moved == 0) {
                throw new LinuxException("/proc/PID/mem", Errno.EIO, "pid=" + pid);
            }
            done += moved;
        }
    }

    /**
     * Its memory as a file, {@code /proc/PID/mem}, open until {@link #closeMemory}; from now on all is read and written
     * through it. It leaves pages shared that are so since a fork, which {@code process_vm_readv(2)} does not: to pin a
     * page, the kernel gives the process a copy of its own.
     */
    public Fd openMemory() {
        Fd kept = memory;
        if (kept == null) {
            kept = Files.open(procPath("mem"), Files.O_RDWR | Files.O_CLOEXEC);
            memory = kept;
        }
        return kept;
    }

    /** Closes that file. */
    public void closeMemory() {
        Fd kept = memory;
        memory = null;
        if (kept != null) {
            kept.close();
        }
    }

    /** Takes note of what we have put into it, to be removed when it is let go. */
    void foothold(Foothold made) {
        footholds.add(made);
    }

    /** Removes what we have put into it. */
    void clean(RemoteCalls calls) {
        for (Foothold made : footholds) {
            made.remove(calls);
        }
        footholds.clear();
    }

    void add(SeizedThread thread) {
        threads.add(thread);
    }

    void add(SeizedProcess child) {
        children.add(child);
    }

    /** Closes the handle; lets nothing run. */
    @Override
    public void close() {
        closeMemory();
        PidFd open = pidFd;
        pidFd = null;
        if (open != null) {
            open.close();
        }
    }

    @Override
    public String toString() {
        return "pid " + pid;
    }
}
