package io.baton.coordinator.ptrace;

import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.error.ErrorCode;
import io.baton.task.linux.Errno;
import io.baton.task.linux.Fd;
import io.baton.task.linux.Files;
import io.baton.task.linux.LinuxException;
import io.baton.task.linux.Mapping;
import io.baton.task.linux.SyscallNumber;
import org.agrona.concurrent.UnsafeBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Memory that we have put into a stopped process and share with it: the runner's text and what its threads need to run
 * their programs. Shared and anonymous, so that it is a file of the kernel's own that we can map too.
 */
final class Foothold {
    private static final int SHARED_ANONYMOUS = Mapping.MAP_SHARED | Mapping.MAP_ANONYMOUS;
    private static final int READ_WRITE = Mapping.PROT_READ | Mapping.PROT_WRITE;
    private static final long LAST_ERROR = -4095;

    private final SeizedThread thread;
    private final CallSite site;
    private final long address;
    private final long length;
    private @Nullable Mapping ours;

    private Foothold(SeizedThread thread, CallSite site, long address, long length) {
        this.thread = thread;
        this.site = site;
        this.address = address;
        this.length = length;
    }

    /** Makes a thread map memory. Its registers and signal mask are left changed. */
    static Foothold make(RemoteCalls calls, SeizedThread thread, CallSite site, long length) {
        long result = calls.call(
                thread.pid(),
                thread.tid(),
                site,
                thread.registers(),
                SyscallNumber.MMAP,
                0,
                length,
                READ_WRITE | Mapping.PROT_EXEC,
                SHARED_ANONYMOUS,
                -1,
                0);
        if (result < 0 && result >= LAST_ERROR) {
            throw new BatonException(
                    ErrorCode.TASK_FAILED,
                    thread + ": no memory for our questions, mmap failed: " + Errno.nameOf((int) -result),
                    result == -Errno.ENOMEM ? "its limit on address space (RLIMIT_AS) may be in the way" : "");
        }
        return new Foothold(thread, site, result, length);
    }

    /** Maps it here. */
    UnsafeBuffer open() {
        String name = "map_files/" + Long.toHexString(address) + "-" + Long.toHexString(address + length);
        try (Fd file = Files.open(thread.process().procPath(name), Files.O_RDWR | Files.O_CLOEXEC)) {
            ours = Mapping.map(0, length, READ_WRITE, Mapping.MAP_SHARED, file.number(), 0);
            return ours.buffer();
        } catch (LinuxException e) {
            if (e.errno() != Errno.EPERM) {
                throw e;
            }
            throw new BatonException(
                    ErrorCode.NOT_PERMITTED,
                    thread + ": /proc/PID/map_files may not be used",
                    "it needs CAP_CHECKPOINT_RESTORE or CAP_SYS_ADMIN",
                    e);
        }
    }

    /** Address in the process. */
    long address() {
        return address;
    }

    boolean contains(long instruction) {
        return instruction >= address && instruction < address + length;
    }

    /** Unmaps it here. */
    void close() {
        Mapping mapping = ours;
        ours = null;
        if (mapping != null) {
            mapping.close();
        }
    }

    /** Unmaps it in the process, by one of its threads, whose registers and signal mask are put back. */
    void remove(RemoteCalls calls) {
        if (thread.isLost()) {
            return; // its registers are its own again, and unknown to us
        }
        int tid = thread.tid();
        calls.call(thread.pid(), tid, site, thread.registers(), SyscallNumber.MUNMAP, address, length);
        calls.putBack(tid, thread.resumeRegisters(), thread.blockedSignals());
    }
}
