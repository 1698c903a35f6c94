package io.baton.coordinator.dump;

import io.baton.coordinator.progress.OperationListener;
import io.baton.coordinator.progress.TaskEvent;
import io.baton.coordinator.ptrace.Ask;
import io.baton.coordinator.ptrace.AskRunner;
import io.baton.coordinator.ptrace.SeizedProcess;
import io.baton.coordinator.ptrace.SeizedThread;
import io.baton.coordinator.ptrace.SeizedTree;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Future;

/**
 * Captures a tree some processes at a time, each batch in three steps: the kinds look (a helper does that), the tasks are
 * asked (by us, the tracer), the files are written (by another helper). So three batches are on their way at once, and
 * what is in memory of the image does not grow with the tree.
 */
final class CapturePipeline {
    /** Processes captured at once. */
    private static final int BATCH = 16;

    private final SeizedTree tree;
    private final DumpRequest request;
    private final CapturedTree image;
    private final ImageOutput output;
    private final List<List<SeizedProcess>> batches = new ArrayList<>();

    CapturePipeline(SeizedTree tree, DumpRequest request, CapturedTree image, ImageOutput output) {
        this.tree = tree;
        this.request = request;
        this.image = image;
        this.output = output;
    }

    /** Captures and writes all. */
    void run(AskRunner runner) throws IOException {
        split();
        boolean small = batches.size() == 1;
        try (Helpers capturing = new Helpers("capture", small);
                Helpers writing = new Helpers("write", small)) {
            Future<List<CapturedProcess>> next = begin(0, capturing);
            Future<?> written = null;
            for (int i = 0; i < batches.size(); i++) {
                List<CapturedProcess> batch = Helpers.get(next);
                if (i + 1 < batches.size()) {
                    next = begin(i + 1, capturing);
                }
                ask(batch, runner);
                if (written != null) {
                    Helpers.get(written); // one batch may wait, not more
                }
                written = writing.submit(() -> write(batch));
            }
            if (written != null) {
                Helpers.get(written);
            }
        }
    }

    private void split() throws IOException {
        List<SeizedProcess> batch = new ArrayList<>(BATCH);
        for (SeizedProcess process : tree.processes()) {
            output.addRow(process);
            if (process.isZombie()) {
                output.writeZombie(process);
                continue;
            }
            if (batch.size() == BATCH) {
                batches.add(batch);
                batch = new ArrayList<>(BATCH);
            }
            batch.add(process);
        }
        batches.add(batch);
    }

    private Future<List<CapturedProcess>> begin(int index, Helpers capturing) {
        List<SeizedProcess> batch = batches.get(index);
        request.deadline().check("the capture of " + batch.get(0));
        for (SeizedProcess process : batch) {
            for (SeizedThread thread : process.threads()) {
                thread.prefetch();
            }
        }
        return capturing.submit(() -> capture(batch));
    }

    private List<CapturedProcess> capture(List<SeizedProcess> batch) {
        List<CapturedProcess> captured = new ArrayList<>(batch.size());
        for (SeizedProcess process : batch) {
            process.openMemory();
            CapturedProcess capture = new CapturedProcess(process, request.options(), image);
            capture.capture();
            captured.add(capture);
        }
        return captured;
    }

    private void ask(List<CapturedProcess> batch, AskRunner runner) {
        long start = System.nanoTime();
        List<Ask> asks = new ArrayList<>();
        for (CapturedProcess process : batch) {
            process.addAsks(asks);
        }
        runner.run(asks);
        for (CapturedProcess process : batch) {
            process.answered();
        }
        runner.finish();
        for (CapturedProcess process : batch) {
            process.closeMemory();
        }
        OperationListener listener = request.supervision().listener();
        if (listener.isActive()) {
            long end = System.nanoTime();
            for (CapturedProcess process : batch) {
                listener.task(TaskEvent.CAPTURED, process.pid(), start, end);
            }
        }
    }

    private Void write(List<CapturedProcess> batch) throws IOException {
        for (CapturedProcess process : batch) {
            output.write(process.image());
        }
        return null;
    }
}
