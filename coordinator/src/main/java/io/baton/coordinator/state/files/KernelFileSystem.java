package io.baton.coordinator.state.files;

import io.baton.task.linux.Fd;
import io.baton.task.linux.FileStatus;
import io.baton.task.linux.Files;
import io.baton.task.linux.LinuxException;
import io.baton.task.linux.Memory;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.linux.SystemCall;
import java.util.regex.Pattern;
import org.slf4j.LoggerFactory;

/**
 * Files the kernel makes up ({@code /proc}, {@code /sys}...): most keep something for each open, which a second open
 * would not have.
 */
final class KernelFileSystem {
    private static final int STATFS_LENGTH = 120;
    private static final int SEEK_SET = 0;
    /** Which is always there, and the same for all. */
    private static final int INIT = 1;

    private static final Pattern MAPPINGS = Pattern.compile("/proc/.*/(maps|smaps|numa_maps)");
    private static final String REMEDY = "close it before the dump";

    private KernelFileSystem() {}

    /** Refuses what opening again would not bring back. */
    static void inspect(OpenFile file, FileInspection inspection) {
        int type = file.status().type();
        if (type == FileStatus.S_IFCHR || FileFlags.isPath(file.flags())) {
            return;
        }
        String name = inspection.files().fileSystem(file.status().dev(), device -> name(type(file)));
        if (name.isEmpty() || file.link().startsWith("/proc/sys/")) {
            return;
        }
        int pid = processOf(file.link());
        if (pid > INIT && !inspection.files().hasTask(pid)) {
            inspection.refuse(file, "belongs to a process outside the tree", REMEDY);
        } else if (type != FileStatus.S_IFDIR && !isOnlyRead(file)) {
            inspection.refuse(file, "a file of " + name + " keeps state for whoever has it open", REMEDY);
        }
    }

    /** Whether it has no state but a position, to which a second open can go. The content is made anew for each anyway. */
    private static boolean isOnlyRead(OpenFile file) {
        if (FileFlags.isWritable(file.flags())) {
            return false;
        }
        long position = file.info().position();
        if (position == 0) {
            return true;
        }
        int flags = Files.O_RDONLY | Files.O_NONBLOCK | Files.O_NOCTTY | Files.O_CLOEXEC;
        try (Fd again = Files.open(file.link(), flags)) {
            if (MAPPINGS.matcher(file.link()).matches()) {
                // While the position is set, there are mappings of ours in it.
                LoggerFactory.getLogger(KernelFileSystem.class)
                        .warn(
                                "pid {}: {}: read in part; who reads on may find it cut elsewhere",
                                file.process().pid(),
                                file.describe());
            }
            return Files.seek(again.number(), position, SEEK_SET) == position;
        } catch (LinuxException e) {
            return false;
        }
    }

    /** What is fine to open again whatever it is has no name here. Numbers are those of linux/magic.h. */
    private static String name(long type) {
        if (type == 0x9fa0) {
            return "/proc";
        } else if (type == 0x62656572) {
            return "sysfs";
        } else if (type == 0x27e0eb || type == 0x63677270) {
            return "cgroupfs";
        } else if (type == 0x64626720 || type == 0x74726163) {
            return "debugfs or tracefs";
        } else if (type == 0x73636673 || type == 0xcafe4a11L || type == 0x62656570) {
            return "securityfs, bpffs or configfs";
        } else if (type == 0x19800202) {
            return "mqueue";
        }
        return "";
    }

    /** The magic number of the file system that it is on. */
    static long type(OpenFile file) {
        try (Memory path = Memory.cString(file.procPath());
                Memory result = Memory.allocate(STATFS_LENGTH)) {
            long error = SystemCall.call(SyscallNumber.STATFS, path.address(), result.address());
            SystemCall.check(error, SyscallNumber.STATFS, file.link());
            return result.buffer().getLong(0) & 0xffff_ffffL;
        }
    }

    /** The pid in {@code /proc/PID/...}, or 0. */
    private static int processOf(String path) {
        int pid = 0;
        if (path.startsWith("/proc/")) {
            for (int i = "/proc/".length(); i < path.length() && Character.isDigit(path.charAt(i)); i++) {
                pid = pid * 10 + path.charAt(i) - '0';
            }
        }
        return pid;
    }
}
