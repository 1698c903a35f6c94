package io.baton.coordinator.ptrace;

import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.error.ErrorCode;
import io.baton.task.linux.Mapping;
import io.baton.task.linux.Memory;
import io.baton.task.linux.ProcFs;
import io.baton.task.linux.ProcMap;
import java.util.List;
import org.agrona.DirectBuffer;

/**
 * Finds a {@code syscall} instruction in a process, so that none need be put there. The vDSO has one, at the same place in
 * every process of a running kernel.
 */
final class SyscallGate {
    private static final String VDSO = "[vdso]";
    private static final short INSTRUCTION = 0x050f;
    private static final int LENGTH = 2;
    private static final int SCAN_LENGTH = 256 * 1024;

    /** Offset in our own vDSO; -1 if we have none. */
    private final int vdsoOffset = ownOffset();

    /** Address of the instruction in that process. */
    long find(SeizedProcess process) {
        for (ProcMap map : process.maps()) {
            if (map.path().equals(VDSO) && vdsoOffset >= 0 && isGate(process, map.start() + vdsoOffset)) {
                return map.start() + vdsoOffset;
            }
        }
        for (ProcMap map : process.maps()) {
            int wanted = Mapping.PROT_READ | Mapping.PROT_EXEC;
            if ((map.protection() & wanted) == wanted && map.start() >= 0) {
                long gate = scan(process, map);
                if (gate != 0) {
                    return gate;
                }
            }
        }
        throw new BatonException(
                ErrorCode.UNSUPPORTED, process + ": no system call instruction found in its mappings", "");
    }

    private static boolean isGate(SeizedProcess process, long address) {
        try (Memory memory = Memory.allocate(LENGTH)) {
            process.readMemory(address, memory.address(), LENGTH);
            return memory.buffer().getShort(0) == INSTRUCTION;
        }
    }

    private static long scan(SeizedProcess process, ProcMap map) {
        int length = (int) Math.min(map.length(), SCAN_LENGTH);
        try (Memory memory = Memory.allocate(length)) {
            process.readMemory(map.start(), memory.address(), length);
            int offset = offset(memory.buffer());
            return offset < 0 ? 0 : map.start() + offset;
        }
    }

    private static int ownOffset() {
        try (ProcFs proc = new ProcFs()) {
            List<ProcMap> maps = proc.maps((int) ProcessHandle.current().pid());
            for (ProcMap map : maps) {
                if (map.path().equals(VDSO)) {
                    return offset(Memory.wrap(map.start(), (int) map.length()));
                }
            }
        }
        return -1;
    }

    private static int offset(DirectBuffer code) {
        for (int i = 0; i + LENGTH <= code.capacity(); i++) {
            if (code.getShort(i) == INSTRUCTION) {
                return i;
            }
        }
        return -1;
    }
}
