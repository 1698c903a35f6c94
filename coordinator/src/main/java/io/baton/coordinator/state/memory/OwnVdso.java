package io.baton.coordinator.state.memory;

import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.error.ErrorCode;
import io.baton.task.linux.Identity;
import io.baton.task.linux.Memory;
import io.baton.task.linux.ProcFs;
import io.baton.task.linux.ProcMap;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The vDSO of the running kernel, as this very process has it: the code, and before it the data it reads.
 *
 * @param dataLength bytes of {@code [vvar]} and {@code [vvar_vclock]}
 * @param code contents of {@code [vdso]}
 */
record OwnVdso(long dataLength, ByteBuffer code) {
    private static final class Holder {
        private static final OwnVdso INSTANCE = read();
    }

    static OwnVdso get() {
        return Holder.INSTANCE;
    }

    private static OwnVdso read() {
        long dataLength = 0;
        try (ProcFs proc = new ProcFs()) {
            for (ProcMap map : proc.maps(Identity.pid())) {
                SpecialMapping special = SpecialMapping.of(map);
                if (special == SpecialMapping.VVAR) {
                    dataLength += map.length();
                } else if (special == SpecialMapping.VDSO) {
                    int length = Math.toIntExact(map.length());
                    ByteBuffer code = ByteBuffer.allocate(length).order(ByteOrder.nativeOrder());
                    Memory.wrap(map.start(), length).getBytes(0, code.array());
                    return new OwnVdso(dataLength, code);
                }
            }
        }
        throw new BatonException(
                ErrorCode.UNSUPPORTED, "this kernel gives its processes no vDSO", "start the kernel without vdso=0");
    }

    /** Bytes of the code. */
    long codeLength() {
        return code.capacity();
    }
}
