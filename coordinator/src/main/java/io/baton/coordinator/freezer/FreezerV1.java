package io.baton.coordinator.freezer;

import io.baton.task.linux.ControlGroupMount;
import java.nio.file.Path;

/**
 * A group of the v1 freezer. Its tasks stand in the kernel's refrigerator, or sleep frozen where they were asleep: in
 * neither can they be stopped by ptrace, nor be killed.
 */
final class FreezerV1 extends FreezerGroup {
    static final String STATE = "freezer.state";

    private static final String SELF = "freezer.self_freezing";
    private static final String ABOVE = "freezer.parent_freezing";
    private static final String REFRIGERATOR = "__refrigerator";

    FreezerV1(ControlGroupMount mount, Path path, String name) {
        super(mount, path, name);
    }

    @Override
    public FreezerState state() {
        return FreezerState.valueOf(read(STATE));
    }

    @Override
    public boolean isAsked() {
        return read(SELF).equals("1");
    }

    @Override
    public boolean isFrozenAbove() {
        return read(ABOVE).equals("1");
    }

    @Override
    String stateName() {
        return STATE;
    }

    @Override
    String text(boolean frozen) {
        return (frozen ? FreezerState.FROZEN : FreezerState.THAWED).name();
    }

    @Override
    boolean mayBeAwake(char state, String wchan) {
        return state == 'R' || (state == 'D' && !wchan.equals(REFRIGERATOR));
    }
}
