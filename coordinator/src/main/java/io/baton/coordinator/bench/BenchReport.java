package io.baton.coordinator.bench;

import io.baton.mktree.image.JsonWriter;
import io.baton.task.linux.SystemInfo;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.HdrHistogram.Histogram;

/** All results of a run. */
public final class BenchReport {
    private static final double[] PERCENTILES = {50, 75, 90, 95, 99, 99.9};

    private final BenchOptions options;
    private final List<ShapeResult> results;

    BenchReport(BenchOptions options, List<ShapeResult> results) {
        this.options = options;
        this.results = List.copyOf(results);
    }

    /** The bars as a table; empty when there are none. */
    public String verdicts() {
        StringBuilder out = new StringBuilder();
        for (Bars.Verdict verdict : judged()) {
            Double value = verdict.value();
            out.append(String.format(
                    Locale.ROOT,
                    "%-7s %-16s %-28s %12s   %s%n",
                    verdict.isMet() ? "ok" : "MISSED",
                    verdict.bar().shape(),
                    verdict.bar().metric(),
                    value == null ? "-" : shown(verdict.bar().metric(), value),
                    verdict.bar().text()));
        }
        return out.toString();
    }

    /**
     * Throws if a bar is missed.
     *
     * @throws io.baton.coordinator.error.BatonException BENCH_FAILED
     */
    public void refuseMissed() {
        long missed = judged().stream().filter(verdict -> !verdict.isMet()).count();
        if (missed > 0) {
            throw Bars.missed(missed);
        }
    }

    private List<Bars.Verdict> judged() {
        Bars bars = options.bars();
        return bars == null ? List.of() : bars.verdicts(results);
    }

    private static String shown(String metric, double value) {
        if (metric.equals("image")) {
            return Units.size(value);
        }
        boolean plain = metric.contains("/") || metric.equals("pss") || metric.matches("handover\\.(ratio|allocated)");
        return plain ? Units.ratio(value) : Units.time(value * 1e9);
    }

    /** All that was measured, every sample. */
    public void writeJson(Appendable out) throws IOException {
        JsonWriter json = new JsonWriter(out);
        json.begin('{').name("kernel").string(SystemInfo.names().release());
        json.name("processors").literal(Runtime.getRuntime().availableProcessors());
        json.name("java").string(System.getProperty("java.vm.version", ""));
        json.name("repetitions").literal(options.repetitions());
        json.name("warmup").literal(options.warmup());
        json.name("shapes").begin('[');
        for (ShapeResult result : results) {
            write(json, result);
        }
        json.end(']').name("bars").begin('[');
        for (Bars.Verdict verdict : judged()) {
            Double value = verdict.value();
            json.begin('{').name("shape").string(verdict.bar().shape());
            json.name("metric").string(verdict.bar().metric());
            json.name("bar").string(verdict.bar().text());
            json.name("value").literal(number(value == null ? Double.NaN : value));
            json.name("ok").literal(verdict.isMet()).end('}');
        }
        json.end(']').end('}');
        out.append('\n');
    }

    private static void write(JsonWriter json, ShapeResult result) throws IOException {
        json.begin('{').name("shape").string(result.shape().text());
        json.name("processes").literal(result.processes());
        json.name("tasks").literal(result.tasks());
        json.name("image_bytes").literal(result.imageBytes());
        Floor floor = result.floor();
        if (floor != null) {
            json.name("floor_ns").begin('{').name("create").literal(number(floor.createNanos()));
            json.name("hand_over").literal(number(floor.handOverNanos()));
            json.name("read").literal(number(floor.readNanos()));
            json.name("copy").literal(number(floor.copyNanos())).end('}');
        }
        json.name("series").begin('[');
        for (Series series : result.series()) {
            write(json, series);
        }
        json.end(']').name("ratios").begin('[');
        for (Map.Entry<String, Ratios> entry : result.ratios().entrySet()) {
            write(json, entry.getKey(), entry.getValue());
        }
        if (result.handOvers() != null) {
            write(json, "handover.baton", result.handOvers().ratio());
        }
        json.end(']').name("metrics").begin('{');
        for (Map.Entry<String, Double> metric : result.metrics().entrySet()) {
            json.name(metric.getKey()).literal(number(metric.getValue()));
        }
        json.end('}').end('}');
    }

    private static void write(JsonWriter json, Series series) throws IOException {
        json.begin('{').name("operation").string(series.operation());
        json.name("tool").string(series.tool());
        json.name("cpu_ns").literal(series.cpuNanos());
        json.name("max_rss_bytes").literal(series.mostBytes());
        json.name("total_ns");
        percentiles(json, series.total());
        json.name("stages_ns").begin('{');
        for (Map.Entry<String, Histogram> stage : series.stages().entrySet()) {
            json.name(stage.getKey());
            percentiles(json, stage.getValue());
        }
        json.end('}').name("samples_ns").begin('[');
        for (Sample sample : series.samples()) {
            json.literal(sample.nanos());
        }
        json.end(']').end('}');
    }

    private static void percentiles(JsonWriter json, Histogram histogram) throws IOException {
        json.begin('{').name("min").literal(histogram.getMinValue());
        for (double percentile : PERCENTILES) {
            String name = String.valueOf(percentile).replaceAll("\\.0$", "");
            json.name("p" + name).literal(histogram.getValueAtPercentile(percentile));
        }
        json.name("max").literal(histogram.getMaxValue());
        json.name("mean").literal(number(histogram.getMean())).end('}');
    }

    private static void write(JsonWriter json, String key, Ratios ratios) throws IOException {
        json.begin('{').name("of").string(key).name("median").literal(number(ratios.median()));
        json.name("low").literal(number(ratios.low())).name("high").literal(number(ratios.high()));
        json.name("confidence")
                .literal(number(ratios.confidence()))
                .name("pairs")
                .begin('[');
        for (double pair : ratios.pairs()) {
            json.literal(number(pair));
        }
        json.end(']').end('}');
    }

    /** JSON knows no NaN. */
    private static Object number(double value) {
        return Double.isFinite(value) ? Math.rint(value * 1e6) / 1e6 : "null";
    }
}
