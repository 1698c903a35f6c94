package io.baton.coordinator.restore;

import io.baton.mktree.launch.TaskIds;
import io.baton.mktree.plan.CreationPlan;
import io.baton.mktree.plan.RestoreStage;
import io.baton.task.linux.LinuxException;
import io.baton.task.linux.ProcFs;
import io.baton.task.linux.ProcStatus;
import io.baton.task.program.Op;
import io.baton.task.segment.Segment;
import io.baton.task.segment.SlotDescriptor;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * The tasks that a stage still waits for when its time is up, those first that hold up the others: stopped by a signal or
 * a debugger, or in the middle of something. The rest sleep in the runner and only wait for them.
 */
final class LateTasks {
    private static final int MOST = 10;
    private static final int HELD = 0;
    private static final int BUSY = 1;
    private static final int WAITS = 2;

    private final Segment segment;
    private final CreationPlan plan;
    private final RestoreStage stage;
    private final FailureReport.Things things;
    private final TaskIds ids;
    private final List<Late> all = new ArrayList<>();

    /**
     * One of them.
     *
     * @param rank HELD from outside, BUSY in the middle of something, or WAITS for others
     */
    private record Late(int pid, int rank, String text) {}

    LateTasks(
            final Segment segment,
            final CreationPlan plan,
            final RestoreStage stage,
            final FailureReport.Things things,
            final TaskIds ids) {
        this.segment = segment;
        this.plan = plan;
        this.stage = stage;
        this.things = things;
        this.ids = ids;
        try (ProcFs proc = new ProcFs()) {
            for (int slot = 0; slot < plan.slotCount(); slot++) {
                if (isLate(slot)) {
                    look(proc, slot);
                }
            }
        }
        all.sort(Comparator.comparingInt(Late::rank));
    }

    /** Pid of the task most to blame; 0 when nobody is late. */
    int first() {
        return all.isEmpty() ? 0 : all.get(0).pid();
    }

    private boolean isLate(final int slot) {
        final int confirmed = segment.buffer().getInt(segment.slot(slot) + SlotDescriptor.STAGE_OFFSET);
        if (slot >= plan.taskCount()) {
            return stage.compareTo(RestoreStage.ORPHANS) <= 0 && confirmed < stage.number();
        }
        if (stage.compareTo(RestoreStage.RESTORE) <= 0) {
            // Who is to be dead ends after its turn.
            return segment.state(slot) != SlotDescriptor.STATE_DONE || things.ends(slot);
        }
        return confirmed < stage.number() && !things.ends(slot);
    }

    private void look(final ProcFs proc, final int slot) {
        final int pid = plan.task(slot).pid();
        final String who = (pid == 0 ? "the helper" : "pid " + pid) + name(pid) + ", "
                + SlotText.describe(segment, slot) + " about " + thing(slot);
        if (segment.state(slot) == SlotDescriptor.STATE_ABSENT) {
            all.add(new Late(pid, WAITS, who));
            return;
        }
        try {
            final int tid = ids.of(segment.tid(slot));
            final ProcStatus status = proc.status(tid, tid);
            if (status.state() == 'Z' && segment.state(slot) == SlotDescriptor.STATE_DONE) {
                return;
            }
            final boolean held = status.state() == 'T' || status.state() == 't' || status.state() == 'D';
            final int tracer = status.tracer();
            all.add(new Late(
                    pid,
                    held ? HELD : isWaiting(slot) ? WAITS : BUSY,
                    who + "; state " + status.state() + (tracer == 0 ? "" : ", traced by pid " + tracer) + ", wchan "
                            + proc.readText(tid, "wchan").strip()));
        } catch (final LinuxException e) {
            if (slot < plan.taskCount()) {
                all.add(new Late(pid, BUSY, who + "; gone"));
            }
        }
    }

    private String name(final int pid) {
        final String name = pid == 0 ? "" : things.name(pid);
        return name.isEmpty() ? "" : " (" + name + ")";
    }

    private String thing(final int slot) {
        final int tag = segment.buffer().getInt(segment.slot(slot) + SlotDescriptor.TAG_OFFSET);
        return things.describe(plan.task(slot).pid(), tag);
    }

    /** Asleep in the runner until others have done something. */
    private boolean isWaiting(final int slot) {
        final boolean holdsTheBaton = stage == RestoreStage.RESTORE && segment.holdsTheBaton(slot);
        final int op = SlotText.op(segment.buffer(), segment.slot(slot));
        return op == Op.AFTER || (!holdsTheBaton && (op == Op.AWAIT || op == Op.TURN));
    }

    /** A line for each that holds up the others, as many as one can read. */
    @Override
    public String toString() {
        final long culprits = all.stream().filter(late -> late.rank() < WAITS).count();
        final int told = (int) Math.min(MOST, culprits == 0 ? all.size() : culprits);
        final StringBuilder text = new StringBuilder();
        for (int i = 0; i < told; i++) {
            text.append(System.lineSeparator()).append("  ").append(all.get(i).text());
        }
        if (all.size() > told) {
            text.append(System.lineSeparator())
                    .append("  and ")
                    .append(all.size() - told)
                    .append(" more");
            text.append(told == culprits ? " that wait for others" : "");
        }
        return text.toString();
    }
}
