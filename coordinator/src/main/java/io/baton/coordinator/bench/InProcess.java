package io.baton.coordinator.bench;

import io.baton.coordinator.dump.DumpRequest;
import io.baton.coordinator.dump.Finish;
import io.baton.coordinator.dump.TreeDump;
import io.baton.coordinator.progress.OperationListener;
import io.baton.coordinator.restore.RestoreRequest;
import io.baton.coordinator.restore.TreeRestore;
import io.baton.coordinator.state.DumpOptions;
import io.baton.coordinator.state.RestoreOptions;
import io.baton.coordinator.supervision.Supervision;
import io.baton.coordinator.supervision.TimeLimits;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** Baton in this very process, on this very thread. */
final class InProcess implements Tool {
    private final BenchOptions options;

    InProcess(BenchOptions options) {
        this.options = options;
    }

    /** Hears of nothing but the coordinator's own parts, so that nothing is collected on the way. */
    private static final class Parts implements OperationListener {
        private final Map<String, Long> nanos = new LinkedHashMap<>();

        @Override
        public boolean isActive() {
            return false;
        }

        @Override
        public void phase(String name, long startNanos, long endNanos) {
            nanos.merge(name, endNanos - startNanos, Long::sum);
        }
    }

    @Override
    public String name() {
        return BenchOptions.Mode.IN_PROCESS.text();
    }

    @Override
    public boolean dumps() {
        return true;
    }

    @Override
    public Sample dump(int root, Path images) {
        Parts parts = new Parts();
        long begun = System.nanoTime();
        TreeDump.run(new DumpRequest(root, images, DumpOptions.DEFAULT, Finish.KILL, supervision(parts)));
        return new Sample(System.nanoTime() - begun, parts.nanos, 0, 0);
    }

    @Override
    public Sample restore(int root, Path images) {
        Parts parts = new Parts();
        long begun = System.nanoTime();
        TreeRestore.run(new RestoreRequest(images, RestoreOptions.DEFAULT, supervision(parts)));
        return new Sample(System.nanoTime() - begun, parts.nanos, 0, 0);
    }

    private Supervision supervision(Parts parts) {
        return Supervision.NONE
                .withLimits(TimeLimits.ofSeconds(options.timeoutSeconds(), 0))
                .withCancellation(options.cancelled())
                .withListener(parts);
    }
}
