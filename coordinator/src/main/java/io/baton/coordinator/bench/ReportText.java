package io.baton.coordinator.bench;

import java.util.Locale;
import java.util.Map;
import org.HdrHistogram.Histogram;

/** A shape's results for a terminal. */
final class ReportText {
    private static final String ROW = "  %-34s %9s %9s %9s %9s %9s   %s%n";
    private static final double SHORT = 0.005;

    private final StringBuilder out = new StringBuilder();
    private final ShapeResult result;

    private ReportText(ShapeResult result) {
        this.result = result;
    }

    static String of(ShapeResult result) {
        ReportText text = new ReportText(result);
        text.head();
        for (Series series : result.series()) {
            text.series(series);
        }
        text.tail();
        return text.out.toString();
    }

    private void head() {
        if (result.handOvers() != null) {
            format("%s  a round through %d tasks%n", result.shape().text(), result.tasks());
        } else {
            format(
                    "%s  %d processes, %d tasks, image %s%n",
                    result.shape().text(), result.processes(), result.tasks(), Units.size(result.imageBytes()));
        }
        format(ROW, "", "min", "p50", "p90", "p99", "max", "");
    }

    private void series(Series series) {
        Histogram total = series.total();
        row(series.operation() + " " + series.tool(), total, note(series));
        for (Map.Entry<String, Histogram> stage : series.stages().entrySet()) {
            if (stage.getValue().getValueAtPercentile(50) >= SHORT * total.getValueAtPercentile(50)) {
                row("    " + stage.getKey(), stage.getValue(), "");
            }
        }
    }

    private String note(Series series) {
        StringBuilder note = new StringBuilder();
        HandOverResult handOvers = result.handOvers();
        if (handOvers != null) {
            return Units.time(handOvers.each(series)) + " each";
        }
        Double multiple = result.metrics().get(series.key() + "/floor");
        if (multiple != null && Double.isFinite(multiple)) {
            note.append(Units.ratio(multiple)).append(" x floor");
        }
        if (series.cpuNanos() > 0) {
            note.append(", cpu ").append(Units.time(series.cpuNanos()));
            note.append(", at most ").append(Units.size(series.mostBytes()));
        }
        return note.toString();
    }

    private void row(String name, Histogram times, String note) {
        format(
                ROW,
                name,
                Units.time(times.getMinValue()),
                Units.time(times.getValueAtPercentile(50)),
                Units.time(times.getValueAtPercentile(90)),
                Units.time(times.getValueAtPercentile(99)),
                Units.time(times.getMaxValue()),
                note);
    }

    private void tail() {
        HandOverResult handOvers = result.handOvers();
        if (handOvers != null) {
            format(
                    "  baton / bare futex chain: %s; %s B allocated for each hand-over%n",
                    interval(handOvers.ratio()), Units.ratio(handOvers.allocated()));
        }
        for (Map.Entry<String, Ratios> ratio : result.ratios().entrySet()) {
            format("  %s / the other's: %s%n", ratio.getKey(), interval(ratio.getValue()));
        }
        Floor floor = result.floor();
        if (floor != null) {
            format(
                    "  floor: create %s, hand-over %s, read pages %s, copy them %s%n",
                    Units.time(floor.createNanos()),
                    Units.time(floor.handOverNanos()),
                    Units.time(floor.readNanos()),
                    Units.time(floor.copyNanos()));
        }
        if (!Double.isNaN(result.proportional())) {
            format("  memory (sum of PSS) after the restore / before: %s%n", Units.ratio(result.proportional()));
        }
    }

    /** A ratio with its interval. */
    static String interval(Ratios ratios) {
        return String.format(
                Locale.ROOT,
                "median %s of %d pairs, %.0f%% confidence %s to %s",
                Units.ratio(ratios.median()),
                ratios.pairs().size(),
                Math.floor(100 * ratios.confidence()),
                Units.ratio(ratios.low()),
                Units.ratio(ratios.high()));
    }

    private void format(String format, Object... arguments) {
        out.append(String.format(Locale.ROOT, format, arguments).replaceAll(" +(\\R)", "$1"));
    }
}
