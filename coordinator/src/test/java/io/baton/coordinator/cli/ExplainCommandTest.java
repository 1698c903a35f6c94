package io.baton.coordinator.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.baton.coordinator.error.ErrorCode;
import io.baton.coordinator.state.Fixtures;
import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;

class ExplainCommandTest {
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @Test
    void shouldTellWhoMakesWhom() {
        assertEquals(0, execute("explain", "-D", image("family"), "--hierarchy"));
        assertContains("Making the tree: 6 tasks, 0 ghosts and placeholders, the helper");
        assertContains("fork pid 30768 (slot 0)");
        assertContains("setsid()");
        assertContains("process 30773 (slot 5): as process 30772 (slot 3)");
        assertFalse(out.toString().contains("position"), out.toString());
    }

    @Test
    void shouldTellWhatEachTaskRestores() {
        assertEquals(0, execute("explain", "-D", image("family")));
        assertContains("process 30772 (slot 3), position 3");
        assertContains("openat(AT_FDCWD, \"/opt/fixture/family\", O_RDONLY|O_CLOEXEC)");
        assertContains("arch_prctl(ARCH_MAP_VDSO_64, 0x");
        assertContains("exit_group(200)");
        assertContains("# fd 3");
    }

    @Test
    void shouldTellOfThreads() {
        assertEquals(0, execute("explain", "-D", image("threads")));
        assertContains("start thread tid 30789 (slot 1");
        assertContains("thread 30791 (slot 3), position 3");
    }

    @Test
    void shouldKeepToOneProcess() {
        assertEquals(0, execute("explain", "-D", image("family"), "--pid", "30772"));
        assertContains("process 30772 (slot 3), position 3");
        assertFalse(out.toString().contains("30769"), out.toString());
    }

    @Test
    void shouldRefuseAPidThatIsNotThere() {
        assertEquals(ErrorCode.NO_SUCH_PROCESS.exitStatus(), execute("explain", "-D", image("family"), "-p", "1"));
        assertTrue(err.toString().contains("no process with pid 1"), err.toString());
    }

    private void assertContains(final String text) {
        assertTrue(out.toString().contains(text), () -> "no " + text + " in " + out);
    }

    private static String image(final String name) {
        return Fixtures.image(name).toString();
    }

    private int execute(final String... args) {
        out.getBuffer().setLength(0);
        err.getBuffer().setLength(0);
        return Main.commandLine(args)
                .setOut(new PrintWriter(out, true))
                .setErr(new PrintWriter(err, true))
                .execute(args);
    }
}
