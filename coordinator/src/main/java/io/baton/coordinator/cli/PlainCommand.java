package io.baton.coordinator.cli;

import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;

/**
 * A command line without anything special, read by a table of options that {@link OptionTable} has made of picocli's
 * annotations. It takes what picocli would take, in the same way, and nothing else: whatever is not in the table, looks
 * wrong, or needs more than a string, a number or a path, is left to picocli, errors and help included.
 */
final class PlainCommand {
    private final String name;
    private final @Nullable Path directory;
    private final Callable<?> command;
    private final LogOptions logging = new LogOptions();
    private final Set<OptionTable.Option> given = new HashSet<>();

    private PlainCommand(final String name, final @Nullable Path directory) {
        this.name = name;
        this.directory = directory;
        this.command = (Callable<?>) Commands.make(name);
    }

    /** The command with its options set, or null if picocli has to look at it. */
    static @Nullable PlainCommand of(final String... args) {
        final String start = System.getProperty(OptionTable.PROPERTY);
        if (start == null || args.length == 0 || !OptionTable.COMMANDS.contains(args[0])) {
            return null;
        }
        final List<OptionTable.Option> options;
        try {
            options = OptionTable.read(Files.readString(Path.of(start, OptionTable.FILE)), args[0]);
        } catch (final IOException e) {
            return null; // somebody cleans up
        }
        return of(options, args);
    }

    /** The same, with these options of the command. */
    static @Nullable PlainCommand of(final List<OptionTable.Option> options, final String... args) {
        return of(options, null, args);
    }

    /** The same, with paths that count from this directory. */
    static @Nullable PlainCommand of(
            final List<OptionTable.Option> options, final @Nullable Path directory, final String... args) {
        final PlainCommand plain = new PlainCommand(args[0], directory);
        try {
            return plain.take(options, args) ? plain : null;
        } catch (final ReflectiveOperationException | IllegalArgumentException e) {
            return null; // a number that is none, a path with a zero
        }
    }

    /** For tests: what {@link #run} would call. */
    Callable<?> command() {
        return command;
    }

    /** For tests: what it logs. */
    LogOptions logging() {
        return logging;
    }

    /** Runs it; returns its exit status. */
    int run() {
        return run(Console.ofProcess(logging));
    }

    /** Runs it, saying what it has to say there; returns its exit status. */
    int run(final Console console) {
        logging.apply();
        final Console before = console.enter();
        try {
            return (Integer) command.call();
        } catch (final Exception e) {
            return FailureText.tell(
                    e, "baton ".concat(name), wantsJson(), console.out(), writer(console.err()), logging);
        } finally {
            before.enter();
        }
    }

    private static PrintWriter writer(final PrintStream stream) {
        return new PrintWriter(stream, true, Charset.defaultCharset());
    }

    /** Whether each option on the command line has one of these names. */
    boolean hasOnly(final Set<String> names) {
        return given.stream().allMatch(option -> option.names().stream().anyMatch(names::contains));
    }

    /** Whether an option is on the command line, by any of its names. */
    boolean has(final String spelled) {
        for (final OptionTable.Option option : given) {
            if (option.isCalled(spelled)) {
                return true;
            }
        }
        return false;
    }

    private boolean wantsJson() {
        return has("--json");
    }

    private boolean take(final List<OptionTable.Option> options, final String... args)
            throws ReflectiveOperationException {
        for (int i = 1; i < args.length; i++) {
            final String arg = args[i];
            final int equals = arg.indexOf('=');
            final OptionTable.Option whole = find(options, arg);
            final OptionTable.Option named = equals < 0 ? null : find(options, arg.substring(0, equals));
            if (whole != null) {
                if (whole.kind() == OptionTable.FLAG) {
                    set(whole, "true");
                } else if (i + 1 < args.length && !args[i + 1].startsWith("-")) {
                    i++;
                    set(whole, args[i]);
                } else {
                    return false;
                }
            } else if (named != null && named.kind() != OptionTable.FLAG) {
                set(named, arg.substring(equals + 1));
            } else if (!takeShort(options, arg)) {
                return false;
            }
        }
        for (final OptionTable.Option option : options) {
            if (!given.contains(option) && !option.settle(holder(option), directory)) {
                return false;
            }
        }
        return true;
    }

    /** Short options in one word: flags, and perhaps one with its value. */
    private boolean takeShort(final List<OptionTable.Option> options, final String arg)
            throws ReflectiveOperationException {
        if (arg.length() < 2 || arg.charAt(0) != '-' || arg.charAt(1) == '-') {
            return false;
        }
        for (int i = 1; i < arg.length(); i++) {
            final OptionTable.Option option = find(options, "-" + arg.charAt(i));
            if (option == null) {
                return false;
            }
            if (option.kind() != OptionTable.FLAG) {
                set(option, arg.substring(i + 1));
                return true;
            }
            set(option, "true");
        }
        return true;
    }

    private static OptionTable.@Nullable Option find(final List<OptionTable.Option> options, final String spelled) {
        for (final OptionTable.Option option : options) {
            if (option.isCalled(spelled)) {
                return option;
            }
        }
        return null;
    }

    private void set(final OptionTable.Option option, final String value) throws ReflectiveOperationException {
        final boolean again = !given.add(option);
        boolean rival = false;
        for (final OptionTable.Option other : given) {
            rival |= !other.equals(option)
                    && !other.group().isEmpty()
                    && other.group().equals(option.group());
        }
        if ((again && option.kind() != OptionTable.LIST) || rival || value.isEmpty()) {
            throw new IllegalArgumentException("left to picocli: option=" + option);
        }
        option.set(holder(option), value, directory);
    }

    /** The object that has the option's field: the command, or something it has mixed in. */
    private Object holder(final OptionTable.Option option) throws ReflectiveOperationException {
        if (option.holder().equals(OptionTable.LOGGING)) {
            return logging;
        }
        Object object = command;
        final String path = option.holder();
        for (int at = 0; at < path.length(); ) {
            final int dot = path.indexOf('.', at);
            final int end = dot < 0 ? path.length() : dot;
            object = OptionTable.value(object, path.substring(at, end));
            at = end + 1;
        }
        return object;
    }
}
