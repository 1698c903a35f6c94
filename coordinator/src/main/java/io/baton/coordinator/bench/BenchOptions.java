package io.baton.coordinator.bench;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What is to be measured, and how.
 *
 * @param shapes one after the other
 * @param modes of Baton, the first of which others restore images of
 * @param dumps whether dumps are measured
 * @param restores whether restores are measured
 * @param repetitions that count
 * @param warmup repetitions before them
 * @param baton the words of the command, for those modes that start it
 * @param images directory for images
 * @param versus another tool's restore, as words with placeholders; empty: none
 * @param versusDump its dump; empty: it restores our images
 * @param settleMillis for a program that does not say when it is ready
 * @param timeoutSeconds of each operation
 * @param bars what the results are held against; null: nothing
 */
public record BenchOptions(
        List<Shape> shapes,
        List<Mode> modes,
        boolean dumps,
        boolean restores,
        int repetitions,
        int warmup,
        List<String> baton,
        Path images,
        List<String> versus,
        List<String> versusDump,
        long settleMillis,
        int timeoutSeconds,
        BooleanSupplier cancelled,
        @Nullable Bars bars) {
    private static final int GRACE_SECONDS = 15;

    /**
     * What is asked for must make sense.
     *
     * @throws UsageException if it does not
     */
    public BenchOptions {
        if (repetitions < 1 || warmup < 0 || timeoutSeconds < 1 || settleMillis < 0) {
            throw new UsageException(
                    "a number is too small",
                    "at least one repetition, no negative warm-up or settling, a timeout of 1 s");
        }
        if (!dumps && !restores) {
            throw new UsageException("nothing is to be measured", "--only takes dump or restore");
        }
        if (!versusDump.isEmpty() && versus.isEmpty()) {
            throw new UsageException("--versus-dump alone makes no pairs", "give --versus too");
        }
        if (!versus.isEmpty() && !restores && versusDump.isEmpty()) {
            throw new UsageException("--versus is about restores", "give --versus-dump too, or no --only dump");
        }
        refuseWithout(versus, "--versus", "{images}");
        refuseWithout(versusDump, "--versus-dump", "{images}");
        refuseWithout(versusDump, "--versus-dump", "{pid}");
    }

    private static void refuseWithout(List<String> words, String option, String placeholder) {
        if (!words.isEmpty() && words.stream().noneMatch(word -> word.contains(placeholder))) {
            throw new UsageException(option + " does not say where " + placeholder + " goes", "put it there");
        }
    }

    /** How the other tool is called; empty: there is none. */
    String versusName() {
        return versus.isEmpty() ? "" : String.valueOf(Path.of(versus.get(0)).getFileName());
    }

    /** After how many seconds a command is ended that does not end by itself when its own time is up. */
    int commandSeconds() {
        return timeoutSeconds + GRACE_SECONDS;
    }

    /** How Baton is run. */
    public enum Mode {
        /** The whole command, a JVM and all. */
        COLD("cold"),
        /** The operation alone, in a JVM that has done it before. */
        IN_PROCESS("in-process");

        private final String text;

        Mode(String text) {
            this.text = text;
        }

        /** As in options and results. */
        public String text() {
            return text;
        }

        /** Modes by their names. */
        public static List<Mode> parse(List<String> names) {
            List<Mode> modes = new ArrayList<>();
            for (String name : names) {
                Mode found = null;
                for (Mode mode : values()) {
                    found = mode.text.equals(name) ? mode : found;
                }
                if (found == null) {
                    throw new UsageException("no mode: " + name, "cold or in-process");
                }
                if (!modes.contains(found)) {
                    modes.add(found);
                }
            }
            return modes;
        }
    }
}
