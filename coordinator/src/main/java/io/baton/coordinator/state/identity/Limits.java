package io.baton.coordinator.state.identity;

import io.baton.coordinator.error.Refusals;
import io.baton.coordinator.state.Account;
import io.baton.coordinator.state.Answers;
import io.baton.coordinator.state.ContextBuilder;
import io.baton.coordinator.state.Item;
import io.baton.coordinator.state.ProcessCapture;
import io.baton.coordinator.state.ProcessRestore;
import io.baton.coordinator.state.StateKind;
import io.baton.coordinator.state.ThreadRestore;
import io.baton.mktree.image.proto.RlimitEntry;
import io.baton.mktree.image.proto.TaskCoreEntry;
import io.baton.mktree.image.proto.TaskRlimitsEntry;
import io.baton.task.linux.Capabilities;
import io.baton.task.linux.Limit;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.program.ProgramBuilder;
import io.baton.task.program.SymbolicNames;
import java.util.List;

/**
 * Resource limits. The process itself is asked: prlimit(2) on another user's process needs CAP_SYS_RESOURCE. What is
 * higher than our own is raised first, for the process may need it to become itself again (descriptors, locked memory);
 * what is lower is lowered when all else is restored.
 */
public final class Limits implements StateKind {
    private static final int ENTRY_LENGTH = 16;

    @Override
    public String name() {
        return "resource limits";
    }

    @Override
    public Account account() {
        return new Account(
                name(),
                "asked: prlimit(2) of itself, which needs no right",
                "prlimit(2) of itself: what is higher than ours before, what is lower after all that it limits",
                "TaskCoreEntry.rlimits");
    }

    @Override
    public void capture(ProcessCapture capture) {
        ProgramBuilder ask = capture.ask();
        int limits = ask.reserve(Limit.COUNT * ENTRY_LENGTH);
        for (int resource = 0; resource < Limit.COUNT; resource++) {
            ask.call(SyscallNumber.PRLIMIT64).value(0).value(resource).value(0).data(limits + resource * ENTRY_LENGTH);
        }
        TaskCoreEntry.Builder task = capture.core().getTcBuilder();
        capture.then(answers -> task.setRlimits(read(answers, limits)));
    }

    private static TaskRlimitsEntry read(Answers answers, int limits) {
        TaskRlimitsEntry.Builder entry = TaskRlimitsEntry.newBuilder();
        for (int resource = 0; resource < Limit.COUNT; resource++) {
            int at = limits + resource * ENTRY_LENGTH;
            entry.addRlimits(
                    RlimitEntry.newBuilder().setCur(answers.getLong(at)).setMax(answers.getLong(at + Long.BYTES)));
        }
        return entry.build();
    }

    @Override
    public void validate(ProcessRestore process, Refusals refusals) {
        List<RlimitEntry> saved = saved(process);
        if (process.own().has(Capabilities.CAP_SYS_RESOURCE)) {
            return;
        }
        for (int resource = 0; resource < saved.size(); resource++) {
            RlimitEntry own = process.own().limits().get(resource);
            if (Long.compareUnsigned(saved.get(resource).getMax(), own.getMax()) > 0) {
                String reason = "hard limit " + text(saved.get(resource).getMax()) + " is above our own "
                        + text(own.getMax()) + ", which needs CAP_SYS_RESOURCE";
                String remedy = "raise it with prlimit(1) before, or restore as root";
                refusals.add(process.pstree().getPid(), SymbolicNames.LIMIT.text(resource), reason, remedy);
            }
        }
    }

    private static String text(long limit) {
        return limit == Limit.INFINITY ? "unlimited" : Long.toUnsignedString(limit);
    }

    @Override
    public void compile(ProcessRestore process, ContextBuilder context) {
        List<RlimitEntry> saved = saved(process);
        for (int resource = 0; resource < saved.size(); resource++) {
            RlimitEntry raised =
                    raised(saved.get(resource), process.own().limits().get(resource));
            if (!raised.equals(process.own().limits().get(resource))) {
                emit(resource, raised, context.item(Item.LIMIT.tag(resource)));
            }
        }
    }

    @Override
    public void compileCredentials(ThreadRestore thread, ProgramBuilder kept) {
        if (!thread.isFirst()) {
            return;
        }
        List<RlimitEntry> saved = saved(thread.process());
        for (int resource = 0; resource < saved.size(); resource++) {
            RlimitEntry own = thread.process().own().limits().get(resource);
            if (!saved.get(resource).equals(raised(saved.get(resource), own))) {
                emit(resource, saved.get(resource), kept.tag(Item.LIMIT.tag(resource)));
            }
        }
    }

    /** The higher of each. */
    private static RlimitEntry raised(RlimitEntry saved, RlimitEntry own) {
        return RlimitEntry.newBuilder()
                .setCur(higher(saved.getCur(), own.getCur()))
                .setMax(higher(saved.getMax(), own.getMax()))
                .build();
    }

    private static long higher(long a, long b) {
        return Long.compareUnsigned(a, b) > 0 ? a : b;
    }

    private static void emit(int resource, RlimitEntry limit, ProgramBuilder program) {
        int at = program.longs(limit.getCur(), limit.getMax());
        program.call(SyscallNumber.PRLIMIT64).value(0).value(resource).data(at).value(0);
    }

    /** In the kernel's order; none in an image that has none, and none the kernel does not know. */
    private static List<RlimitEntry> saved(ProcessRestore process) {
        List<RlimitEntry> saved = process.core().getTc().getRlimits().getRlimitsList();
        return saved.subList(0, Math.min(saved.size(), Limit.COUNT));
    }
}
