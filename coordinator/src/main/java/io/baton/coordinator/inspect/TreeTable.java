package io.baton.coordinator.inspect;

import io.baton.mktree.tree.ProcessTree;
import io.baton.mktree.tree.Task;
import java.util.ArrayDeque;
import java.util.Deque;

/** A tree, a process to a line, children below their parent. */
public final class TreeTable {
    private static final String COLUMNS = "%7s %7s %7s %8s %5s %6s %10s  %s%n";
    private static final String BRANCH = "|-- ";
    private static final String LAST_BRANCH = "`-- ";
    private static final String TRUNK = "|   ";
    private static final String GAP = "    ";

    private final TreeView view;
    private final StringBuilder out = new StringBuilder();

    private TreeTable(final TreeView view) {
        this.view = view;
    }

    /** A process yet to be printed: its row, and what stands before its name and before its children's. */
    private record Line(int row, String prefix, String childPrefix) {}

    /** Prints the table and a line of sums. */
    public static String print(final TreeView view) {
        final TreeTable table = new TreeTable(view);
        table.rows();
        table.sums();
        return table.out.toString();
    }

    /** Not recursive: a tree may be a chain of thousands. */
    private void rows() {
        final ProcessTree tree = view.tree();
        out.append(String.format(COLUMNS, "PID", "GROUP", "SESSION", "THREADS", "FDS", "MAPS", "PAGES", "PROCESS"));
        final Deque<Line> open = new ArrayDeque<>();
        open.push(new Line(0, "", ""));
        while (!open.isEmpty()) {
            final Line line = open.pop();
            row(line);
            for (int nth = tree.childCount(line.row()) - 1; nth >= 0; nth--) {
                final boolean last = nth == tree.childCount(line.row()) - 1;
                open.push(new Line(
                        tree.child(line.row(), nth),
                        line.childPrefix() + (last ? LAST_BRANCH : BRANCH),
                        line.childPrefix() + (last ? GAP : TRUNK)));
            }
        }
    }

    private void row(final Line line) {
        final ProcessSummary process = view.processes().get(line.row());
        final Task task = process.task();
        final boolean zombie = task.zombie();
        final String state = process.state();
        out.append(String.format(
                COLUMNS,
                task.pid(),
                task.pgid(),
                task.sid(),
                zombie ? "-" : Integer.toString(task.threads().size()),
                zombie ? "-" : Integer.toString(process.descriptors()),
                zombie ? "-" : Integer.toString(process.mappings()),
                zombie ? "-" : Units.bytes(process.pageBytes()),
                line.prefix() + task.comm() + ("alive".equals(state) ? "" : "  " + state)));
    }

    private void sums() {
        int zombies = 0;
        int threads = 0;
        int descriptors = 0;
        int mappings = 0;
        long pages = 0;
        for (final ProcessSummary process : view.processes()) {
            zombies += process.task().zombie() ? 1 : 0;
            threads += process.task().zombie() ? 0 : process.task().threads().size();
            descriptors += process.descriptors();
            mappings += process.mappings();
            pages += process.pageBytes();
        }
        out.append(String.format(
                "%s (%s), %s, %s, %s, %s of pages%n",
                Units.count(view.processes().size(), "process", "processes"),
                Units.count(zombies, "zombie", "zombies"),
                Units.count(threads, "thread", "threads"),
                Units.count(descriptors, "descriptor", "descriptors"),
                Units.count(mappings, "mapping", "mappings"),
                Units.bytes(pages)));
    }
}
