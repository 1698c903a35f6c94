package io.baton.coordinator.state.memory;

import io.baton.coordinator.ptrace.SeizedProcess;
import io.baton.coordinator.state.ContextBuilder;
import io.baton.coordinator.state.Item;
import io.baton.coordinator.state.ProcessCapture;
import io.baton.coordinator.state.ProcessRestore;
import io.baton.mktree.image.proto.MmEntry;
import io.baton.task.linux.Files;
import io.baton.task.linux.ProcStat;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.program.Op;
import io.baton.task.program.ProgramBuilder;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.agrona.MutableDirectBuffer;

/**
 * What the kernel keeps of an address space besides its mappings: where code, data, heap, arguments and environment
 * are, the auxiliary vector, the executable. Put back in one call, {@code PR_SET_MM_MAP}, the only one of its family
 * that does not ask for CAP_SYS_RESOURCE. Source: {@code struct prctl_mm_map} in {@code linux/prctl.h}.
 */
final class MemoryLayout {
    private static final int PR_SET_MM = 35;
    private static final int PR_SET_MM_MAP = 14;

    /** Words of the auxiliary vector that CRIU accepts; a longer one goes without its terminating pair of zeros. */
    private static final int MOST_AUXV_WORDS = 44;

    /** Eleven addresses, then address and size of the auxiliary vector, then the executable's descriptor. */
    private static final int AUXV_OFFSET = 88;

    private static final int AUXV_SIZE_OFFSET = 96;
    private static final int EXE_FD_OFFSET = 100;
    private static final int LENGTH = 104;

    private MemoryLayout() {}

    static void capture(ProcessCapture capture) {
        SeizedProcess process = capture.process();
        MmEntry.Builder mm = capture.image().mm();
        // A dead leader has no address space any more; its threads have.
        ProcStat stat = process.leaderDead() ? process.proc().stat(process.procId()) : process.stat();
        mm.setMmStartCode(stat.startCode())
                .setMmEndCode(stat.endCode())
                .setMmStartData(stat.startData())
                .setMmEndData(stat.endData())
                .setMmStartStack(stat.startStack())
                .setMmStartBrk(stat.startBrk())
                .setMmArgStart(stat.startArguments())
                .setMmArgEnd(stat.endArguments())
                .setMmEnvStart(stat.startEnvironment())
                .setMmEnvEnd(stat.endEnvironment());
        auxiliaryVector(process, mm);
        int brk = capture.ask().call(SyscallNumber.BRK).value(0).result();
        capture.then(answers -> mm.setMmBrk(answers.result(brk)));
    }

    private static void auxiliaryVector(SeizedProcess process, MmEntry.Builder mm) {
        byte[] bytes = process.proc().read(process.procId(), "auxv");
        var words = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asLongBuffer();
        int count = words.remaining() / 2 * 2;
        if (count > MOST_AUXV_WORDS && words.get(count - 2) == 0) {
            count -= 2;
        }
        for (int i = 0; i < count; i++) {
            mm.addMmSavedAuxv(words.get(i));
        }
    }

    static void compile(ProcessRestore process, ContextBuilder context, OpenFile file) {
        MmEntry mm = process.mm();
        file.open(mm.getExeFileId(), Files.O_RDONLY, Item.EXECUTABLE.tag());
        ProgramBuilder block = context.item(Item.MEMORY_MAP.tag());
        int auxvLength = mm.getMmSavedAuxvCount() * Long.BYTES;
        int auxv = block.reserve(Math.max(auxvLength, Long.BYTES));
        int map = block.reserve(LENGTH + Integer.BYTES);
        MutableDirectBuffer data = block.dataBuffer();
        for (int i = 0; i < mm.getMmSavedAuxvCount(); i++) {
            data.putLong(auxv + i * Long.BYTES, mm.getMmSavedAuxv(i));
        }
        long[] addresses = {
            mm.getMmStartCode(),
            mm.getMmEndCode(),
            mm.getMmStartData(),
            mm.getMmEndData(),
            mm.getMmStartBrk(),
            mm.getMmBrk(),
            mm.getMmStartStack(),
            mm.getMmArgStart(),
            mm.getMmArgEnd(),
            mm.getMmEnvStart(),
            mm.getMmEnvEnd()
        };
        for (int i = 0; i < addresses.length; i++) {
            data.putLong(map + i * Long.BYTES, addresses[i]);
        }
        data.putInt(map + AUXV_SIZE_OFFSET, auxvLength);
        block.op(Op.POKE).data(map + AUXV_OFFSET).data(auxv);
        // 64 bits: the upper half goes into the padding after the structure.
        block.op(Op.POKE).data(map + EXE_FD_OFFSET).register(OpenFile.REGISTER);
        block.call(SyscallNumber.PRCTL)
                .value(PR_SET_MM)
                .value(PR_SET_MM_MAP)
                .data(map)
                .value(LENGTH)
                .value(0);
    }
}
