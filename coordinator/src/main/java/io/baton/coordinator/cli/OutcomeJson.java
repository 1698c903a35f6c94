package io.baton.coordinator.cli;

import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.error.Details;
import io.baton.coordinator.error.Refusal;
import io.baton.mktree.image.JsonWriter;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.util.concurrent.TimeUnit;

/** How an operation ended, for programs: one JSON object. docs/errors.md describes its fields. */
final class OutcomeJson {
    private final JsonWriter json;

    private OutcomeJson(final PrintWriter out) {
        this.json = new JsonWriter(out);
    }

    /** All went well; root is the pid of the tree's root. */
    static void success(final PrintWriter out, final String operation, final int root, final long startNanos) {
        success(out, operation, root, startNanos, json -> {});
    }

    /** The same, with what more there is to say. */
    static void success(
            final PrintWriter out, final String operation, final int root, final long startNanos, final More more) {
        print(out, outcome -> {
            outcome.field("operation", operation);
            outcome.field("root", root);
            outcome.field("micros", TimeUnit.NANOSECONDS.toMicros(System.nanoTime() - startNanos));
            more.write(outcome.json);
        });
    }

    /** Adds fields. */
    interface More {
        void write(JsonWriter json) throws IOException;
    }

    /** It failed. */
    static void failure(final PrintWriter out, final BatonException failure) {
        print(out, outcome -> outcome.describe(failure));
    }

    private interface Body {
        void write(OutcomeJson outcome) throws IOException;
    }

    private static void print(final PrintWriter out, final Body body) {
        final OutcomeJson outcome = new OutcomeJson(out);
        try {
            outcome.json.begin('{');
            body.write(outcome);
            outcome.json.end('}');
        } catch (final IOException e) {
            throw new UncheckedIOException(e); // a PrintWriter throws none
        }
        out.println();
        out.flush();
    }

    private void describe(final BatonException failure) throws IOException {
        final Details details = failure.details();
        field("error", failure.code().name());
        field("exit", failure.code().exitStatus());
        field("message", failure.message());
        field("remedy", failure.remedy());
        if (details.pid() != 0) {
            field("pid", details.pid());
        }
        known("stage", details.stage());
        known("item", details.item());
        known("call", details.call());
        known("errno", details.errno());
        if (!failure.refusals().isEmpty()) {
            json.name("refusals").begin('[');
            for (final Refusal refusal : failure.refusals()) {
                json.begin('{');
                field("pid", refusal.pid());
                field("object", refusal.object());
                field("reason", refusal.reason());
                field("remedy", refusal.remedy());
                json.end('}');
            }
            json.end(']');
        }
    }

    private void field(final String name, final String value) throws IOException {
        json.name(name).string(value);
    }

    private void field(final String name, final long value) throws IOException {
        json.name(name).literal(value);
    }

    private void known(final String name, final String value) throws IOException {
        if (!value.isEmpty()) {
            field(name, value);
        }
    }
}
