package io.baton.coordinator.restore;

import io.baton.task.program.ProgramBuilder;
import io.baton.task.segment.Segment;

/** The context rings of a segment, as contexts' way to the tasks. */
final class RingOutlet implements ContextStream.Outlet {
    private final Segment segment;

    private final Lanes lanes;

    RingOutlet(final Segment segment, final Lanes lanes) {
        this.segment = segment;
        this.lanes = lanes;
    }

    @Override
    public boolean offer(final ProgramBuilder block, final int position, final int flags) {
        return segment.contexts(lanes.lane(position)).offer(block, position, flags);
    }

    @Override
    public int longestBlock() {
        return segment.contexts().longestBlock();
    }

    @Override
    public int longestKept() {
        return segment.layout().longestKept();
    }
}
