package io.baton.coordinator.action;

import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.error.ErrorCode;
import io.baton.coordinator.progress.OperationListener;
import java.util.ArrayList;
import java.util.List;

/** All actions of one operation; remembers which have been run, because nobody can undo them. */
public final class Actions {
    private static final int FAILED = 1;

    private final List<Action> all;
    private final OperationListener listener;
    private final List<ActionPoint> passed = new ArrayList<>();

    /** Those actions, in that order at each point. */
    public Actions(final List<Action> all, final OperationListener listener) {
        this.all = List.copyOf(all);
        this.listener = listener;
    }

    public boolean areAny() {
        return !all.isEmpty();
    }

    /**
     * Runs all of them.
     *
     * @throws BatonException SCRIPT_FAILED when one fails or is late
     */
    public void run(final ActionPoint point, final ActionContext context) {
        if (all.isEmpty()) {
            return;
        }
        passed.add(point);
        for (final Action action : all) {
            final long start = System.nanoTime();
            int status = FAILED;
            try {
                action.at(point, context);
                status = 0;
            } catch (final BatonException e) {
                throw e;
            } catch (final InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new BatonException(ErrorCode.INTERRUPTED, "interrupted at " + point, "", e);
            } catch (final Exception e) {
                throw new BatonException(ErrorCode.SCRIPT_FAILED, "action at " + point + ": " + e, "", e);
            } finally {
                listener.script(point.toString(), action.toString(), status, start, System.nanoTime());
            }
        }
    }

    /** What a failed operation cannot take back, as a sentence; empty when nothing. */
    public String notUndone() {
        if (passed.isEmpty()) {
            return "";
        }
        final StringBuilder text = new StringBuilder("what the actions did is not undone: run at");
        passed.forEach(point -> text.append(' ').append(point));
        return text.toString();
    }
}
