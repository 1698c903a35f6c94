package io.baton.coordinator.freezer;

import io.baton.task.linux.ControlGroupMount;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A group of the one v2 hierarchy. Its tasks stand in a trap as if stopped by a signal; ptrace can take them from there, and
 * they can be killed.
 */
final class FreezerV2 extends FreezerGroup {
    static final String STATE = "cgroup.freeze";

    private static final String EVENTS = "cgroup.events";
    private static final String FROZEN = "frozen 1";

    FreezerV2(ControlGroupMount mount, Path path, String name) {
        super(mount, path, name);
    }

    @Override
    public FreezerState state() {
        if (read(EVENTS).lines().anyMatch(FROZEN::equals)) {
            return FreezerState.FROZEN;
        }
        return isAsked() ? FreezerState.FREEZING : FreezerState.THAWED;
    }

    @Override
    public boolean isAsked() {
        return read(STATE).equals("1");
    }

    /** {@code cgroup.events} would not do: of a group that has groups below, it lags behind. */
    @Override
    public boolean isFrozenAbove() {
        for (Path above = path().getParent(); above != null; above = above.getParent()) {
            Path file = above.resolve(STATE);
            if (!Files.exists(file)) {
                return false; // the root of the hierarchy
            }
            if (read(file.toString()).equals("1")) {
                return true;
            }
        }
        return false;
    }

    @Override
    String stateName() {
        return STATE;
    }

    @Override
    String text(boolean frozen) {
        return frozen ? "1" : "0";
    }

    @Override
    boolean mayBeAwake(char state, String wchan) {
        return state == 'D' || state == 'R'; // the frozen ones are in S
    }
}
