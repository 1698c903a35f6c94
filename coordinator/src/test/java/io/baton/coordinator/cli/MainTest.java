package io.baton.coordinator.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.error.ErrorCode;
import io.baton.coordinator.error.Failure;
import io.baton.mktree.image.ImageException;
import io.baton.task.linux.Errno;
import io.baton.task.linux.LinuxException;
import io.baton.task.linux.VanishedException;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

class MainTest {
    private static final int USAGE = 2;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @Test
    void shouldMakeEveryCommandItNames() {
        final CommandLine line = Main.commandLine("--help");
        assertEquals(Commands.NAMES, line.getSubcommands().keySet().stream().toList());
        for (final CommandLine command : line.getSubcommands().values()) {
            assertTrue(command.getUsageMessage().contains("--log-file"), command.getCommandName());
            assertTrue(command.getUsageMessage().contains("--help"), command.getCommandName());
        }
    }

    @Test
    void shouldSetUpOnlyTheCommandThatIsWanted() {
        assertEquals(
                1,
                Main.commandLine("-v3", "restore", "-D", "x").getSubcommands().size());
        assertEquals(
                Commands.NAMES.size(),
                Main.commandLine("nonsense").getSubcommands().size());
    }

    @Test
    void shouldSpellOutVerbosity() {
        assertArrayEquals(
                new String[] {"restore", "-v3", "-v4", "-v4", "-v2", "-V", "--", "-v"},
                LogOptions.spellOut("restore", "-v", "-vv", "-vvvv", "-v2", "-V", "--", "-v"));
    }

    @Test
    void shouldPrintUsageWithoutAnyCommand() {
        assertEquals(USAGE, execute());
        assertTrue(err.toString().contains("Usage: baton"), err.toString());
    }

    @Test
    void shouldExitWithTwoOnWrongUsage() {
        assertEquals(USAGE, execute("restore", "--no-such-option"));
        assertTrue(err.toString().startsWith("baton: Unknown option: '--no-such-option'"), err.toString());
        assertTrue(err.toString().contains("remedy: see baton restore --help"), err.toString());
        assertEquals(USAGE, execute("rstore"));
    }

    @Test
    void shouldPrintMessageAndRemedy() {
        assertEquals(ErrorCode.BAD_IMAGE.exitStatus(), execute("restore", "-D", "/nonexistent"));
        assertTrue(err.toString().startsWith("baton: "), err.toString());
        assertTrue(err.toString().contains(System.lineSeparator() + "  remedy: "), err.toString());
        assertFalse(err.toString().contains("\tat "), err.toString());
    }

    @Test
    void shouldPrintTheStackTraceOnlyWhenAsked() {
        execute("restore", "-D", "/nonexistent", "-vv");
        assertTrue(err.toString().contains("\tat "), err.toString());
    }

    @Test
    void shouldGiveACodeToWhatComesFromBelow() {
        assertEquals(ErrorCode.BAD_IMAGE, code(new ImageException("core-1.img", 0, "wrong")));
        assertEquals(ErrorCode.BAD_IMAGE, code(new UncheckedIOException(new ImageException("core-1.img", 0, "wrong"))));
        assertEquals(ErrorCode.IMAGE_IO, code(new IOException("disk")));
        assertEquals(ErrorCode.NO_SUCH_PROCESS, code(new VanishedException("openat", Errno.ENOENT, "/proc/1")));
        assertEquals(ErrorCode.NOT_PERMITTED, code(new LinuxException("ptrace", Errno.EPERM, "pid=1")));
        assertEquals(ErrorCode.INTERNAL, code(new IllegalStateException("bug")));
        assertEquals(ErrorCode.TIMEOUT, code(new BatonException(ErrorCode.TIMEOUT, "late", "")));
    }

    private static ErrorCode code(final Exception e) {
        return Failure.of(e).code();
    }

    private int execute(final String... args) {
        out.getBuffer().setLength(0);
        err.getBuffer().setLength(0);
        final String[] spelled = LogOptions.spellOut(args);
        return Main.commandLine(spelled)
                .setOut(new PrintWriter(out, true))
                .setErr(new PrintWriter(err, true))
                .execute(spelled);
    }
}
