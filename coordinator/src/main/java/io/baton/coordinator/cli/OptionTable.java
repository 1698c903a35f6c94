package io.baton.coordinator.cli;

import java.lang.reflect.Field;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.agrona.UnsafeApi;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;

/**
 * The options of the commands that are started most, as a table: what {@link PlainCommand} needs to know, without
 * reading an annotation. One line for each option, of fields between tabs:
 *
 * <pre>
 *   command  names (between commas)  holder (path of fields)  field  kind  group  default
 * </pre>
 *
 * <p>The launcher has it written after each build, from the annotations themselves.
 */
final class OptionTable {
    /** Names the directory that the table is in. */
    static final String PROPERTY = "baton.start";

    static final String FILE = "options.table";
    static final List<String> COMMANDS = List.of("restore", "dump", "pre-dump");

    /** The holder of what every command takes. */
    static final String LOGGING = "*";

    static final char FLAG = 'z';
    static final char LIST = 'S';
    private static final char INT = 'i';
    private static final char DOUBLE = 'd';
    private static final char STRING = 's';
    private static final char PATH = 'p';
    /** Of a type of its own: whoever gives it needs picocli, and whoever does not has what the field begins with. */
    private static final char OTHER = '-';

    private static final char REQUIRED = '!';
    private static final int COLUMNS = 7;

    /** How picocli spells that an annotation says nothing. */
    private static final String NO_DEFAULT = "__no_default_value__";

    private OptionTable() {}

    /**
     * One option.
     *
     * @param names all its spellings
     * @param holder fields to follow from the command to the object that has it
     * @param field of that object
     * @param kind of value
     * @param group of which only one may be given; empty: none
     * @param preset its default; {@link #REQUIRED} if it must be given, empty if the field has it
     */
    record Option(List<String> names, String holder, String field, char kind, String group, String preset) {
        @Override
        public boolean equals(final Object other) {
            return this == other; // a record's own is made at run time
        }

        @Override
        public int hashCode() {
            return System.identityHashCode(this);
        }

        boolean isCalled(final String spelled) {
            return names.contains(spelled);
        }

        /** Sets the field; a path counts from the directory, if there is one. */
        void set(final Object object, final String value, final @Nullable Path directory)
                throws ReflectiveOperationException {
            final long target = offset(object, field);
            switch (kind) {
                case FLAG -> UnsafeApi.putBoolean(object, target, true);
                case INT -> UnsafeApi.putInt(object, target, Integer.parseInt(value));
                case DOUBLE -> UnsafeApi.putDouble(object, target, Double.parseDouble(value));
                case STRING -> UnsafeApi.putReference(object, target, value);
                case PATH -> {
                    final Path path = Path.of(value);
                    UnsafeApi.putReference(
                            object,
                            target,
                            directory == null ? path : directory.resolve(path).normalize());
                }
                case LIST -> {
                    final List<Object> values = new ArrayList<>((List<?>) UnsafeApi.getReference(object, target));
                    values.add(value);
                    UnsafeApi.putReference(object, target, values);
                }
                default -> throw new IllegalArgumentException("left to picocli: kind=" + kind);
            }
        }

        /** It was not given; false if it must be. */
        boolean settle(final Object object, final @Nullable Path directory) throws ReflectiveOperationException {
            if (preset.length() == 1 && preset.charAt(0) == REQUIRED) {
                return false;
            }
            if (!preset.isEmpty() && kind != OTHER) {
                set(object, preset, directory);
            }
            return true;
        }
    }

    /** What a field refers to. */
    static Object value(final Object object, final String name) throws ReflectiveOperationException {
        return UnsafeApi.getReference(object, offset(object, name));
    }

    /** Where a field is. To set it by reflection, JDK 22 and later make a method handle first. */
    private static long offset(final Object object, final String name) throws ReflectiveOperationException {
        return UnsafeApi.objectFieldOffset(object.getClass().getDeclaredField(name));
    }

    /** The options of one command. */
    static List<Option> read(final String table, final String command) {
        final List<Option> options = new ArrayList<>();
        final String prefix = command + "\t";
        for (int at = 0; at < table.length(); ) {
            final int end = table.indexOf('\n', at);
            if (table.startsWith(prefix, at)) {
                options.add(parse(table.substring(at, end)));
            }
            at = end + 1;
        }
        return options;
    }

    private static Option parse(final String line) {
        final String[] columns = new String[COLUMNS];
        int at = 0;
        for (int i = 0; i < COLUMNS; i++) {
            final int end = i == COLUMNS - 1 ? line.length() : line.indexOf('\t', at);
            columns[i] = line.substring(at, end);
            at = end + 1;
        }
        return new Option(
                List.of(columns[1].split(",")), columns[2], columns[3], columns[4].charAt(0), columns[5], columns[6]);
    }

    /** The table as text. */
    static String text() throws ReflectiveOperationException {
        final StringBuilder text = new StringBuilder();
        for (final String command : COMMANDS) {
            add(text, command, "", "", Commands.make(command));
            add(text, command, LOGGING, "", new LogOptions());
        }
        return text.toString();
    }

    private static void add(
            final StringBuilder text,
            final String command,
            final String holder,
            final String group,
            final Object object)
            throws ReflectiveOperationException {
        for (final Field field : object.getClass().getDeclaredFields()) {
            final CommandLine.Option option = field.getAnnotation(CommandLine.Option.class);
            final String path = holder.isEmpty() ? field.getName() : holder + "." + field.getName();
            if (option != null) {
                text.append(command).append('\t');
                text.append(String.join(",", option.names())).append('\t');
                text.append(holder).append('\t').append(field.getName()).append('\t');
                text.append(kind(field, option)).append('\t').append(group).append('\t');
                text.append(preset(option)).append('\n');
            } else if (field.isAnnotationPresent(CommandLine.Mixin.class)) {
                add(text, command, path, group, value(object, field.getName()));
            } else if (field.isAnnotationPresent(CommandLine.ArgGroup.class)) {
                add(text, command, path, path, value(object, field.getName()));
            } else if (field.isAnnotationPresent(CommandLine.Parameters.class)
                    || field.isAnnotationPresent(CommandLine.Spec.class)) {
                throw new IllegalStateException(
                        "a plain command has options only: command=" + command + ", field=" + path);
            }
        }
    }

    private static String preset(final CommandLine.Option option) {
        if (option.required()) {
            return String.valueOf(REQUIRED);
        }
        return option.defaultValue().equals(NO_DEFAULT) ? "" : option.defaultValue();
    }

    private static char kind(final Field field, final CommandLine.Option option) {
        final Class<?> type = field.getType();
        final boolean plain = option.converter().length == 0
                && option.split().isEmpty()
                && ("".equals(option.arity()) || "1".equals(option.arity()));
        if (!plain) {
            return OTHER;
        } else if (type == boolean.class) {
            return FLAG;
        } else if (type == int.class) {
            return INT;
        } else if (type == double.class) {
            return DOUBLE;
        } else if (type == String.class) {
            return STRING;
        } else if (type == Path.class) {
            return PATH;
        }
        return type == List.class && field.getGenericType().getTypeName().endsWith("<java.lang.String>") ? LIST : OTHER;
    }
}
