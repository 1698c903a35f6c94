package io.baton.coordinator.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import com.google.protobuf.Descriptors;
import io.baton.coordinator.dump.TreeCheck;
import io.baton.coordinator.error.ErrorCode;
import io.baton.coordinator.regress.Check;
import io.baton.coordinator.regress.checks.AllChecks;
import io.baton.coordinator.state.Account;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Model.OptionSpec;

/**
 * Holds the reference pages against the code they describe. They are written by this test too: {@code mvn -pl
 * coordinator -am test -Dtest=ReferenceDocsTest -Dsurefire.failIfNoSpecifiedTests=false -Dbaton.writeDocs=true}.
 */
class ReferenceDocsTest {
    private static final int WIDTH = 100;

    @Test
    void shouldListEveryErrorCode() throws IOException {
        compare("errors.md", errors());
    }

    @Test
    void shouldGiveEachErrorCodeAnExitStatusOfItsOwn() {
        final Set<Integer> seen = new HashSet<>(Set.of(0, 1, 2));
        for (final ErrorCode code : ErrorCode.values()) {
            assertTrue(seen.add(code.exitStatus()), code.name());
            assertTrue(code.exitStatus() < 128, code.name());
        }
    }

    @Test
    void shouldDescribeEveryCommand() throws IOException {
        compare("cli.md", commands());
    }

    @Test
    void shouldListEveryCheckOfTheKernel() throws IOException {
        compare("regress.md", checks());
    }

    @Test
    void shouldTellWhatBecomesOfEveryKindOfState() throws IOException {
        compare("state.md", states());
    }

    /** Messages and fields that the image does not have would be a lie. */
    @Test
    void shouldNameWhatTheImageHas() throws Exception {
        for (final Account account : TreeCheck.accounts()) {
            for (final String name : account.image()) {
                final String[] words = name.split("\\.");
                final Class<?> message = Class.forName("io.baton.mktree.image.proto." + words[0]);
                final Object descriptor = message.getMethod("getDescriptor").invoke(null);
                assertTrue(
                        words.length == 1 || ((Descriptors.Descriptor) descriptor).findFieldByName(words[1]) != null,
                        () -> account.what() + ": " + name);
            }
        }
    }

    @Test
    void shouldGiveEachKindOfStateANameOfItsOwn() {
        final Set<String> seen = new HashSet<>();
        for (final Account account : TreeCheck.accounts()) {
            assertTrue(seen.add(account.what()), account.what());
        }
    }

    @Test
    void shouldExplainEveryOption() {
        for (final CommandLine command :
                Main.commandLine("--help").getSubcommands().values()) {
            for (final OptionSpec option : command.getCommandSpec().options()) {
                assertTrue(option.description().length > 0, option.longestName());
                assertTrue(
                        option.arity().max() == 0
                                || option.paramLabel()
                                        .equals(option.paramLabel().toUpperCase(Locale.ROOT)),
                        () -> command.getCommandName() + " " + option.longestName() + " " + option.paramLabel());
            }
        }
    }

    private static String errors() {
        final StringBuilder text = new StringBuilder("""
                # Errors

                A command that fails prints one message on standard error, and where there is something to do about it, a line
                with the remedy:

                ```
                baton: pid is taken: 2451 (sleep)
                  remedy: end the process that has it, or restore with --pidns into a new pid namespace
                ```

                Its exit status says what kind of failure it was. These are fixed: new ones are added at the end.

                | exit status | code | what it means | what to do |
                | --- | --- | --- | --- |
                | 0 | | All went well. `restore` without `-d`: the restored root exited with 0. | |
                | 1 | | Baton could not start: not built, or no Java. | What it prints. |
                | 2 | | The command line is wrong. | `--help` after any command. |
                """);
        for (final ErrorCode code : ErrorCode.values()) {
            text.append("| ").append(code.exitStatus());
            text.append(" | `").append(code.name());
            text.append("` | ").append(code.meaning());
            text.append(" | ").append(code.advice()).append(" |\n");
        }
        return text.append("""
                | others | | `restore` without `-d` stays until the restored root ends and then exits as it did: with its exit status, or with 128 and the number of the signal that killed it. | |

                A `restore` that stays may so exit with a status of this table that was the root's own. Who needs to tell them apart
                restores with `-d`.

                With `--json` the same is told to programs on standard output, as one object: `error` (the code), `exit`, `message`,
                `remedy`; where they are known `pid` (of the task, as in the image), `stage`, `item` (the thing), `call` (the system
                call) and `errno` (by name); and for a refusal `refusals`, a list of `pid`, `object`, `reason`, `remedy`.

                What went well tells `operation`, `root` and `micros`; a dump of a tree in which somebody has registered to be asked first also
                `suspend`, a list of `pid`, `called`, `outcome` (completed, postponed, timed out, ended, not asked, no callback), `micros` and,
                if there is one, `reason`.
                """).toString();
    }

