package io.baton.coordinator.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.baton.coordinator.error.ErrorCode;
import io.baton.coordinator.state.Fixtures;
import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;

class ShowCommandTest {
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @Test
    void shouldDrawTheTree() {
        assertEquals(0, execute("show", "-D", image("family")));
        assertEquals("""
                    PID   GROUP SESSION  THREADS   FDS   MAPS      PAGES  PROCESS
                  30768   30768   30768        1     5     11     60 KiB  family
                  30769   30769   30769        1     5     11     60 KiB  |-- family
                  30770   30770   30768        1     5     11     60 KiB  |-- family
                  30772   30770   30768        1     5     11     60 KiB  |   `-- family
                  30771   30768   30768        -     -      -          -  |-- family  zombie (exit 200)
                  30773   30768   30768        -     -      -          -  `-- family  zombie (SIGKILL)
                6 processes (2 zombies), 4 threads, 20 descriptors, 44 mappings, 240 KiB of pages
                """, out.toString());
    }

    @Test
    void shouldShowOneProcess() {
        assertEquals(0, execute("show", "-D", image("family"), "30769"));
        assertTrue(out.toString().startsWith("pid 30769  family  alive"), out.toString());
        assertTrue(out.toString().contains("    3  pipe:["), out.toString());
        assertTrue(out.toString().contains("[vdso]"), out.toString());
    }

    @Test
    void shouldShowAZombieWithoutFilesOfItsOwn() {
        assertEquals(0, execute("show", "-D", image("family"), "30771"));
        assertTrue(out.toString().contains("zombie (exit 200)"), out.toString());
        assertEquals(0, execute("show", "-D", image("family"), "--json", "30771"));
        assertTrue(out.toString().contains("\"wait_status\": 51200"), out.toString());
    }

    @Test
    void shouldPrintJson() {
        assertEquals(0, execute("show", "-D", image("threads"), "--json"));
        assertTrue(out.toString().startsWith("{\n \"processes\": "), out.toString());
        assertTrue(out.toString().contains("\"threads\": [\n    30788,"), out.toString());
    }

    @Test
    void shouldShowALiveTree() {
        final long pid = ProcessHandle.current().pid();
        assertEquals(0, execute("show", "-t", Long.toString(pid)));
        assertTrue(out.toString().contains(Long.toString(pid)), out.toString());
        assertEquals(ErrorCode.NO_SUCH_PROCESS.exitStatus(), execute("show", "-t", "99999999"));
    }

    @Test
    void shouldDecodeAFile() {
        assertEquals(0, execute("show", "-f", image("family") + "/pstree.img"));
        assertTrue(out.toString().startsWith("{\n \"magic\": \"PSTREE\""), out.toString());
    }

    @Test
    void shouldRefuseAPidThatIsNotThere() {
        assertEquals(ErrorCode.NO_SUCH_PROCESS.exitStatus(), execute("show", "-D", image("family"), "1"));
        assertTrue(err.toString().contains("remedy: baton show -D"), err.toString());
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
