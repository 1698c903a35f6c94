package io.baton.coordinator.regress;

import io.baton.task.linux.LinuxException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Makes checks, one after the other, each in a lab and a thread of its own: what a check does to its thread (signal mask,
 * tracees, namespaces) ends with it, and one that hangs in a call is left there.
 */
public final class Suite {
    private static final long GRACE_MILLIS = 1500;
    private static final int FRAMES = 4;

    private final long limitNanos;
    private final BooleanSupplier cancelled;

    /**
     * A suite.
     *
     * @param limitNanos how long each check may take
     * @param cancelled asked before each check
     */
    public Suite(long limitNanos, BooleanSupplier cancelled) {
        this.limitNanos = limitNanos;
        this.cancelled = cancelled;
    }

    /** Makes the checks in their order, and tells each outcome at once. */
    public List<Outcome> run(List<Check> checks, Consumer<Outcome> listener) {
        List<Outcome> outcomes = new ArrayList<>();
        for (Check check : checks) {
            if (cancelled.getAsBoolean()) {
                break;
            }
            Outcome outcome = run(check);
            outcomes.add(outcome);
            listener.accept(outcome);
        }
        return outcomes;
    }

    /** Makes one check. */
    public Outcome run(Check check) {
        long begun = System.nanoTime();
        Lab lab = new Lab(begun + limitNanos);
        Attempt attempt = new Attempt(check, lab);
        Thread hook = new Thread(lab::end, "regress-undo");
        Runtime.getRuntime().addShutdownHook(hook);
        Thread thread = new Thread(attempt, "check " + check.id());
        thread.setDaemon(true);
        thread.start();
        boolean inTime = join(thread, TimeUnit.NANOSECONDS.toMillis(limitNanos) + GRACE_MILLIS);
        List<String> where = inTime ? List.of() : giveUp(thread, lab);
        forget(hook);
        long nanos = System.nanoTime() - begun;
        return inTime
                ? outcome(check, attempt.error, nanos)
                : new Outcome(check, Outcome.Status.TIMEOUT, "timeout, in a call that does not return", where, nanos);
    }

    /** Ends its tasks, which may end the call it is in; else the thread is left there. */
    private static List<String> giveUp(Thread thread, Lab lab) {
        List<String> where = new ArrayList<>();
        Arrays.stream(thread.getStackTrace()).limit(FRAMES).forEach(frame -> where.add("at " + frame));
        try {
            lab.end();
        } catch (RuntimeException e) {
            where.add("and it leaves something behind: " + e.getMessage());
        }
        thread.interrupt();
        join(thread, GRACE_MILLIS);
        return where;
    }

    private static void forget(Thread hook) {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // We are being ended; then it is needed.
        }
    }

    private static @Nullable Throwable close(Lab lab) {
        try {
            lab.close();
            return null;
        } catch (RuntimeException e) {
            return e;
        }
    }

    private static Outcome outcome(Check check, @Nullable Throwable error, long nanos) {
        if (error == null) {
            return new Outcome(check, Outcome.Status.OK, "", List.of(), nanos);
        }
        String reason = String.valueOf(error.getMessage()).replace('\n', ' ');
        if (error instanceof CheckSkipped) {
            return new Outcome(check, Outcome.Status.SKIP, reason, List.of(), nanos);
        }
        List<String> where = new ArrayList<>();
        for (StackTraceElement frame : error.getStackTrace()) {
            if (frame.getClassName().startsWith(Suite.class.getPackageName() + ".checks") && where.size() < FRAMES) {
                where.add("at " + frame);
            }
        }
        if (error instanceof CheckFailure failure) {
            Outcome.Status status = failure.isTimeout() ? Outcome.Status.TIMEOUT : Outcome.Status.FAIL;
            return new Outcome(check, status, reason, where, nanos);
        }
        String kind = error instanceof LinuxException ? "" : error.getClass().getSimpleName() + ": ";
        return new Outcome(check, Outcome.Status.FAIL, kind + reason, where, nanos);
    }

    private static boolean join(Thread thread, long millis) {
        try {
            thread.join(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return !thread.isAlive();
    }

    /** A check in its thread. The lab is closed here, if it is at all: nobody else knows when its memory is looked at. */
    private static final class Attempt implements Runnable {
        private final Check check;
        private final Lab lab;
        private volatile @Nullable Throwable error;

        Attempt(Check check, Lab lab) {
            this.check = check;
            this.lab = lab;
        }

        @Override
        @SuppressWarnings("IllegalCatch") // whatever a check throws is its outcome
        public void run() {
            try {
                check.body().run(lab);
            } catch (RuntimeException | Error e) {
                error = e;
            }
            Throwable ending = close(lab);
            if (error == null) {
                error = ending;
            }
        }
    }
}