    private static String checks() {
        final StringBuilder text = new StringBuilder("""
                # What Baton relies on in the kernel

                `baton regress` tries it out on the running kernel: one small check for each thing, made of system calls on bare
                tasks, on which Baton's runner executes them. It prints KTAP, as the kernel's own tests do; `--junit FILE` writes
                JUnit XML, too. Checks are independent of each other, each has fresh tasks of its own and a deadline, and nothing
                is left of them. `ok` with `# SKIP` says what cannot be tried here, and why; `not ok` what was expected and what
                was seen. The exit status is 0, or that of `KERNEL_DIFFERS` in [errors.md](errors.md). Ids are stable.

                `baton check` makes those that every dump or every restore needs, and those that cost speed.

                | id | what the kernel must do | source | relied on by |
                | --- | --- | --- | --- |
                """);
        for (final Check check : AllChecks.list()) {
            text.append("| `").append(check.id());
            text.append("` | ").append(check.what().replace("|", "\\|"));
            text.append(" | ").append(check.source());
            text.append(" | ").append(check.need().words()).append(" |\n");
        }
        return text.toString();
    }

    private static String states() {
        final StringBuilder text = new StringBuilder("""
                # What becomes of each kind of state

                `baton check -t PID` lists every object of a live tree with its verdict: `restorable`, `needs option` or `refused`, and
                why. It runs the code with which a dump begins, and the tree runs on. With `--json` it prints an object: `root`,
                `dumpable`, `stopped_micros`, and `objects`, a list of `pid`, `kind`, `object`, `verdict` (`restorable`, `needs_option`,
                `refused`) and, where there are some, `reasons`: a list of `reason`, `remedy` and, if an option of `dump` would do,
                `option`. The exit status is 0 if the tree can be dumped with the options given, 3 (`UNSUPPORTED`) if it cannot.

                *asked*: the task itself makes the call, stopped, by the runner. In *refused*, `*` stands for any text. What is not in
                this table has no state that a task could see, or Baton does not know of it.

                | kind | how captured | how restored | in the image | refused |
                | --- | --- | --- | --- | --- |
                """);
        for (final Account account : TreeCheck.accounts()) {
            text.append("| ").append(account.what());
            text.append(" | ").append(account.captured());
            text.append(" | ").append(account.restored());
            text.append(" | ").append(list(account.image()));
            text.append(" | ").append(list(account.refused())).append(" |\n");
        }
        return text.toString();
    }

    private static String list(final List<String> names) {
        return names.isEmpty() ? "" : "`" + String.join("`, `", names) + "`";
    }

    private static String commands() {
        final CommandLine line = Main.commandLine("--help");
        final StringBuilder text = new StringBuilder("""
                # Commands

                What `--help` prints. [errors.md](errors.md) lists the exit statuses.
                """);
        append(text, line);
        line.getSubcommands().values().forEach(command -> append(text, command));
        return text.toString();
    }

    private static void append(final StringBuilder text, final CommandLine command) {
        command.getCommandSpec().usageMessage().width(WIDTH);
        text.append("\n## ").append(command.getCommandSpec().qualifiedName()).append("\n\n```\n");
        final String usage = command.setUsageHelpAutoWidth(false).getUsageMessage(Ansi.OFF);
        text.append(usage.replaceAll("(?m)[ ]+$", "").stripTrailing()).append("\n```\n");
    }

    private static void compare(final String name, final String expected) throws IOException {
        final Path file = docs().resolve(name);
        if (Boolean.getBoolean("baton.writeDocs")) {
            Files.writeString(file, expected);
        }
        assertEquals(
                expected,
                Files.readString(file),
                () -> "docs/" + name + " is out of date; see the comment of "
                        + ReferenceDocsTest.class.getSimpleName());
    }

    private static Path docs() {
        for (Path at = Path.of("").toAbsolutePath(); at != null; at = at.getParent()) {
            if (Files.exists(at.resolve("docs/architecture.md"))) {
                return at.resolve("docs");
            }
        }
        return fail("no docs in any directory above");
    }
}
