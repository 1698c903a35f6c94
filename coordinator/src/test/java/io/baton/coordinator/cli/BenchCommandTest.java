package io.baton.coordinator.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.baton.coordinator.error.ErrorCode;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

class BenchCommandTest {
    private static final String JAVA = Path.of(System.getProperty("java.home"), "bin", "java")
            + " -XX:TieredStopAtLevel=1 --add-opens=java.base/jdk.internal.misc=ALL-UNNAMED"
            + " --add-opens=java.base/sun.nio.ch=ALL-UNNAMED -Djna.nounpack=true '-Djna.boot.library.path="
            + System.getProperty("jna.boot.library.path", "") + "' -cp '" + System.getProperty("java.class.path") + "' "
            + Main.class.getName();

    @TempDir
    Path directory;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    /** The other tool is Baton as well, so the ratio is near one, and every part of the whole takes part. */
    @Test
    void shouldPairWholeCommands() throws IOException {
        Path json = directory.resolve("results.json");
        Path html = directory.resolve("results.html");
        Path bars = Files.writeString(
                directory.resolve("bars"), "star:3 restore.cold <= 100s\nstar:3 restore.cold/java <= 0.0001\n");
        String restore = JAVA + " restore -d --no-journal -D {images}";
        assertEquals(
                ErrorCode.BENCH_FAILED.exitStatus(),
                execute(
                        "bench",
                        "--mode=cold",
                        "-n2",
                        "--warmup=0",
                        "--only=restore",
                        "--baton=" + JAVA,
                        "--versus=" + restore,
                        "--json=" + json,
                        "--html=" + html,
                        "--bars=" + bars,
                        "--images=" + directory),
                err::toString);
        assertTrue(out.toString().contains("start the JVM"), out::toString);
        assertTrue(out.toString().contains("restore.cold / the other's: median"), out::toString);
        assertTrue(out.toString().contains("ok      star:3"), out::toString);
        assertTrue(out.toString().contains("MISSED  star:3"), out::toString);
        assertTrue(err.toString().contains("1 bars are missed"), err::toString);
        assertTrue(Files.readString(json).contains("\"max_rss_bytes\""));
        String page = Files.readString(html);
        assertTrue(page.contains("\"samples_ns\""));
        assertFalse(page.contains("/*") && page.contains("*/data"), "placeholders");
        assertFalse(page.matches("(?s).*(src|href)=.*"), "fetches nothing");
    }

    @ParameterizedTest
    @CsvSource({
        "ring:4, 'no shape: ring:4'",
        "--repetitions=0, 'a number is too small'",
        "--only=sleep, 'nothing is to be measured'",
        "--mode=warm, 'no mode: warm'",
        "--versus=criu, 'where {images} goes'",
        "--versus-dump=criu {images} {pid}, 'alone makes no pairs'",
        "--images=/no/such/directory, 'no directory to write images to'",
        "--bars=/no/such/file, 'no bars'",
        "'--program=sleep ''1', 'a quote is not closed'",
    })
    void shouldRefuseBadInputInOneLine(String option, String message) {
        assertEquals(2, execute("bench", "--baton=true", option));
        assertTrue(err.toString().contains(message), err::toString);
        assertEquals(2, err.toString().lines().count(), err::toString);
    }

    private int execute(String... args) {
        CommandLine line = Main.commandLine(args);
        return line.setOut(new PrintWriter(out)).setErr(new PrintWriter(err)).execute(args);
    }
}
