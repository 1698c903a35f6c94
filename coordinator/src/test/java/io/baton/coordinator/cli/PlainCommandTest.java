package io.baton.coordinator.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.lang.reflect.Field;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

/** A plain command line means what it means to picocli, or is left to it. */
class PlainCommandTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "restore",
                "restore -d -D some/where",
                "restore -dsDimages -v0",
                "restore --images-dir=a=b --verify --leave-stopped --pidfile /tmp/p",
                "restore -v3 -o log --cgroup-root /a --cgroup-root=memory:/b --freeze-cgroup g --leave-frozen",
                "restore --stage-timeout 3 --timeout=0 --action-script x --action-script y --json --no-journal",
                "restore --pidns -j --tcp-close --ext-unix-sk",
                "restore --inherit-fd fd[5]:pipe:[12] --inherit-fd=fd[6]:tmp/a=b",
                "dump -t 1 --external pipe:[12] --external tty[8803:19]",
                "dump -t 12",
                "dump -t12 -xR -D x --journal-dir y --track-mem",
                "dump --tree=5 -s -j --prev-images-dir ../1 --suspend-timeout 0.5 --suspend-required --caller 7",
                "pre-dump -t 3 -D z",
            })
    void shouldMeanWhatItMeansToPicocli(String line) throws Exception {
        String[] args = line.split(" ");
        PlainCommand plain = plain(args);
        assertNotNull(plain, line);
        CommandLine picocli = Main.commandLine(args);
        picocli.parseArgs(args);
        CommandLine subcommand = Objects.requireNonNull(picocli.getSubcommands().get(args[0]));
        Object command = subcommand.getCommand();
        assertEquals(values(command), values(plain.command()), line);
        Field logging = Main.class.getDeclaredField("logging");
        logging.setAccessible(true);
        assertEquals(values(logging.get(picocli.getCommand())), values(plain.logging()), line);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "restore --help",
                "restore -h",
                "restore -D",
                "restore -D x -D y",
                "restore -D -d",
                "restore --images-dir=",
                "restore -dz",
                "restore -d d",
                "restore -- -d",
                "restore --detached",
                "restore --restore-detached=false",
                "restore --ns pid",
                "restore --manage-cgroups",
                "restore --manage-cgroups=full",
                "restore --timeout x",
                "restore @file",
                "restore -",
                "dump",
                "dump -t 1 -R -s",
                "dump -t x",
                "dump -t -1",
                "dump -t 99999999999",
            })
    void shouldLeaveWhatIsNotPlainToPicocli(String line) throws Exception {
        assertNull(plain(line.split(" ")), line);
    }

    private static @Nullable PlainCommand plain(String... args) throws ReflectiveOperationException {
        return PlainCommand.of(OptionTable.read(OptionTable.text(), args[0]), args);
    }

    /** What all options are set to. */
    private static Map<String, String> values(Object object) throws IllegalAccessException {
        Map<String, String> values = new TreeMap<>();
        collect("", object, values);
        return values;
    }

    private static void collect(String path, Object object, Map<String, String> values) throws IllegalAccessException {
        for (Field field : object.getClass().getDeclaredFields()) {
            field.setAccessible(true);
            String name = path + "." + field.getName();
            if (field.isAnnotationPresent(CommandLine.Option.class)) {
                values.put(name, String.valueOf(field.get(object)));
            } else if (field.isAnnotationPresent(CommandLine.Mixin.class)
                    || field.isAnnotationPresent(CommandLine.ArgGroup.class)) {
                collect(name, field.get(object), values);
            }
        }
    }
}
