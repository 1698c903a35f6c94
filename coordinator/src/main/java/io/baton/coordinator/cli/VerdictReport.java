package io.baton.coordinator.cli;

import io.baton.coordinator.dump.TreeCheck;
import io.baton.coordinator.dump.Verdict;
import io.baton.coordinator.error.Refusal;
import io.baton.mktree.image.JsonWriter;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.util.Locale;

/** The verdicts on a live tree: as a table, the worst last where it is seen, or as one JSON object. */
final class VerdictReport {
    private static final String ROW = "%7s  %-12s  %-24s  %s%n";

    private VerdictReport() {}

    static void table(int root, TreeCheck check, PrintWriter out) {
        out.printf(ROW, "PID", "VERDICT", "KIND", "OBJECT");
        for (Verdict.Sort sort : Verdict.Sort.values()) {
            for (Verdict verdict : check.verdicts()) {
                if (verdict.sort() == sort) {
                    row(verdict, out);
                }
            }
        }
        long refused = check.verdicts().stream()
                .filter(one -> one.sort() == Verdict.Sort.REFUSED)
                .count();
        long optional = check.verdicts().stream()
                .filter(one -> one.sort() == Verdict.Sort.NEEDS_OPTION)
                .count();
        out.printf(
                "pid %d: %s: %d objects, %d need an option, %d refused; stopped for %d us%n",
                root,
                check.isDumpable() ? "can be dumped" : "cannot be dumped",
                check.verdicts().size(),
                optional,
                refused,
                check.micros());
        out.flush();
    }

    private static void row(Verdict verdict, PrintWriter out) {
        String word = verdict.sort() == Verdict.Sort.NEEDS_OPTION ? "needs option" : word(verdict);
        out.printf(
                ROW,
                verdict.object().pid(),
                word,
                verdict.object().kind(),
                verdict.object().name());
        for (Refusal reason : verdict.reasons()) {
            String remedy = reason.remedy().isEmpty() ? "" : " (" + reason.remedy() + ")";
            out.printf("%9s%s%s%n", "", reason.reason(), remedy);
        }
    }

    private static String word(Verdict verdict) {
        return verdict.sort().name().toLowerCase(Locale.ROOT);
    }

    /** Its fields are described in docs/state.md. */
    static void json(int root, TreeCheck check, PrintWriter out) {
        JsonWriter json = new JsonWriter(out);
        try {
            json.begin('{').name("root").literal(root);
            json.name("dumpable").literal(check.isDumpable());
            json.name("stopped_micros").literal(check.micros());
            json.name("objects").begin('[');
            for (Verdict verdict : check.verdicts()) {
                object(verdict, json);
            }
            json.end(']').end('}');
        } catch (IOException e) {
            throw new UncheckedIOException(e); // a PrintWriter throws none
        }
        out.println();
        out.flush();
    }

    private static void object(Verdict verdict, JsonWriter json) throws IOException {
        json.begin('{').name("pid").literal(verdict.object().pid());
        json.name("kind").string(verdict.object().kind());
        json.name("object").string(verdict.object().name());
        json.name("verdict").string(word(verdict));
        if (!verdict.reasons().isEmpty()) {
            json.name("reasons").begin('[');
            for (Refusal reason : verdict.reasons()) {
                json.begin('{').name("reason").string(reason.reason());
                json.name("remedy").string(reason.remedy());
                if (!Verdict.option(reason).isEmpty()) {
                    json.name("option").string(Verdict.option(reason));
                }
                json.end('}');
            }
            json.end(']');
        }
        json.end('}');
    }
}
