package io.baton.coordinator.cli;

import io.baton.coordinator.demo.Demo;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code baton demo}. */
@Command(
        name = "demo",
        description = "Makes a small tree of processes, saves it, ends it, brings it back, and cleans up after itself.")
final class DemoCommand implements Callable<Integer> {
    @Option(
            names = "--pause",
            defaultValue = "500",
            paramLabel = "MS",
            description = "Milliseconds between the steps (default: ${DEFAULT-VALUE}).")
    private int pauseMillis;

    @Option(names = "--keep", description = "Leave the directory, with the image and what was counted.")
    private boolean keep;

    @Override
    public Integer call() throws IOException, InterruptedException {
        return Demo.run(System.out, Main::run, Duration.ofMillis(pauseMillis), keep);
    }
}
