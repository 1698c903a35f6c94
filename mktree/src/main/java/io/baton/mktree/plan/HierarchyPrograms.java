package io.baton.mktree.plan;

import io.baton.task.program.FaultInjector;
import io.baton.task.program.ItemTag;
import io.baton.task.program.ProgramBuilder;
import io.baton.task.segment.Segment;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.IntPredicate;
import java.util.function.IntUnaryOperator;
import org.agrona.DirectBuffer;
import org.agrona.ExpandableArrayBuffer;

/**
 * A plan as programs for the native interpreter: one block for each task, but tasks that do the same share theirs, so
 * that ten thousand children that only wait for their turn take the room of one.
 */
public final class HierarchyPrograms {
    private final ExpandableArrayBuffer blocks = new ExpandableArrayBuffer();
    private final int[] offsets;
    private int length;

    /**
     * What is done for namespaces.
     *
     * @param root appends what the root does to make or join its own
     * @param leave appends what the helper does to leave our user namespace
     * @param hold appends what the helper does to make those that the root joins
     * @param rootFlags clone flags for the root, such as CLONE_NEWPID
     */
    public record Namespaces(
            Consumer<ProgramBuilder> root,
            Consumer<ProgramBuilder> leave,
            Consumer<ProgramBuilder> hold,
            int rootFlags) {
        static final Namespaces NONE = new Namespaces(builder -> {}, builder -> {}, builder -> {}, 0);
    }

    /** What a task does before it makes another one. */
    @FunctionalInterface
    public interface BeforeFork {
        /**
         * Appends that.
         *
         * @param slot of the one to be made
         */
        void append(int slot, ProgramBuilder program);

        /** Nothing. */
        BeforeFork NOTHING = (slot, program) -> {};
    }

    /**
     * What the programs depend on besides the plan.
     *
     * @param outerGroup process group of whoever restores, as the helper sees it
     * @param helper appends what the helper does before all else; every task inherits it
     * @param namespaces what is done for those
     * @param fork what tasks do before they make processes
     * @param sharedTables tells slots whose tasks are born with the descriptor table of their maker
     * @param tag item tag for instructions that concern the process with that pid; 0: the task itself
     * @param faults what is to go wrong on purpose
     */
    public record Options(
            int outerGroup,
            Consumer<ProgramBuilder> helper,
            Namespaces namespaces,
            BeforeFork fork,
            IntPredicate sharedTables,
            IntUnaryOperator tag,
            FaultInjector faults) {
        /** No namespaces, no tags. */
        public static Options of(final int outerGroup) {
            return new Options(
                    outerGroup,
                    builder -> {},
                    Namespaces.NONE,
                    BeforeFork.NOTHING,
                    slot -> false,
                    pid -> ItemTag.NONE,
                    FaultInjector.NONE);
        }

        public Options withHelper(final Consumer<ProgramBuilder> newHelper) {
            return new Options(outerGroup, newHelper, namespaces, fork, sharedTables, tag, faults);
        }

        public Options withNamespaces(final Namespaces newNamespaces) {
            return new Options(outerGroup, helper, newNamespaces, fork, sharedTables, tag, faults);
        }

        public Options withFork(final BeforeFork newFork) {
            return new Options(outerGroup, helper, namespaces, newFork, sharedTables, tag, faults);
        }

        public Options withSharedTables(final IntPredicate newTables) {
            return new Options(outerGroup, helper, namespaces, fork, newTables, tag, faults);
        }

        public Options withTag(final IntUnaryOperator newTag) {
            return new Options(outerGroup, helper, namespaces, fork, sharedTables, newTag, faults);
        }

        public Options withFaults(final FaultInjector newFaults) {
            return new Options(outerGroup, helper, namespaces, fork, sharedTables, tag, newFaults);
        }

        private boolean mayShare() {
            return faults == FaultInjector.NONE;
        }
    }

    private HierarchyPrograms(final int slots) {
        offsets = new int[slots];
    }

    /** Compiles a plan. */
    public static HierarchyPrograms compile(final CreationPlan plan, final Options options) {
        final HierarchyPrograms programs = new HierarchyPrograms(plan.slotCount());
        final ProgramBuilder builder = new ProgramBuilder();
        final StepCompiler compiler = new StepCompiler(plan, options, builder);
        final Map<List<Step>, Integer> known = new HashMap<>();
        for (final PlannedTask task : plan.tasks()) {
            final Integer offset = known.get(task.steps());
            if (offset != null && options.mayShare()) {
                programs.offsets[task.slot()] = offset;
                continue;
            }
            builder.reset();
            if (task.kind() == PlannedTask.Kind.HELPER) {
                options.helper().accept(builder);
            }
            task.steps().forEach(compiler::compile);
            options.faults().inject(task.slot(), builder);
            programs.offsets[task.slot()] = programs.length;
            known.put(task.steps(), programs.length);
            programs.blocks.checkLimit(programs.length + builder.length());
            programs.length += builder.copyTo(programs.blocks, programs.length, task.slot(), 0);
        }
        return programs;
    }

    /** The programs as they will lie in the segment, from {@link #offset}. */
    public DirectBuffer blocks() {
        return blocks;
    }

    /** Where in {@link #blocks} the program of that slot begins; tasks that do the same share theirs. */
    public int offset(final int slot) {
        return offsets[slot];
    }

    /** Bytes that all programs take in the segment. */
    public int length() {
        return length;
    }

    /** Puts the programs into the segment and tells every slot its own. */
    public void writeTo(final Segment segment) {
        final int start = segment.layout().planOffset();
        segment.buffer().putBytes(start, blocks, 0, length);
        for (int slot = 0; slot < offsets.length; slot++) {
            segment.program(slot, start + offsets[slot]);
        }
    }
}
