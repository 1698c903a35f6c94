package io.baton.coordinator.state.memory;

import io.baton.coordinator.state.Account;
import io.baton.coordinator.state.ContextBuilder;
import io.baton.coordinator.state.Item;
import io.baton.coordinator.state.ProcessCapture;
import io.baton.coordinator.state.ProcessRestore;
import io.baton.coordinator.state.StateKind;
import io.baton.coordinator.state.ThreadRestore;
import io.baton.mktree.image.proto.MmEntry;
import io.baton.task.linux.Files;
import io.baton.task.linux.ProcFs;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.program.ProgramBuilder;
import java.nio.charset.StandardCharsets;

/**
 * What holds for a whole address space: whether huge pages are forbidden, memory is merged with that of others, may
 * become executable (MDWE), and goes into a core dump. All but the first are set when the memory is there; fields of our own.
 */
public final class MemoryModes implements StateKind {
    private static final int PR_SET_THP_DISABLE = 41;
    private static final int PR_GET_THP_DISABLE = 42;
    private static final int PR_SET_MDWE = 65;
    private static final int PR_GET_MDWE = 66;
    private static final int PR_SET_MEMORY_MERGE = 67;
    private static final int PR_GET_MEMORY_MERGE = 68;
    private static final int DISABLED = 1;
    private static final String FILTER = "coredump_filter";
    private static final int HEX = 16;
    private static final int FILE = 2;

    @Override
    public String name() {
        return "memory modes";
    }

    @Override
    public Account account() {
        return new Account(
                name(),
                "asked: PR_GET_THP_DISABLE, PR_GET_MDWE, PR_GET_MEMORY_MERGE; /proc/PID/coredump_filter",
                "prctl(2); written to /proc/self/coredump_filter",
                "MmEntry.thp_disabled",
                "MmEntry.thp_disabled_flags",
                "MmEntry.mdwe",
                "MmEntry.memory_merge",
                "MmEntry.coredump_filter");
    }

    @Override
    public void capture(ProcessCapture capture) {
        MmEntry.Builder mm = capture.image().mm();
        int huge = ask(capture.ask(), PR_GET_THP_DISABLE);
        int executable = ask(capture.ask(), PR_GET_MDWE);
        int merge = ask(capture.ask(), PR_GET_MEMORY_MERGE);
        mm.setCoredumpFilter(filter(capture.process().proc(), capture.process().procId()));
        capture.then(answers -> {
            mm.setThpDisabled(answers.result(huge) > 0);
            if (answers.result(huge) > DISABLED) {
                mm.setThpDisabledFlags((int) answers.result(huge) & ~DISABLED);
            }
            if (answers.result(executable) > 0) {
                mm.setMdwe((int) answers.result(executable));
            }
            if (answers.result(merge) > 0) {
                mm.setMemoryMerge(true);
            }
        });
    }

    private static int ask(ProgramBuilder ask, int option) {
        return control(ask, option, 0, 0).result();
    }

    private static int filter(ProcFs proc, int pid) {
        String text = proc.readText(pid, FILTER).strip();
        return text.isEmpty() ? 0 : Integer.parseUnsignedInt(text, HEX);
    }

    /** What every fresh task has from us. */
    private record Own(int filter) {
        static Own read() {
            try (ProcFs proc = new ProcFs()) {
                return new Own(
                        MemoryModes.filter(proc, (int) ProcessHandle.current().pid()));
            }
        }
    }

    /** Before memory is touched. */
    @Override
    public void compile(ProcessRestore process, ContextBuilder context) {
        MmEntry mm = process.mm();
        if (mm.getThpDisabled()) {
            control(context.item(Item.MEMORY_MAP.tag()), PR_SET_THP_DISABLE, 1, mm.getThpDisabledFlags());
        }
        if (mm.hasCoredumpFilter()
                && mm.getCoredumpFilter()
                        != process.shared(Own.class, Own::read).filter()) {
            writeFilter(mm.getCoredumpFilter(), context.item(Item.MEMORY_MAP.tag()));
        }
    }

    private static void writeFilter(int filter, ProgramBuilder program) {
        String text = "0x" + Integer.toHexString(filter);
        int path = program.string("/proc/self/" + FILTER);
        int content = program.bytes(text.getBytes(StandardCharsets.US_ASCII));
        program.call(SyscallNumber.OPENAT)
                .value(Files.AT_FDCWD)
                .data(path)
                .value(Files.O_WRONLY)
                .value(0)
                .store(FILE);
        program.call(SyscallNumber.WRITE)
                .register(FILE)
                .data(content)
                .value(text.length())
                .expect(text.length());
        program.call(SyscallNumber.CLOSE).register(FILE);
    }

    @Override
    public void compileCredentials(ThreadRestore thread, ProgramBuilder kept) {
        MmEntry mm = thread.process().mm();
        if (!thread.isFirst()) {
            return;
        }
        kept.tag(Item.MEMORY_MAP.tag());
        if (mm.getMemoryMerge()) {
            control(kept, PR_SET_MEMORY_MERGE, 1, 0);
        }
        if (mm.getMdwe() != 0) {
            control(kept, PR_SET_MDWE, mm.getMdwe(), 0);
        }
    }

    private static ProgramBuilder control(ProgramBuilder block, int option, long first, long second) {
        return block.call(SyscallNumber.PRCTL)
                .value(option)
                .value(first)
                .value(second)
                .value(0)
                .value(0);
    }
}
