package io.baton.coordinator.demo;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

/** The files into which the victims count, a number to a line, from 1. */
final class Counts {
    private static final long PAUSE_NANOS = Duration.ofMillis(20).toNanos();
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private final Path directory;

    Counts(final Path directory) {
        this.directory = directory;
    }

    /** The files there are, by name. */
    List<Path> files() throws IOException {
        try (Stream<Path> all = Files.list(directory)) {
            return all.filter(file -> file.getFileName().toString().matches("ticks|thread-[0-9]+"))
                    .sorted()
                    .toList();
        }
    }

    /** The numbers in a file; a last line without its end is left out. */
    static List<Integer> numbers(final Path file) throws IOException {
        final String text = Files.readString(file);
        final List<Integer> numbers = new ArrayList<>();
        for (final String line : text.substring(0, text.lastIndexOf('\n') + 1).split("\n")) {
            if (!line.isEmpty()) {
                numbers.add(Integer.valueOf(line));
            }
        }
        return numbers;
    }

    /** Last number in a file, 0 if there is none. */
    static int last(final Path file) throws IOException {
        final List<Integer> numbers = Files.exists(file) ? numbers(file) : List.of();
        return numbers.isEmpty() ? 0 : numbers.get(numbers.size() - 1);
    }

    /** Waits until a file has come to that number; whether it did in good time. */
    static boolean await(final Path file, final int number) throws IOException {
        final long until = System.nanoTime() + PATIENCE.toNanos();
        while (last(file) < number) {
            if (System.nanoTime() - until > 0) {
                return false;
            }
            LockSupport.parkNanos(PAUSE_NANOS);
        }
        return true;
    }

    /** Whether the numbers are 1, 2, 3 and so on, none missing and none twice. */
    static boolean isWithoutGap(final Path file) throws IOException {
        int expected = 1;
        for (final int number : numbers(file)) {
            if (number != expected++) {
                return false;
            }
        }
        return true;
    }
}
