package io.baton.coordinator.state.seccomp;

import com.google.protobuf.ByteString;
import io.baton.coordinator.error.Refusals;
import io.baton.coordinator.ptrace.SeizedProcess;
import io.baton.coordinator.ptrace.SeizedThread;
import io.baton.coordinator.state.Account;
import io.baton.coordinator.state.DumpOptions;
import io.baton.coordinator.state.Item;
import io.baton.coordinator.state.ProcessRestore;
import io.baton.coordinator.state.StateKind;
import io.baton.coordinator.state.ThreadCapture;
import io.baton.coordinator.state.ThreadRestore;
import io.baton.coordinator.state.TreeImage;
import io.baton.coordinator.state.TreeObjects;
import io.baton.mktree.image.proto.CoreEntry;
import io.baton.mktree.image.proto.SeccompFilter;
import io.baton.mktree.image.proto.SeccompMode;
import io.baton.mktree.image.proto.ThreadCoreEntry;
import io.baton.task.linux.Capabilities;
import io.baton.task.linux.LinuxException;
import io.baton.task.linux.Ptrace;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.program.Op;
import io.baton.task.program.ProgramBuilder;
import java.util.List;

/**
 * Filters of system calls (seccomp(2)). While a thread is ours they are suspended by ptrace: on dump so that it can be
 * asked, on restore from before they are installed until it is let go.
 */
public final class Seccomp implements StateKind {
    private static final int PR_SET_SECCOMP = 22;
    private static final int SECCOMP_MODE_STRICT = 1;
    private static final int SECCOMP_SET_MODE_FILTER = 1;
    private static final int SECCOMP_FILTER_FLAG_TSYNC = 1;

    /** {@code struct sock_fprog}: number of instructions (16 bits, padded to 64), address. */
    private static final int ADDRESS_OFFSET = 8;

    private static final String NAME = "seccomp";

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public Account account() {
        return new Account(
                        name(),
                        "PTRACE_SECCOMP_GET_FILTER, GET_METADATA",
                        "seccomp(2), suspended by ptrace until the thread is let go",
                        "SeccompFilter",
                        "ThreadCoreEntry.seccomp_mode",
                        "ThreadCoreEntry.seccomp_filter")
                .refusing("it is confined, and its filters may not be read or suspended: *");
    }

    @Override
    public void list(SeizedProcess process, TreeImage tree, TreeObjects objects) {
        objects.addThreads(NAME, process);
    }

    @Override
    public void inspect(SeizedProcess process, DumpOptions options, Refusals refusals) {
        for (SeizedThread thread : process.threads()) {
            int mode = thread.status().seccompMode();
            if (mode == 0) {
                continue;
            }
            try {
                if (mode == SeccompMode.filter_VALUE) {
                    Ptrace.getSeccompFilter(thread.tid(), 0, 0);
                }
                thread.suspendSeccomp();
            } catch (LinuxException e) {
                String reason = "it is confined, and its filters may not be read or suspended: " + e.getMessage();
                refusals.add(thread.tid(), NAME, reason, "dump as root, and not from within a container");
            }
        }
    }

    @Override
    public void captureThread(ThreadCapture capture) {
        int mode = capture.thread().status().seccompMode();
        if (mode == 0) {
            return;
        }
        ThreadCoreEntry.Builder thread = capture.core().getThreadCoreBuilder();
        thread.setSeccompMode(SeccompMode.forNumber(mode));
        if (mode != SeccompMode.filter_VALUE) {
            return;
        }
        TreeImage tree = capture.process().tree();
        List<SeizedThread.Filter> filters = capture.thread().seccompFilters();
        for (int i = filters.size() - 1; i >= 0; i--) {
            SeccompFilter.Builder filter = SeccompFilter.newBuilder()
                    .setFilter(ByteString.copyFrom(filters.get(i).instructions().byteArray()))
                    .setFlags(filters.get(i).flags());
            if (i < filters.size() - 1) {
                filter.setPrev(thread.getSeccompFilter());
            }
            thread.setSeccompFilter(tree.addSeccompFilter(filter.build()));
        }
    }

    @Override
    public void validate(ProcessRestore process, Refusals refusals) {
        for (int i = 0; i < process.cores().size(); i++) {
            ThreadCoreEntry thread = process.cores().get(i).getThreadCore();
            int tid = process.pstree().getThreads(i);
            if (thread.getSeccompMode() == SeccompMode.disabled) {
                continue;
            }
            if (!process.own().has(Capabilities.CAP_SYS_ADMIN)) {
                refusals.add(tid, NAME, "to confine a task needs CAP_SYS_ADMIN", "restore as root");
            }
            if (thread.getSeccompMode() == SeccompMode.filter
                    && filters(process).chain(thread.getSeccompFilter()).isEmpty()) {
                refusals.add(tid, NAME, "filter " + thread.getSeccompFilter() + " is not whole in the image", "");
            }
        }
    }

    /** Whether any thread is confined: then the whole process has to be held with its filters suspended. */
    public static boolean isConfined(List<CoreEntry> cores) {
        for (CoreEntry core : cores) {
            if (core.getThreadCore().getSeccompMode() != SeccompMode.disabled) {
                return true;
            }
        }
        return false;
    }

    @Override
    public void compileCredentials(ThreadRestore thread, ProgramBuilder kept) {
        ThreadCoreEntry saved = thread.core().getThreadCore();
        kept.tag(Item.SECCOMP.tag());
        if (saved.getSeccompMode() == SeccompMode.strict) {
            kept.call(SyscallNumber.PRCTL).value(PR_SET_SECCOMP).value(SECCOMP_MODE_STRICT);
        } else if (saved.getSeccompMode() == SeccompMode.filter) {
            boolean together = areAlike(thread.process());
            if (together && !thread.isFirst()) {
                return;
            }
            for (SeccompFilter filter : filters(thread.process()).chain(saved.getSeccompFilter())) {
                install(filter, together ? SECCOMP_FILTER_FLAG_TSYNC : 0, kept);
            }
        }
    }

    /**
     * Whether several threads have the same filters. Then the first installs them for all, so that they are the very same: else no
     * thread could give the others one more (TSYNC).
     */
    private static boolean areAlike(ProcessRestore process) {
        ThreadCoreEntry first = process.core().getThreadCore();
        return process.cores().size() > 1
                && !process.pstree().getLeaderDead()
                && process.cores().stream()
                        .map(CoreEntry::getThreadCore)
                        .allMatch(other -> other.getSeccompMode() == SeccompMode.filter
                                && other.getSeccompFilter() == first.getSeccompFilter());
    }

    private static void install(SeccompFilter filter, int flags, ProgramBuilder kept) {
        byte[] instructions = filter.getFilter().toByteArray();
        int code = kept.bytes(instructions);
        int program = kept.longs(instructions.length / SeccompFilters.INSTRUCTION_LENGTH, 0);
        kept.op(Op.POKE).data(program + ADDRESS_OFFSET).data(code);
        kept.call(SyscallNumber.SECCOMP)
                .value(SECCOMP_SET_MODE_FILTER)
                .value(filter.getFlags() | flags)
                .data(program)
                .expect(0); // not a thread that does not take it
    }

    private static SeccompFilters filters(ProcessRestore process) {
        return process.shared(SeccompFilters.class, () -> SeccompFilters.read(process.directory()));
    }
}
