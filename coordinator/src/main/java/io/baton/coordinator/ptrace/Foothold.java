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
 *
 * <p>It is writable and executable. Where a process has given that up for good (PR_SET_MDWE), it is mapped twice: once to be
 * executed, once to be written.
 */
final class Foothold {
    private static final int SHARED_ANONYMOUS = Mapping.MAP_SHARED | Mapping.MAP_ANONYMOUS;
    private static final int READ_WRITE = Mapping.PROT_READ | Mapping.PROT_WRITE;
    private static final int MREMAP_MAYMOVE = 1;
    private static final long LAST_ERROR = -4095;

    private final SeizedThread thread;
    private final CallSite site;
    private final long text;
    private final long address;
    private final long length;
    private @Nullable Mapping ours;

    private Foothold(SeizedThread thread, CallSite site, long text, long address, long length) {
        this.thread = thread;
        this.text = text;
        this.site = site;
        this.address = address;
        this.length = length;
    }

    /** Makes a thread map memory. Its registers and signal mask are left changed. */
    static Foothold make(RemoteCalls calls, SeizedThread thread, CallSite site, long length) {
        long result = map(calls, thread, site, length, READ_WRITE | Mapping.PROT_EXEC);
        if (result == -Errno.EACCES) {
            return makeTwice(calls, thread, site, length);
        }
        check(thread, SyscallNumber.MMAP, result);
        return new Foothold(thread, site, result, result, length);
    }

    /** What is not executable any more may become writable. */
    private static Foothold makeTwice(RemoteCalls calls, SeizedThread thread, CallSite site, long length) {
        long text = map(calls, thread, site, length, Mapping.PROT_READ | Mapping.PROT_EXEC);
        check(thread, SyscallNumber.MMAP, text);
        // Of an old length of 0 it makes a second mapping of what is shared.
        long data = call(calls, thread, site, SyscallNumber.MREMAP, text, 0, length, MREMAP_MAYMOVE);
        if (isError(data)) {
            call(calls, thread, site, SyscallNumber.MUNMAP, text, length);
        }
        check(thread, SyscallNumber.MREMAP, data);
        Foothold made = new Foothold(thread, site, text, data, length);
        long result = call(calls, thread, site, SyscallNumber.MPROTECT, data, length, READ_WRITE);
        if (isError(result)) {
            made.unmap(calls);
        }
        check(thread, SyscallNumber.MPROTECT, result);
        return made;
    }

    private static long map(RemoteCalls calls, SeizedThread thread, CallSite site, long length, int protection) {
        return call(calls, thread, site, SyscallNumber.MMAP, 0, length, protection, SHARED_ANONYMOUS, -1, 0);
    }

    private static long call(RemoteCalls calls, SeizedThread thread, CallSite site, int number, long... arguments) {
        return calls.call(thread.pid(), thread.tid(), site, thread.registers(), number, arguments);
    }

    private static boolean isError(long result) {
        return result < 0 && result >= LAST_ERROR;
    }

    private static void check(SeizedThread thread, int number, long result) {
        if (isError(result)) {
            throw new BatonException(
                    ErrorCode.TASK_FAILED,
                    thread + ": no memory for our questions, " + SyscallNumber.describe(number) + " failed: "
                            + Errno.nameOf((int) -result),
                    result == -Errno.ENOMEM ? "its limit on address space (RLIMIT_AS) may be in the way" : "");
        }
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

    /** Address in the process, to be read and written. */
    long address() {
        return address;
    }

    /** Address in the process, to be executed. */
    long text() {
        return text;
    }

    boolean contains(long instruction) {
        return instruction >= text && instruction < text + length;
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
        unmap(calls);
        calls.putBack(thread.tid(), thread.resumeRegisters(), thread.blockedSignals());
    }

    private void unmap(RemoteCalls calls) {
        call(calls, thread, site, SyscallNumber.MUNMAP, address, length);
        if (text != address) {
            call(calls, thread, site, SyscallNumber.MUNMAP, text, length);
        }
    }
}
