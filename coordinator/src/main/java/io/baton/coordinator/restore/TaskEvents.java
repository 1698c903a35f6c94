package io.baton.coordinator.restore;

import io.baton.coordinator.progress.OperationListener;
import io.baton.coordinator.progress.TaskEvent;
import io.baton.mktree.plan.CreationPlan;
import io.baton.task.segment.EventDescriptor;
import io.baton.task.segment.MessageType;
import io.baton.task.segment.Segment;
import io.baton.task.segment.SlotDescriptor;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.MessageHandler;

/** Tells a listener what the tasks have put into the event ring. If nobody listens, it stays there. */
final class TaskEvents {
    private final Segment segment;
    private final CreationPlan plan;
    private final OperationListener listener;
    private final MessageHandler handler = this::onEvent;

    TaskEvents(final Segment segment, final CreationPlan plan, final OperationListener listener) {
        this.segment = segment;
        this.plan = plan;
        this.listener = listener;
    }

    /** Tells all there is. */
    void tell() {
        if (listener.isActive()) {
            int told;
            do {
                told = segment.events().read(handler); // ends where the ring wraps
            } while (told > 0);
        }
    }

    private void onEvent(final int type, final MutableDirectBuffer buffer, final int index, final int length) {
        final int slot = buffer.getInt(index + EventDescriptor.SLOT_OFFSET);
        if (slot < 0 || slot >= plan.taskCount()) {
            return; // of ghosts and placeholders
        }
        final long time = buffer.getLong(index + EventDescriptor.TIME_OFFSET);
        final int pid = plan.task(slot).pid();
        switch (type) {
            case MessageType.ARRIVED -> listener.task(TaskEvent.ARRIVED, pid, time, time);
            case MessageType.DONE -> {
                final int at = segment.slot(slot);
                listener.task(
                        TaskEvent.RESTORED,
                        pid,
                        segment.buffer().getLong(at + SlotDescriptor.START_OFFSET),
                        segment.buffer().getLong(at + SlotDescriptor.END_OFFSET));
            }
            default -> listener.task(TaskEvent.FAILED, pid, time, time);
        }
    }
}
