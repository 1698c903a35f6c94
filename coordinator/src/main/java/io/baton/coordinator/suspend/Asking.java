package io.baton.coordinator.suspend;

import io.baton.coordinator.progress.SuspendOutcome;
import io.baton.coordinator.ptrace.Deadline;
import io.baton.task.linux.Futex;
import io.baton.task.linux.ProcFs;
import io.baton.task.linux.ProcStat;
import io.baton.task.linux.VanishedException;
import io.baton.task.suspend.SuspendDescriptor;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Gives each process its turn and waits for what it says. One thread for all of them: it sleeps on up to 128 of their words at
 * once; with more it also looks at all of them every few milliseconds, which costs a memory access each.
 */
final class Asking {
    private static final long TICK_NANOS = 50_000_000;
    private static final long CROWD_TICK_NANOS = 2_000_000;
    /** So many times somebody may wake us for nothing before we sleep whatever he does. */
    private static final int PATIENCE = 64;

    private static final long REST_NANOS = 1_000_000;
    /** Processes looked at in each tick for whether they are still there. */
    private static final int LOOKS = 64;

    private static final int ROUND_LIMIT = 1 << (Integer.SIZE - SuspendDescriptor.STATE_BITS);

    private final List<AskedProcess> processes;
    private final Holds holds;
    private final SuspendOptions options;
    private final Deadline deadline;
    private final ProcFs proc;
    private final Deque<AskedProcess> next = new ArrayDeque<>();
    private final List<AskedProcess> asked = new ArrayList<>();
    private final long[] addresses = new long[Futex.MOST_WORDS];
    private final int[] words = new int[Futex.MOST_WORDS];
    private int looked;

    Asking(List<AskedProcess> processes, Holds holds, SuspendOptions options, Deadline deadline, ProcFs proc) {
        this.processes = processes;
        this.holds = holds;
        this.options = options;
        this.deadline = deadline;
        this.proc = proc;
    }

    /** Until all turns are over. */
    void run() {
        long begun = System.nanoTime();
        // Who does not answer must not make the whole operation fail.
        long end = begun + (deadline.nanos() - begun) / 2;
        for (AskedProcess process : processes) {
            process.awaits(predecessors(process));
        }
        for (AskedProcess process : processes) {
            if (process.mayStart()) {
                next.add(process);
            }
        }
        int fruitless = 0;
        while (startNext() && System.nanoTime() - end < 0) {
            if (asked.removeIf(this::isOver)) {
                fruitless = 0;
                continue;
            }
            deadline.check("processes to suspend themselves");
            asked.removeIf(this::isLate);
            findEnded();
            sleep(end);
            if (++fruitless > PATIENCE) {
                LockSupport.parkNanos(REST_NANOS);
            }
        }
        giveUp();
    }

    private int predecessors(AskedProcess process) {
        return switch (options.order()) {
            case PARENTS_FIRST -> process.parent() == null ? 0 : 1;
            case CHILDREN_FIRST -> process.children().size();
            case ALL_AT_ONCE -> 0;
        };
    }

    /** Tells all whose turn it is; whether there is anybody to wait for. */
    private boolean startNext() {
        for (AskedProcess process = next.poll(); process != null; process = next.poll()) {
            SuspendPage page = process.page();
            long now = System.nanoTime();
            if (page == null || process.hasProblem()) {
                process.passed(now, "");
                after(process);
            } else {
                process.started(roundAfter(page.round()), now);
                page.start(process.round(), holds.add(page));
                asked.add(process);
            }
        }
        return !asked.isEmpty();
    }

    private static int roundAfter(int last) {
        int round;
        do {
            round = ThreadLocalRandom.current().nextInt(1, ROUND_LIMIT);
        } while (round == last);
        return round;
    }

    /** Its turn is over. */
    private void after(AskedProcess process) {
        AskedProcess parent = process.parent();
        if (options.order() == SuspendOrder.PARENTS_FIRST) {
            for (AskedProcess child : process.children()) {
                oneLess(child);
            }
        } else if (options.order() == SuspendOrder.CHILDREN_FIRST && parent != null) {
            oneLess(parent);
        }
    }

    private void oneLess(AskedProcess process) {
        if (process.oneLess()) {
            next.add(process);
        }
    }

    private void over(AskedProcess process, SuspendOutcome outcome, String reason) {
        process.over(outcome, reason, System.nanoTime());
        after(process);
    }

    private static @Nullable SuspendOutcome answer(AskedProcess process, SuspendPage page) {
        int word = page.stateWord();
        if (!SuspendDescriptor.isOf(word, process.round())) {
            return null;
        }
        return switch (SuspendDescriptor.state(word)) {
            case SuspendDescriptor.COMPLETED -> SuspendOutcome.COMPLETED;
            case SuspendDescriptor.POSTPONED -> SuspendOutcome.POSTPONED;
            default -> null;
        };
    }

    private boolean isOver(AskedProcess process) {
        SuspendPage page = process.askedPage();
        SuspendOutcome outcome = answer(process, page);
        if (outcome == null) {
            return false;
        }
        over(process, outcome, outcome == SuspendOutcome.POSTPONED ? page.reason() : "");
        return true;
    }

    private boolean isLate(AskedProcess process) {
        if (System.nanoTime() - process.start() < options.limitNanos()) {
            return false;
        }
        over(process, SuspendOutcome.TIMED_OUT, "");
        return true;
    }

    /** Looks at some of them, each time at others. */
    private void findEnded() {
        for (int i = 0; i < LOOKS && looked < asked.size(); i++) {
            AskedProcess process = asked.get(looked);
            if (isThere(process)) {
                looked++;
            } else {
                asked.remove(looked);
                over(process, SuspendOutcome.ENDED, "");
            }
        }
        if (looked >= asked.size()) {
            looked = 0;
        }
    }

    private boolean isThere(AskedProcess process) {
        try {
            ProcStat stat = proc.stat(process.pid());
            return stat.startTime() == process.startTime() && !(stat.isZombie() && stat.threads() <= 1);
        } catch (VanishedException e) {
            return false;
        }
    }

    private void sleep(long end) {
        if (asked.isEmpty() || !next.isEmpty()) {
            return;
        }
        boolean crowd = asked.size() > Futex.MOST_WORDS;
        long until = Math.min(System.nanoTime() + (crowd ? CROWD_TICK_NANOS : TICK_NANOS), end);
        for (AskedProcess process : asked) {
            until = Math.min(until, process.start() + options.limitNanos());
        }
        int count = Math.min(asked.size(), Futex.MOST_WORDS);
        for (int i = 0; i < count; i++) {
            AskedProcess process = asked.get(i);
            SuspendPage page = process.askedPage();
            addresses[i] = page.stateAddress();
            words[i] = page.stateWord();
            if (answer(process, page) != null) {
                return;
            }
        }
        if (!Futex.waitAny(addresses, words, count, until)) {
            LockSupport.parkNanos(Math.min(CROWD_TICK_NANOS, until - System.nanoTime()));
        }
    }

    /** No time is left for who is not ready. */
    private void giveUp() {
        long now = System.nanoTime();
        asked.removeIf(this::isOver);
        for (AskedProcess process : asked) {
            process.over(SuspendOutcome.TIMED_OUT, "", now);
        }
        for (AskedProcess process : processes) {
            if (process.turn() == null) {
                process.passed(now, "no time was left");
            }
        }
    }
}
