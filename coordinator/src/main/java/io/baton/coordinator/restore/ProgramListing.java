package io.baton.coordinator.restore;

import io.baton.coordinator.state.Item;
import io.baton.coordinator.state.OwnState;
import io.baton.coordinator.state.RestoreOptions;
import io.baton.coordinator.state.memory.MappingNames;
import io.baton.mktree.plan.CreationPlan;
import io.baton.mktree.plan.HierarchyPrograms;
import io.baton.mktree.plan.PlannedTask;
import io.baton.mktree.plan.RestoreStage;
import io.baton.mktree.tree.TreeFromImage;
import io.baton.task.program.Disassembler;
import io.baton.task.program.ProgramBuilder;
import io.baton.task.program.ProgramDescriptor;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.agrona.ExpandableArrayBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Everything a restore of an image would do, in the order in which it would, as readable system calls. Compiled by the
 * same code as a restore, but run by nobody; so it depends on who asks and on this machine, as a restore does.
 */
public final class ProgramListing {
    /** Every process. */
    public static final int ALL = 0;

    private static final String INDENT = "  ";

    private final SavedTree tree;
    private final CreationPlan plan;
    private final int[] rows;
    private final int wanted;
    private final PrintWriter out;
    private final Disassembler disassembler = new Disassembler(this::item, ProgramListing::stageName);
    private final StringBuilder text = new StringBuilder();
    private @Nullable SavedProcess current;
    private int instructions;
    private long bytes;

    private ProgramListing(final SavedTree tree, final CreationPlan plan, final int wanted, final PrintWriter out) {
        this.tree = tree;
        this.plan = plan;
        this.rows = rows(tree, plan.taskCount());
        this.wanted = wanted;
        this.out = out;
    }

    /**
     * Prints the programs of an image.
     *
     * @param pid only those of that process, or of {@link #ALL}
     * @param hierarchyOnly only how the tree is made, and nothing of what its tasks restore
     * @return whether there is such a process
     */
    public static boolean print(
            final Path images,
            final RestoreOptions options,
            final int pid,
            final boolean hierarchyOnly,
            final PrintWriter out) {
        final SavedTree tree = SavedTree.open(images, options, OwnState.current());
        if (pid != ALL && tree.entries().stream().noneMatch(entry -> entry.getPid() == pid)) {
            return false;
        }
        final Processes processes = new Processes(tree);
        final ProgramListing listing = new ProgramListing(tree, tree.plan(processes), pid, out);
        final Inheritance inheritance = new Inheritance(tree);
        inheritance.choose(processes);
        listing.hierarchy(HierarchyPrograms.compile(listing.plan, inheritance.programOptions(listing.plan, processes)));
        if (!hierarchyOnly) {
            listing.contexts(processes);
        }
        return true;
    }

    private void hierarchy(final HierarchyPrograms programs) {
        final Map<Integer, PlannedTask> printed = new HashMap<>();
        line(String.format(
                "Making the tree: %d tasks, %d ghosts and placeholders, the helper",
                plan.taskCount(), plan.slotCount() - plan.taskCount() - 1));
        helperFirst(programs, printed);
        for (int slot = 0; slot < plan.helperSlot(); slot++) {
            creation(programs, plan.task(slot), printed);
        }
        out.flush();
    }

    private void helperFirst(final HierarchyPrograms programs, final Map<Integer, PlannedTask> printed) {
        if (wanted == ALL) {
            creation(programs, plan.task(plan.helperSlot()), printed);
        }
    }

    private void creation(
            final HierarchyPrograms programs, final PlannedTask task, final Map<Integer, PlannedTask> printed) {
        if (wanted != ALL && pidOf(task.slot()) != wanted) {
            return;
        }
        final int offset = programs.offset(task.slot());
        final PlannedTask twin = printed.putIfAbsent(offset, task);
        line("");
        if (twin != null) {
            line(String.format("%s: as %s", name(task), name(twin)));
            return;
        }
        line(name(task));
        text.setLength(0);
        disassembler.append(programs.blocks(), offset, INDENT, text);
        out.print(text);
    }

    private void contexts(final Processes processes) {
        line("");
        line(String.format("The baton: %d tasks restore themselves, one after the other", plan.taskCount()));
        final ContextStream stream = new ContextStream(tree, processes, new Listing(processes));
        while (!stream.isFinished()) {
            stream.advance();
        }
        line("");
        line(String.format("%d instructions, %d bytes", instructions, bytes));
        line(String.format(
                "%d tasks in stage %s, %d at the gate, where the runner is unmapped and registers are set",
                stream.awaitingSignals(), RestoreStage.RESTORE_SIGCHLD, stream.gated()));
        out.flush();
    }

    /** The pid of the process that a slot belongs to, 0 for tasks that are none of the tree. */
    private int pidOf(final int slot) {
        return slot < rows.length ? tree.entries().get(rows[slot]).getPid() : 0;
    }

    /** The row of the tree for each position. */
    private static int[] rows(final SavedTree tree, final int taskCount) {
        final int[] rows = new int[taskCount];
        for (int row = 0; row < tree.entries().size(); row++) {
            final int position = tree.position(row);
            final int threads = Math.max(1, tree.entries().get(row).getThreadsCount());
            Arrays.fill(rows, position, position + threads, row);
        }
        return rows;
    }

    private static String name(final PlannedTask task) {
        final String kind = task.kind().name().toLowerCase(Locale.ROOT);
        return task.pid() == 0
                ? kind + " (slot " + task.slot() + ")"
                : kind + " " + task.pid() + " (slot " + task.slot() + ")";
    }

    private String item(final int tag) {
        return current == null ? Item.describe(tag) : MappingNames.describe(current, tag);
    }

    private static String stageName(final int number) {
        return RestoreStage.of(number).name();
    }

    private void line(final String line) {
        out.println(line);
    }

    /** Prints each block instead of sending it. */
    private final class Listing implements ContextStream.Outlet {
        private final ExpandableArrayBuffer buffer = new ExpandableArrayBuffer();
        private final Processes processes;
        private int lastPosition = -1;

        Listing(final Processes processes) {
            this.processes = processes;
        }

        @Override
        public boolean offer(final ProgramBuilder block, final int position, final int flags) {
            instructions += block.count();
            bytes += block.length();
            if (wanted == ALL || pidOf(position) == wanted) {
                print(block, position, flags);
            }
            return true;
        }

        private void print(final ProgramBuilder block, final int position, final int flags) {
            block.copyTo(buffer, 0, position, flags);
            if (position != lastPosition) {
                lastPosition = position;
                final int row = rows[position];
                current = TreeFromImage.isZombie(tree.entries().get(row)) ? null : processes.process(row);
                line("");
                line(String.format("%s, position %d", name(plan.task(position)), position));
            } else if ((flags & ProgramDescriptor.FLAG_KEEP) != 0) {
                line(String.format("%safter it has passed the baton on:", INDENT));
            } else {
                line(String.format("%snext block:", INDENT));
            }
            text.setLength(0);
            disassembler.append(buffer, 0, INDENT, text);
            out.print(text);
        }

        @Override
        public int longestBlock() {
            return Integer.MAX_VALUE;
        }

        @Override
        public int longestKept() {
            return Integer.MAX_VALUE;
        }
    }
}
