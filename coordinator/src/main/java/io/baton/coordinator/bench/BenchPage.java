package io.baton.coordinator.bench;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;

/** The results as a page for a browser; all in one file, and nothing is fetched. */
public final class BenchPage {
    private BenchPage() {}

    /** The page. */
    public static String of(BenchReport report) throws IOException {
        StringBuilder json = new StringBuilder();
        report.writeJson(json);
        // Nothing in the data may end the script it stands in.
        return resource("bench.html")
                .replace("/*style*/", resource("bench.css"))
                .replace("/*script*/", resource("bench.js"))
                .replace("/*data*/", json.toString().replace("<", "\\u003c"));
    }

    private static String resource(String name) throws IOException {
        try (InputStream stream = BenchPage.class.getResourceAsStream(name)) {
            if (stream == null) {
                throw new IOException("not in the jar: " + name);
            }
            return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
