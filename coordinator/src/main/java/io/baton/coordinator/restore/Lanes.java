package io.baton.coordinator.restore;

import io.baton.coordinator.state.StateKind;
import io.baton.coordinator.state.StateKinds;
import io.baton.coordinator.state.TaskOrder;
import io.baton.mktree.image.proto.PstreeEntry;
import io.baton.mktree.tree.TreeFromImage;
import io.baton.task.segment.HeaderDescriptor;
import io.baton.task.segment.Segment;
import java.util.Arrays;
import java.util.List;
import org.agrona.collections.Int2IntHashMap;

/**
 * Which task has whose baton, and who gets it then. In saved order there is one lane, and the baton goes round as it did
 * when the tree was saved. In parallel there is one for each core: a process and its threads go by the same lane, and each
 * lane's baton goes round by itself in saved order. Who takes something from another waits for that one's turn to end; a
 * process that {@linkplain StateKind#needsOrder needs order} waits for all before it, and all after it wait for it.
 */
final class Lanes implements TaskOrder {
    /** Below so many processes for each there is nothing to win. */
    private static final int SHORTEST = 4;

    private final int count;
    /** Of each position. */
    private final int[] lanes;
    /** Of each row of the tree: the positions it has to wait for as a whole. */
    private final int[][] awaited;
    /** Of each lane; -1 if it has none. */
    private final int[] heads;

    private final int[] next;
    private final Int2IntHashMap positions = new Int2IntHashMap(NOBODY);

    private Lanes(final int count, final int tasks, final int rows) {
        this.count = count;
        this.lanes = new int[tasks];
        this.next = new int[tasks];
        this.heads = new int[count];
        this.awaited = new int[rows][];
        Arrays.fill(awaited, new int[0]);
        Arrays.fill(next, tasks);
        Arrays.fill(heads, NOBODY);
    }

    /** One baton for all. */
    static Lanes saved(final SavedTree tree) {
        return of(tree.entries(), 1, entry -> false);
    }

    /** As the user wants it. */
    static Lanes of(final Order order, final SavedTree tree, final Processes processes) {
        final int rows = tree.entries().size();
        final int cores = Runtime.getRuntime().availableProcessors();
        final int wanted = Math.min(Math.min(cores, HeaderDescriptor.LANE_COUNT), rows / SHORTEST);
        if (order == Order.SAVED || wanted < 2) {
            return saved(tree);
        }
        return of(tree.entries(), wanted, entry -> {
            if (TreeFromImage.isZombie(tree.entries().get(entry))) {
                return false;
            }
            final SavedProcess process = processes.process(entry);
            if (!process.isFirstOfTable() || !process.isLastOfTable()) {
                return true; // whoever opens something has the numbers of the others in mind
            }
            final List<StateKind> kinds = StateKinds.ALL;
            for (int i = 0; i < kinds.size(); i++) {
                if (kinds.get(i).needsOrder(process)) {
                    return true;
                }
            }
            return false;
        });
    }

    /** Whether a row of the tree needs order. */
    interface Ordered {
        boolean test(int entry);
    }

    /** Deals rows out, each to the lane that has the fewest tasks yet. */
    static Lanes of(final List<PstreeEntry> entries, final int count, final Ordered ordered) {
        int tasks = 0;
        for (final PstreeEntry entry : entries) {
            tasks += entry.getThreadsCount();
        }
        final Lanes lanes = new Lanes(count, tasks, entries.size());
        final int[] dealt = new int[count];
        final int[] last = new int[count];
        Arrays.fill(last, NOBODY);
        int first = 0;
        int barrier = NOBODY; // the last task of the last row that needed order
        for (int entry = 0; entry < entries.size(); entry++) {
            int lane = 0;
            for (int other = 1; other < count; other++) {
                lane = dealt[other] < dealt[lane] ? other : lane;
            }
            final int threads = entries.get(entry).getThreadsCount();
            final int end = first + threads - 1;
            if (ordered.test(entry)) {
                lanes.awaited[entry] = others(last, lane);
                barrier = end;
            } else if (barrier != NOBODY && lanes.lanes[barrier] != lane) {
                lanes.awaited[entry] = new int[] {barrier};
            }
            for (int position = first; position <= end; position++) {
                lanes.append(lane, last[lane], position);
                last[lane] = position;
                if (count > 1) {
                    lanes.positions.put(entries.get(entry).getThreads(position - first), position);
                }
            }
            dealt[lane] += threads;
            first += threads;
        }
        return lanes;
    }

    private static int[] others(final int[] last, final int lane) {
        final int[] others = new int[last.length];
        int found = 0;
        for (int other = 0; other < last.length; other++) {
            if (other != lane && last[other] != NOBODY) {
                others[found++] = last[other];
            }
        }
        return Arrays.copyOf(others, found);
    }

    private void append(final int lane, final int before, final int position) {
        lanes[position] = lane;
        if (before == NOBODY) {
            heads[lane] = position;
        } else {
            next[before] = position;
        }
    }

    int count() {
        return count;
    }

    int lane(final int position) {
        return lanes[position];
    }

    /** Positions that all of a row waits for before it begins. */
    int[] awaitedBy(final int entry) {
        return awaited[entry];
    }

    @Override
    public int awaited(final int position, final int task) {
        if (count == 1) {
            return NOBODY;
        }
        final int other = positions.get(task);
        return other == NOBODY || other >= position || lanes[other] == lanes[position] ? NOBODY : other;
    }

    /** Tells the tasks. Before the helper starts. */
    void writeTo(final Segment segment) {
        if (count > 1) {
            for (int position = 0; position < next.length; position++) {
                segment.route(position, lanes[position], next[position]);
            }
        }
    }

    /** Hands each lane its baton. */
    void start(final Segment segment) {
        for (final int head : heads) {
            if (head != NOBODY) {
                segment.handOver(head);
            }
        }
    }
}
