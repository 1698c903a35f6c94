package io.baton.coordinator.state.memory;

import io.baton.mktree.plan.CreationPlan;
import io.baton.mktree.plan.PlannedTask;
import io.baton.mktree.plan.Step;
import java.util.ArrayDeque;
import java.util.Arrays;

/** Who is forked by whom: processes, ghosts and placeholders, by slot, each with a number before those it makes. */
final class MakerTree {
    private static final int NONE = -1;

    private final int[] maker;
    private final int[] number;
    private final int[] last;
    private final int[] order;
    private int count;

    MakerTree(CreationPlan plan) {
        int slots = plan.slotCount();
        maker = new int[slots];
        number = new int[slots];
        last = new int[slots];
        order = new int[slots];
        Arrays.fill(maker, NONE);
        Arrays.fill(number, NONE);
        ArrayDeque<Integer> open = new ArrayDeque<>();
        open.push(plan.helperSlot());
        while (!open.isEmpty()) {
            int slot = open.pop();
            number[slot] = count;
            order[count] = slot;
            last[slot] = count;
            count++;
            PlannedTask task = plan.task(slot);
            for (int i = task.steps().size() - 1; i >= 0; i--) {
                if (task.steps().get(i) instanceof Step.Fork fork) {
                    maker[fork.slot()] = slot;
                    open.push(fork.slot());
                }
            }
        }
        for (int i = count - 1; i > 0; i--) {
            int above = maker[order[i]];
            last[above] = Math.max(last[above], last[order[i]]);
        }
    }

    /** How many there are. */
    int count() {
        return count;
    }

    /** The slot with that number. Makers come before those they make, and these in the order of their making. */
    int slot(int nth) {
        return order[nth];
    }

    /** Its number, -1 if it is not forked but a thread. */
    int number(int slot) {
        return number[slot];
    }

    /** The greatest number of those it makes, and those make; its own if it makes none. */
    int last(int slot) {
        return last[slot];
    }

    int maker(int slot) {
        return maker[slot];
    }

    /** Whether some tasks, of which these are the smallest and the greatest number, have a maker in common above it. */
    boolean meetAbove(int slot, int lowest, int highest) {
        return lowest < number[slot] || highest > last[slot];
    }
}
