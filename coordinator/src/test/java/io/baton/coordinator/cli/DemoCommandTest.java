package io.baton.coordinator.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** In a JVM of its own: the demo ends everything that descends from its process. */
class DemoCommandTest {
    @Test
    void shouldSaveATreeAndBringItBack() throws IOException, InterruptedException {
        final Process demo = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--add-opens=java.base/jdk.internal.misc=ALL-UNNAMED",
                        "-cp",
                        System.getProperty("java.class.path"),
                        "io.baton.coordinator.cli.Main",
                        "demo",
                        "--pause",
                        "0")
                .redirectErrorStream(true)
                .start();
        final String text = new String(demo.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, demo.waitFor(), text);
        assertTrue(text.contains("zombie (exit 7)"), text);
        assertTrue(text.contains("no gap"), text);
        assertFalse(text.contains("GAP"), text);
        assertTrue(text.contains("All that the demo started has been ended."), text);
    }
}
