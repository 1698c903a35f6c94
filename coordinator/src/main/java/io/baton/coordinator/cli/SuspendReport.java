package io.baton.coordinator.cli;

import io.baton.coordinator.progress.OperationListener;
import io.baton.coordinator.progress.SuspendTurn;
import io.baton.mktree.image.JsonWriter;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Keeps what has become of each process that was asked before a dump, for the outcome in JSON. */
final class SuspendReport implements OperationListener {
    private final List<SuspendTurn> turns = new ArrayList<>();

    @Override
    public void suspended(SuspendTurn turn) {
        turns.add(turn);
    }

    /** An array, an object for each process; nothing if nobody had registered. */
    void write(JsonWriter json) throws IOException {
        if (turns.isEmpty()) {
            return;
        }
        json.name("suspend").begin('[');
        for (SuspendTurn turn : turns) {
            json.begin('{').name("pid").literal(turn.pid());
            json.name("called").literal(turn.called());
            json.name("outcome").string(turn.outcome().toString());
            json.name("micros").literal(TimeUnit.NANOSECONDS.toMicros(turn.endNanos() - turn.startNanos()));
            if (!turn.reason().isEmpty()) {
                json.name("reason").string(turn.reason());
            }
            json.end('}');
        }
        json.end(']');
    }
}
