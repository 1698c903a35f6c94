package io.baton.task.linux;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * What names a process for good, where a pid alone is given away again: with it the time of its start, the pid namespace
 * it counts in, and the boot.
 *
 * @param startTime clock ticks since boot, as in {@link ProcStat#startTime}
 * @param namespace inode of the pid namespace
 * @param boot the kernel's random id of the boot
 */
public record ProcessName(int pid, long startTime, long namespace, String boot) {
    /** Our own. */
    public static ProcessName own() {
        try (ProcFs proc = new ProcFs()) {
            final int pid = Identity.pid();
            return new ProcessName(pid, proc.stat(pid).startTime(), namespace(proc, pid), bootId());
        }
    }

    private static long namespace(final ProcFs proc, final int pid) {
        final String link = proc.readLink(pid, "ns/pid"); // pid:[4026531836]
        return Long.parseLong(link.substring(link.indexOf('[') + 1, link.length() - 1));
    }

    private static String bootId() {
        final Path path = Path.of("/proc/sys/kernel/random/boot_id");
        try {
            return java.nio.file.Files.readString(path, StandardCharsets.US_ASCII)
                    .strip();
        } catch (final java.io.IOException e) {
            return "";
        }
    }

    /** The name that {@link #toString} wrote, or null when it is none. */
    public static @Nullable ProcessName parse(final String text) {
        final String[] parts = text.split(" ", -1);
        if (parts.length != 4) {
            return null;
        }
        try {
            return new ProcessName(
                    Integer.parseInt(parts[0]), Long.parseLong(parts[1]), Long.parseLong(parts[2]), parts[3]);
        } catch (final NumberFormatException e) {
            return null;
        }
    }

    /** Whether we can tell anything of it: it was of our pid namespace. */
    public boolean isInOurNamespace() {
        try (ProcFs proc = new ProcFs()) {
            return namespace == namespace(proc, Identity.pid());
        }
    }

    /** Whether it has ended: it is a zombie, its pid is free or another's, or the machine was started since. */
    public boolean hasEnded() {
        if (!boot.equals(bootId())) {
            return true;
        }
        try (ProcFs proc = new ProcFs()) {
            final ProcStat now = proc.stat(pid);
            return now.startTime() != startTime || now.isZombie();
        } catch (final VanishedException e) {
            return true;
        }
    }

    @Override
    public String toString() {
        return pid + " " + startTime + " " + namespace + " " + boot;
    }
}
