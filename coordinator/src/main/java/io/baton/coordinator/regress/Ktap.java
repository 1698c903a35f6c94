package io.baton.coordinator.regress;

import java.io.PrintWriter;
import java.util.concurrent.TimeUnit;

/**
 * Outcomes in the kernel's Test Anything Protocol, version 1: {@code Documentation/dev-tools/ktap.rst}. What there is to
 * say of a check stands before its result, in diagnostic lines.
 */
public final class Ktap {
    private final PrintWriter out;
    private int number;

    /** Begins with the version and how many results there will be. */
    public Ktap(PrintWriter out, int count) {
        this.out = out;
        out.println("KTAP version 1");
        out.println("1.." + count);
        out.flush();
    }

    /** One result. */
    public void print(Outcome outcome) {
        Check check = outcome.check();
        if (outcome.isBad()) {
            out.println("# " + check.id() + ": " + check.what());
            out.println("# " + check.id() + ": " + outcome.reason());
            out.println("# " + check.id() + ": see " + check.source());
            outcome.details().forEach(line -> out.println("# " + check.id() + ": " + line));
        }
        String result = (outcome.isBad() ? "not ok " : "ok ") + ++number + " - " + check.id();
        out.println(
                switch (outcome.status()) {
                    case SKIP -> result + " # SKIP " + outcome.reason();
                    case TIMEOUT -> result + " # TIMEOUT";
                    default -> result;
                });
        out.flush();
    }

    /** The sum, as kselftest gives it. */
    public void finish(Iterable<Outcome> outcomes) {
        int ok = 0;
        int bad = 0;
        int skipped = 0;
        long nanos = 0;
        for (Outcome outcome : outcomes) {
            ok += outcome.status() == Outcome.Status.OK ? 1 : 0;
            bad += outcome.isBad() ? 1 : 0;
            skipped += outcome.status() == Outcome.Status.SKIP ? 1 : 0;
            nanos += outcome.nanos();
        }
        out.println("# Totals: pass:" + ok + " fail:" + bad + " xfail:0 xpass:0 skip:" + skipped + " error:0");
        out.println("# " + TimeUnit.NANOSECONDS.toMillis(nanos) + " ms");
        out.flush();
    }
}
