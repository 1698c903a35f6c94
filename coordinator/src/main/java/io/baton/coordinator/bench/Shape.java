package io.baton.coordinator.bench;

import java.util.List;

/**
 * What is saved and restored.
 *
 * @param text as it was given
 * @param count processes, or threads
 * @param bytes of memory that was written
 * @param command of a program; empty: one of ours
 */
public record Shape(String text, Kind kind, int count, long seed, long bytes, List<String> command) {
    /** The word before the first colon. */
    public enum Kind {
        STAR,
        CHAIN,
        BINARY,
        RANDOM,
        THREADS,
        MEMORY,
        PREFORK,
        HANDOVER,
        PROGRAM
    }

    /** For the help. */
    public static final String SYNTAX =
            "star:N, chain:N, binary:N, random:N[:SEED], threads:N, memory:SIZE, " + "prefork:N:SIZE or handover:N";

    private static final int MOST = 4_000_000;

    /**
     * By its name.
     *
     * @throws UsageException if it has none
     */
    public static Shape parse(String text) {
        String[] parts = text.split(":", -1);
        try {
            switch (parts[0]) {
                case "star", "chain", "binary", "threads", "handover" -> {
                    if (parts.length == 2) {
                        return of(text, parts[0], parts[1], 0, 0);
                    }
                }
                case "random" -> {
                    if (parts.length == 2 || parts.length == 3) {
                        return of(text, parts[0], parts[1], parts.length == 3 ? Integer.parseInt(parts[2]) : 1, 0);
                    }
                }
                case "memory" -> {
                    if (parts.length == 2) {
                        return of(text, parts[0], "1", 0, Units.bytes(parts[1]));
                    }
                }
                case "prefork" -> {
                    if (parts.length == 3) {
                        return of(text, parts[0], parts[1], 0, Units.bytes(parts[2]));
                    }
                }
                default -> {}
            }
        } catch (NumberFormatException | ArithmeticException e) {
            // Falls through to the one message there is.
        }
        throw new UsageException("no shape: " + text, "one of " + SYNTAX);
    }

    private static Shape of(String text, String kind, String count, long seed, long bytes) {
        int number = Integer.parseInt(count);
        if (number < 1 || number > MOST) {
            throw new NumberFormatException("count=" + number);
        }
        return new Shape(text, Kind.valueOf(kind.toUpperCase(java.util.Locale.ROOT)), number, seed, bytes, List.of());
    }

    /** A program of the user's. */
    public static Shape program(String command) {
        return new Shape(command, Kind.PROGRAM, 1, 0, 0, Words.split(command));
    }

    /** How the floor below it descends. */
    FloorTasks.Form form() {
        return switch (kind) {
            case CHAIN -> FloorTasks.Form.CHAIN;
            case THREADS -> FloorTasks.Form.THREADS;
            default -> FloorTasks.Form.STAR;
        };
    }
}
