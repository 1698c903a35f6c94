package io.baton.coordinator.state.memory;

import io.baton.coordinator.ptrace.SeizedProcess;
import io.baton.task.linux.Errno;
import io.baton.task.linux.Fd;
import io.baton.task.linux.Files;
import io.baton.task.linux.LinuxException;
import org.jspecify.annotations.Nullable;

/**
 * A process's memory through {@code /proc/PID/mem}, which leaves pages as they are. {@code process_vm_readv(2)} gives
 * the process a copy of its own of each page that it shares since a fork (the kernel pins pages for it), so that to read
 * a tree would be to blow it up.
 */
final class TaskMemory implements AutoCloseable {
    private final int pid;
    private final @Nullable SeizedProcess seized;
    private @Nullable Fd file;

    TaskMemory(int pid) {
        this.pid = pid;
        this.seized = null;
    }

    /** That of one who is stopped, whose file {@linkplain SeizedProcess#openMemory is kept open} by others. */
    TaskMemory(SeizedProcess seized) {
        this.pid = seized.procId();
        this.seized = seized;
    }

    /**
     * Reads, whatever the protection of mappings.
     *
     * @param ours address here
     * @return bytes read, fewer if there is no page any more
     */
    long read(long theirs, long ours, long length) {
        Fd open = seized == null ? file : seized.openMemory();
        if (open == null) {
            open = Files.open("/proc/" + pid + "/mem", Files.O_RDONLY | Files.O_CLOEXEC);
            file = open;
        }
        long done = 0;
        try {
            while (done < length) {
                int count = Files.pread(
                        open.number(), ours + done, (int) Math.min(length - done, PageBuffer.LENGTH), theirs + done);
                if (count == 0) {
                    break;
                }
                done += count;
            }
        } catch (LinuxException e) {
            if (e.errno() != Errno.EIO) {
                throw e;
            }
        }
        return done;
    }

    @Override
    public void close() {
        if (file != null) {
            file.close();
            file = null;
        }
    }
}
