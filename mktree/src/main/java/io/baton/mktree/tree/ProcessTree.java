package io.baton.mktree.tree;

import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import org.agrona.collections.Int2IntHashMap;

/**
 * The saved PID array: every process of a tree, parents before children, the root first. Immutable, and checked: a tree
 * that exists is one a Linux system could have produced.
 *
 * <p>A <em>row</em> is the place of a process in the array. A <em>position</em> is the place of a task (one thread) in
 * the order of restore: the threads of a process follow one another, its leader first.
 */
public final class ProcessTree implements Iterable<Task> {
    private static final int NONE = -1;

    private final List<Task> tasks;
    private final Int2IntHashMap rowByPid;
    private final int[] parents;
    /** Children of row {@code i} are {@code children[firstChild[i]]} up to {@code children[firstChild[i + 1]]}. */
    private final int[] firstChild;

    private final int[] children;
    private final int[] positions;

    private ProcessTree(List<Task> tasks) {
        this.tasks = List.copyOf(tasks);
        int size = tasks.size();
        rowByPid = new Int2IntHashMap(2 * size + 8, 0.6f, NONE);
        parents = new int[size];
        firstChild = new int[size + 1];
        children = new int[Math.max(0, size - 1)];
        positions = new int[size + 1];
        index();
    }

    /**
     * Checks a list of processes and makes it a tree.
     *
     * @param tasks parents before children, the root first
     * @throws TreeException naming the first row that cannot be
     */
    public static ProcessTree of(List<Task> tasks) {
        new TreeRules(tasks).check();
        return new ProcessTree(tasks);
    }

    private void index() {
        for (int row = 0; row < tasks.size(); row++) {
            Task task = tasks.get(row);
            rowByPid.put(task.pid(), row);
            parents[row] = row == 0 ? NONE : rowByPid.get(task.ppid());
            positions[row + 1] = positions[row] + task.threads().size();
            if (row > 0) {
                firstChild[parents[row] + 1]++;
            }
        }
        for (int row = 0; row < tasks.size(); row++) {
            firstChild[row + 1] += firstChild[row];
        }
        int[] next = Arrays.copyOf(firstChild, tasks.size());
        for (int row = 1; row < tasks.size(); row++) {
            children[next[parents[row]]++] = row;
        }
    }

    /** Number of processes, zombies included. */
    public int size() {
        return tasks.size();
    }

    /** Number of tasks: threads of all processes. */
    public int taskCount() {
        return positions[tasks.size()];
    }

    /** The process of that row. */
    public Task task(int row) {
        return tasks.get(row);
    }

    /** The process all others descend from. */
    public Task root() {
        return tasks.get(0);
    }

    /** All processes, in order. */
    public List<Task> tasks() {
        return tasks;
    }

    @Override
    public Iterator<Task> iterator() {
        return tasks.iterator();
    }

    /** Row of the process with that pid, -1 if there is none. */
    public int rowOf(int pid) {
        return rowByPid.get(pid);
    }

    /** Row of the parent, -1 of the root. */
    public int parent(int row) {
        return parents[row];
    }

    /** How many children a process has. */
    public int childCount(int row) {
        return firstChild[row + 1] - firstChild[row];
    }

    /** Row of a child, {@code nth} from 0 to below {@link #childCount}; children come in the order of their rows. */
    public int child(int row, int nth) {
        if (nth < 0 || nth >= childCount(row)) {
            throw new IndexOutOfBoundsException("no such child: row=" + row + " nth=" + nth);
        }
        return children[firstChild[row] + nth];
    }

    /** Position of a process's leader; its other threads follow. */
    public int position(int row) {
        return positions[row];
    }

    /** Row of the process that the task at {@code position} belongs to. */
    public int rowAt(int position) {
        if (position < 0 || position >= taskCount()) {
            throw new IndexOutOfBoundsException("no such position: position=" + position);
        }
        int found = Arrays.binarySearch(positions, position);
        return found >= 0 ? found : -found - 2;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof ProcessTree that && tasks.equals(that.tasks);
    }

    @Override
    public int hashCode() {
        return tasks.hashCode();
    }

    @Override
    public String toString() {
        return TreeSpec.print(this);
    }
}
