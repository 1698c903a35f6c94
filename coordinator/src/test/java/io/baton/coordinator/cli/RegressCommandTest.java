package io.baton.coordinator.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.baton.coordinator.regress.checks.AllChecks;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class RegressCommandTest {
    private static final Pattern RESULT = Pattern.compile("(ok|not ok) (\\d+) - (\\S+)( # (SKIP \\S.*|TIMEOUT))?");

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @Test
    void shouldPrintWhatAKtapParserReads(@TempDir final Path directory) throws IOException {
        final Path junit = directory.resolve("junit.xml");
        assertEquals(
                0, execute("regress", "--only", "clone3.*", "setsid*", "--junit", junit.toString()), out::toString);
        final List<String> lines = out.toString().lines().toList();
        assertEquals("KTAP version 1", lines.get(0));
        final int planned = Integer.parseInt(lines.get(1).substring("1..".length()));
        int number = 0;
        for (final String line : lines.subList(2, lines.size())) {
            final Matcher result = RESULT.matcher(line);
            if (result.matches()) {
                assertEquals(++number, Integer.parseInt(result.group(2)));
                assertTrue(result.group(3).matches("(clone3|setsid).*"), line);
            } else {
                assertTrue(line.startsWith("# "), line);
            }
        }
        assertEquals(planned, number);
        assertTrue(Files.readString(junit).contains("tests=\"" + planned + "\""));
    }

    @Test
    void shouldListWithoutChecking() {
        assertEquals(0, execute("regress", "--list"));
        assertEquals(AllChecks.list().size(), out.toString().lines().count());
        assertTrue(out.toString().startsWith("clone3.set_tid\ta free pid can be chosen\tkernel/pid.c"), out::toString);
    }

    @Test
    void shouldRefusePatternsThatMatchNothing() {
        assertEquals(2, execute("regress", "--only", "nothing.*"));
        assertTrue(err.toString().contains("no check matches: nothing.*"), err::toString);
    }

    @Test
    void shouldCheckTheSystemWithTheSameChecks() {
        execute("check");
        final List<String> lines = out.toString().lines().toList();
        assertEquals(AllChecks.ofSystem().size(), lines.size());
        for (final String line : lines) {
            assertTrue(line.matches("(ok|MISSING|lacking) +[a-z0-9_.-]+: .*"), line);
        }
    }

    private int execute(final String... args) {
        final CommandLine line = Main.commandLine(args);
        line.setOut(new PrintWriter(out));
        line.setErr(new PrintWriter(err));
        return line.execute(args);
    }
}
