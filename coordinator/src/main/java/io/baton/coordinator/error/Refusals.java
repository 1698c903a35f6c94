package io.baton.coordinator.error;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Collects all reasons, so that the user hears them at once and not one per try. */
public final class Refusals {
    private final List<Refusal> all = new ArrayList<>();

    public void add(final int pid, final String object, final String reason, final String remedy) {
        all.add(new Refusal(pid, object, reason, remedy));
    }

    public boolean isEmpty() {
        return all.isEmpty();
    }

    public List<Refusal> all() {
        return Collections.unmodifiableList(all);
    }

    /** Throws {@link ErrorCode#UNSUPPORTED}, a line for each reason, unless there is none. */
    public void throwIfAny(final String operation) {
        if (all.isEmpty()) {
            return;
        }
        final StringBuilder text = new StringBuilder(operation).append(" refused:");
        for (final Refusal refusal : all) {
            text.append(System.lineSeparator()).append("  ").append(refusal);
        }
        throw new BatonException(text.toString(), all);
    }
}
