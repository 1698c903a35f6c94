package io.baton.coordinator.restore;

import io.baton.coordinator.progress.OperationListener;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Where the time of an operation went. */
final class Laps {
    private final long start = System.nanoTime();
    private final List<String> names = new ArrayList<>();
    private final List<Long> ends = new ArrayList<>();
    private final OperationListener listener;

    Laps(final OperationListener listener) {
        this.listener = listener;
    }

    /** When the first part began. */
    long start() {
        return start;
    }

    /** Ends the part of that name; the next begins. */
    void end(final String name) {
        final long last = ends.isEmpty() ? start : ends.get(ends.size() - 1);
        final long now = System.nanoTime();
        names.add(name);
        ends.add(now);
        listener.phase(name, last, now);
    }

    /** How long the part of that name took; 0: it has not ended. */
    long nanos(final String name) {
        final int part = names.indexOf(name);
        if (part < 0) {
            return 0;
        }
        return ends.get(part) - (part == 0 ? start : ends.get(part - 1));
    }

    /** All parts in milliseconds, in a line. */
    @Override
    public String toString() {
        final StringBuilder text = new StringBuilder();
        long last = start;
        for (int i = 0; i < names.size(); i++) {
            final long micros = TimeUnit.NANOSECONDS.toMicros(ends.get(i) - last);
            text.append(i == 0 ? "" : ", ")
                    .append(names.get(i))
                    .append(' ')
                    .append(micros / 1000)
                    .append('.')
                    .append(micros / 100 % 10)
                    .append(" ms");
            last = ends.get(i);
        }
        return text.toString();
    }
}
