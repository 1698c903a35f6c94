package io.baton.coordinator.bench;

import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.error.ErrorCode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What results are held against: a text with a line for each bar, such as {@code star:1000 restore.cold <= 0.35s}; what
 * follows a # is a comment.
 */
public final class Bars {
    /** The bars that come with Baton, by name. */
    public static final String SCALE = "scale";

    private static final Pattern LINE = Pattern.compile("(\\S+)\\s+(\\S+)\\s*(<=|>=)\\s*([0-9.]+)([A-Za-z]*)");

    /** One of them; the limit in s, bytes, or a plain number. */
    record Bar(String shape, String metric, boolean atMost, double limit, String text) {
        boolean isMet(double value) {
            return atMost ? value <= limit : value >= limit;
        }
    }

    /** A bar and what was measured; null: nothing of that name was. */
    record Verdict(Bar bar, @Nullable Double value) {
        boolean isMet() {
            return value != null && bar.isMet(value);
        }
    }

    private final List<Bar> bars;

    private Bars(List<Bar> bars) {
        this.bars = bars;
    }

    /** Those of a file, or the ones that come with Baton. */
    public static Bars of(String name) throws IOException {
        if (!name.equals(SCALE)) {
            Path file = Path.of(name);
            if (!Files.isReadable(file)) {
                throw new UsageException("no bars: " + name, "give a file, or " + SCALE);
            }
            return parse(Files.readString(file));
        }
        try (InputStream stream = Bars.class.getResourceAsStream(SCALE + ".bars")) {
            if (stream == null) {
                throw new IOException("not in the jar: " + SCALE);
            }
            return parse(new String(stream.readAllBytes(), StandardCharsets.UTF_8));
        }
    }

    static Bars parse(String text) {
        List<Bar> bars = new ArrayList<>();
        for (String line : text.lines().toList()) {
            String bare = line.replaceAll("#.*", "").strip();
            if (bare.isEmpty()) {
                continue;
            }
            Matcher found = LINE.matcher(bare);
            if (!found.matches()) {
                throw new UsageException("no bar: " + line, "SHAPE METRIC <= NUMBER[UNIT], see docs/bench.md");
            }
            Shape.parse(found.group(1));
            bars.add(new Bar(
                    found.group(1),
                    found.group(2),
                    found.group(3).equals("<="),
                    number(found.group(4), found.group(5)),
                    found.group(3) + " " + found.group(4) + found.group(5)));
        }
        return new Bars(bars);
    }

    private static double number(String digits, String unit) {
        try {
            return Double.parseDouble(digits)
                    * switch (unit) {
                        case "", "s", "B" -> 1;
                        case "ms" -> 1e-3;
                        case "us" -> 1e-6;
                        case "ns" -> 1e-9;
                        case "MB" -> 1e6;
                        case "GB" -> 1e9;
                        default -> throw new NumberFormatException(unit);
                    };
        } catch (NumberFormatException e) {
            throw new UsageException(
                    "no number with a unit: " + digits + unit, "units: s, ms, us, ns, B, MB, GB, or none");
        }
    }

    /** The shapes they are about, each once. */
    public List<Shape> shapes() {
        return bars.stream().map(Bar::shape).distinct().map(Shape::parse).toList();
    }

    List<Verdict> verdicts(List<ShapeResult> results) {
        List<Verdict> verdicts = new ArrayList<>();
        for (Bar bar : bars) {
            for (ShapeResult result : results) {
                Map<String, Double> metrics = result.metrics();
                if (result.shape().text().equals(bar.shape())) {
                    verdicts.add(new Verdict(bar, metrics.get(bar.metric())));
                }
            }
        }
        return verdicts;
    }

    /** The end of a run that misses one. */
    static BatonException missed(long count) {
        return new BatonException(
                ErrorCode.BENCH_FAILED, count + " bars are missed", "the table above says by how much");
    }
}
