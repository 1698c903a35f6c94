package io.baton.coordinator.programs;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** What clients have in common. */
final class Client {
    static final String PATH = "/usr/bin:/bin:/usr/sbin:/sbin";

    private static final long SECONDS = 20;

    private Client() {}

    /** Where a package puts it; skips the test if none has. */
    static Path program(String name) {
        if (name.startsWith("/")) {
            assumeTrue(Files.isExecutable(Path.of(name)), () -> name + " is not installed");
            return Path.of(name);
        }
        Optional<Path> found = Stream.of(PATH.split(":"))
                .map(folder -> Path.of(folder, name))
                .filter(Files::isExecutable)
                .findFirst();
        assumeTrue(found.isPresent(), () -> name + " is not installed");
        return found.orElseThrow();
    }

    /** What a client prints. It must end well. */
    static String run(String... words) throws IOException, InterruptedException {
        return feed("", words);
    }

    /** What a client prints that is given some input. It must end well. */
    static String feed(String input, String... words) throws IOException, InterruptedException {
        words[0] = program(words[0]).toString();
        Path out = Files.createTempFile("client", ".out");
        Path in = Files.writeString(Files.createTempFile("client", ".in"), input);
        try {
            ProcessBuilder builder = new ProcessBuilder(words).redirectErrorStream(true);
            Process process = builder.redirectInput(in.toFile())
                    .redirectOutput(out.toFile())
                    .start();
            if (!process.waitFor(SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor();
                throw new IOException("no answer: " + List.of(words) + ": " + Files.readString(out));
            }
            String text = Files.readString(out).strip();
            if (process.exitValue() != 0) {
                throw new IOException(List.of(words) + " ends with " + process.exitValue() + ": " + text);
            }
            return text;
        } finally {
            Files.delete(out);
            Files.delete(in);
        }
    }

    /** The body of a page. */
    static String get(int port, String path) throws IOException, InterruptedException {
        return run("curl", "-sS", "--fail", "--max-time", "10", "http://127.0.0.1:" + port + path);
    }

    /** The number behind a label in a text. */
    static long number(String text, String label) throws IOException {
        int at = text.indexOf(label);
        if (at < 0) {
            throw new IOException("no " + label + " in " + text);
        }
        String rest = text.substring(at + label.length()).strip();
        int end = 0;
        while (end < rest.length() && Character.isDigit(rest.charAt(end))) {
            end++;
        }
        return Long.parseLong(rest, 0, end, 10);
    }

    static int freePort() {
        while (true) {
            try (ServerSocket tcp = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                    DatagramSocket udp = new DatagramSocket(null)) {
                udp.bind(tcp.getLocalSocketAddress());
                return tcp.getLocalPort();
            } catch (java.net.BindException e) {
                // Of UDP it is taken: another one.
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
