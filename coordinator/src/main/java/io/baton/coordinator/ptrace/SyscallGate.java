package io.baton.coordinator.ptrace;

import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.error.ErrorCode;
import io.baton.task.linux.Identity;
import io.baton.task.linux.Mapping;
import io.baton.task.linux.Memory;
import io.baton.task.linux.ProcFs;
import io.baton.task.linux.ProcMap;
import java.util.List;
import org.agrona.DirectBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Finds a {@code syscall} instruction in a process, so that none need be put there. The vDSO has one, at the same place in
 * every process of a running kernel; and one that is followed by nothing but a return.
 */
final class SyscallGate {
    static final String VDSO = "[vdso]";

    private static final short INSTRUCTION = 0x050f;
    private static final int LENGTH = 2;
    private static final int SCAN_LENGTH = 256 * 1024;

    private static final int RET = 0xc3;
    private static final int XOR = 0x31;
    private static final int PREFIX_OF_HIGH_REGISTERS = 0x45;
    private static final int REGISTER_TO_REGISTER = 0xc0;

    /** Offset in our own vDSO; -1 if we have none. */
    private final int vdsoOffset;

    private final boolean returning;

    SyscallGate() {
        DirectBuffer vdso = ownVdso();
        int best = vdso == null ? -1 : offset(vdso, true);
        returning = best >= 0;
        vdsoOffset = returning || vdso == null ? best : offset(vdso, false);
    }

    /**
     * A gate.
     *
     * @param address of the instruction in the process
     * @param returns whether a return follows that takes its address from the stack pointer
     */
    record Gate(long address, boolean returns) {}

    Gate find(SeizedProcess process) {
        for (ProcMap map : process.maps()) {
            if (map.path().equals(VDSO) && vdsoOffset >= 0 && isGate(process, map.start() + vdsoOffset)) {
                return new Gate(map.start() + vdsoOffset, returning);
            }
        }
        for (ProcMap map : process.maps()) {
            if (isText(map)) {
                long gate = scan(process, map);
                if (gate != 0) {
                    return new Gate(gate, false);
                }
            }
        }
        throw new BatonException(
                ErrorCode.UNSUPPORTED, process + ": no system call instruction found in its mappings", "");
    }

    /** Whether it holds code; the vsyscall page, above all others, holds none that can be read. */
    static boolean isText(ProcMap map) {
        int wanted = Mapping.PROT_READ | Mapping.PROT_EXEC;
        return (map.protection() & wanted) == wanted && map.start() >= 0;
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
            int offset = offset(memory.buffer(), false);
            return offset < 0 ? 0 : map.start() + offset;
        }
    }

    private static @Nullable DirectBuffer ownVdso() {
        try (ProcFs proc = new ProcFs()) {
            List<ProcMap> maps = proc.maps(Identity.pid());
            for (ProcMap map : maps) {
                if (map.path().equals(VDSO)) {
                    return Memory.wrap(map.start(), (int) map.length());
                }
            }
        }
        return null;
    }

    private static int offset(DirectBuffer code, boolean mustReturn) {
        for (int i = 0; i + LENGTH <= code.capacity(); i++) {
            if (code.getShort(i) == INSTRUCTION && (!mustReturn || returns(code, i + LENGTH))) {
                return i;
            }
        }
        return -1;
    }

    /** Whether a return follows, with at most registers cleared before it, as a compiler may be told to do. */
    private static boolean returns(DirectBuffer code, int from) {
        int at = from;
        while (at + 3 < code.capacity()) {
            int opcode = code.getByte(at) & 0xff;
            if (opcode == RET) {
                return true;
            }
            int prefix = opcode == PREFIX_OF_HIGH_REGISTERS ? 1 : 0;
            boolean clears = (code.getByte(at + prefix) & 0xff) == XOR
                    && (code.getByte(at + prefix + 1) & REGISTER_TO_REGISTER) == REGISTER_TO_REGISTER;
            if (!clears) {
                return false;
            }
            at += prefix + 2;
        }
        return false;
    }
}
