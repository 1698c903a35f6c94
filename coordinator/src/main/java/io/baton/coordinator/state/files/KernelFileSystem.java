package io.baton.coordinator.state.files;

import io.baton.task.linux.FileStatus;
import io.baton.task.linux.Memory;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.linux.SystemCall;

/**
 * Files the kernel makes up ({@code /proc}, {@code /sys}...): most keep something for each open, which a second open
 * would not have.
 */
final class KernelFileSystem {
    private static final int STATFS_LENGTH = 120;
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
        if (pid > 0 && !inspection.files().hasTask(pid)) {
            inspection.refuse(file, "belongs to a process outside the tree", REMEDY);
        } else if (type != FileStatus.S_IFDIR
                && (FileFlags.isWritable(file.flags()) || file.info().position() != 0)) {
            inspection.refuse(file, "a file of " + name + " keeps state for whoever has it open", REMEDY);
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
