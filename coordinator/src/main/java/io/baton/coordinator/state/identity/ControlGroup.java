package io.baton.coordinator.state.identity;

import io.baton.coordinator.state.StateKind;
import io.baton.coordinator.state.ThreadCapture;

/**
 * The control groups a thread is in: not saved. CRIU wants a number in every core entry all the same; it takes this one
 * for "where restore is called from" when the image has no {@code cgroup.img}.
 */
public final class ControlGroup implements StateKind {
    private static final int SET = 1;

    @Override
    public String name() {
        return "control group";
    }

    @Override
    public void captureThread(ThreadCapture capture) {
        capture.core().getThreadCoreBuilder().setCgSet(SET);
    }
}
