package io.baton.coordinator.serve;

import io.baton.coordinator.Victim;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** {@code baton} as its launcher starts it: by the client, with a JVM to fall back to; and a server. */
final class ServeCommands implements AutoCloseable {
    private static final String CLIENT = "../baton-client";

    private final Path directory;
    private final Path output;
    private final List<Process> started = new ArrayList<>();
    private String fault = "";

    ServeCommands(Path directory) {
        this.directory = directory;
        this.output = directory.resolve("said");
    }

    Path socket() {
        return directory.resolve("server/serve");
    }

    /** Starts a server, and waits until it listens. */
    Process serve(String itsFault, String idleSeconds) throws Exception {
        fault = itsFault;
        List<String> command = jvm();
        command.addAll(List.of("serve", "--idle-timeout", idleSeconds));
        Process server = start(command, directory.resolve("server.out"));
        Victim.await(() -> Files.exists(directory.resolve("server.out"))
                && Files.readString(directory.resolve("server.out")).contains("serving"));
        return server;
    }

    /** Starts a command by the client. */
    Process start(Object... arguments) throws IOException {
        List<String> command = new ArrayList<>(
                List.of(Victim.binary(CLIENT).normalize().toString(), Integer.toString(arguments.length)));
        command.addAll(jvm());
        Arrays.stream(arguments).map(Object::toString).forEach(command::add);
        return start(command, output);
    }

    /** Runs a command by the client; returns its exit status. */
    int run(Object... arguments) throws Exception {
        return start(arguments).waitFor();
    }

    /** Runs a command without the client, nor any fault. */
    int runAlone(Object... arguments) throws Exception {
        List<String> command = jvm();
        Arrays.stream(arguments).map(Object::toString).forEach(command::add);
        String kept = fault;
        fault = "";
        try {
            return start(command, output).waitFor();
        } finally {
            fault = kept;
        }
    }

    /** What the last command has printed. */
    String said() throws IOException {
        return Files.readString(output);
    }

    /** What a server says of itself. */
    String status() {
        String status = Server.ask(Map.of("BATON_SERVE_SOCKET", socket().toString()), false);
        return status == null ? "" : status;
    }

    /** How many commands a server has run. */
    int served() {
        return Integer.parseInt(status().replaceFirst("(?s).*served (\\d+).*", "$1"));
    }

    private Process start(List<String> command, Path to) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectInput(new File("/dev/null"))
                .redirectOutput(to.toFile());
        builder.environment().put("BATON_SERVE_SOCKET", socket().toString());
        builder.environment().put("BATON_STATE_DIR", directory.resolve("state").toString());
        if (!fault.isEmpty()) {
            builder.environment().put("BATON_FAULT", fault);
        }
        Process process = builder.start();
        started.add(process);
        return process;
    }

    private List<String> jvm() {
        return new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "--add-opens=java.base/jdk.internal.misc=ALL-UNNAMED",
                "-Djna.boot.library.path=" + System.getProperty("jna.boot.library.path", ""),
                "-Djna.nounpack=true",
                "-Dbaton.start=" + directory.resolve("start"),
                "-cp",
                System.getProperty("java.class.path"),
                "io.baton.coordinator.cli.Start"));
    }

    @Override
    public void close() {
        for (Process process : started) {
            process.destroyForcibly().onExit().join();
        }
    }
}
