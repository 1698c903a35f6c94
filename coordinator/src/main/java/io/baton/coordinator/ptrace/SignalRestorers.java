package io.baton.coordinator.ptrace;

import io.baton.task.linux.Memory;
import io.baton.task.linux.ProcMap;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Finds the few instructions by which signal handlers return ({@code mov $15, %rax; syscall}): every C library has them,
 * for the kernel wants them with each handler. A file is searched once.
 */
final class SignalRestorers {
    private static final int CHUNK = 256 * 1024;
    /** The number of rt_sigreturn and then the system call, with the last byte before it being of a mov to eax or rax. */
    private static final long NUMBER_AND_CALL = 0x050f_0000_000fL;

    private static final int MOV_EAX = 0xb8;
    private static final int MOV_RAX = 0xc0c748;
    private static final int LONGEST = 9;

    private final Map<File, Long> known = new HashMap<>();

    /** What is mapped, and so may be known. */
    private record File(long device, long inode, long offset) {
        // Written out: what the JVM makes of a record it makes at run time, for tens of milliseconds.
        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof File that && inode == that.inode && device == that.device && offset == that.offset;
        }

        @Override
        public int hashCode() {
            return 31 * Long.hashCode(inode) + Long.hashCode(offset);
        }
    }

    /** Address of such code in a process, 0 if there is none. */
    long find(SeizedProcess process) {
        for (ProcMap map : process.maps()) {
            if (SyscallGate.isText(map) && !map.isAnonymous()) {
                File file = new File(map.device(), map.inode(), map.offset());
                long offset = known.computeIfAbsent(file, unused -> search(process, map));
                if (offset >= 0 && offset < map.length()) {
                    return map.start() + offset;
                }
            }
        }
        return 0;
    }

    /** Offset from the start of the mapping, or -1. */
    private static long search(SeizedProcess process, ProcMap map) {
        try (Memory memory = Memory.allocate(CHUNK + LONGEST)) {
            byte[] code = new byte[CHUNK + LONGEST];
            for (long from = 0; from < map.length(); from += CHUNK) {
                int length = (int) Math.min(map.length() - from, CHUNK + LONGEST);
                process.readMemory(map.start() + from, memory.address(), length);
                memory.buffer().getBytes(0, code, 0, length);
                int found = search(code, length);
                if (found >= 0) {
                    return from + found;
                }
            }
        }
        return -1;
    }

    private static int search(byte[] code, int length) {
        long window = 0;
        for (int i = 0; i < length; i++) {
            // The last eight bytes, the latest on top.
            window = window >>> Byte.SIZE | (long) code[i] << 56;
            if (window >>> 16 == NUMBER_AND_CALL && i >= LONGEST) {
                int before = code[i - 6] & 0xff;
                if (before == MOV_EAX) {
                    return i - 6;
                }
                int three = (code[i - 8] & 0xff) | (code[i - 7] & 0xff) << 8 | before << 16;
                if (three == MOV_RAX) {
                    return i - 8;
                }
            }
        }
        return -1;
    }
}
