package io.baton.coordinator.programs;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** A cache with a thread for each core, an event set in each of them, and a user of its own. */
class MemcachedTest extends ProgramTest {
    private static final int MILLIS = 10_000;

    @Override
    List<String> command() {
        return List.of(
                "memcached",
                "-u",
                "nobody",
                "-l",
                "127.0.0.1",
                "-p",
                Integer.toString(port),
                "-U",
                Integer.toString(port),
                "-t",
                "4");
    }

    /** The lines of the answer. */
    private List<String> ask(String command) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.setSoTimeout(MILLIS);
            socket.getOutputStream().write((command + "\r\nquit\r\n").getBytes(StandardCharsets.US_ASCII));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII)
                    .lines()
                    .toList();
        }
    }

    @Override
    void ready() throws Exception {
        assertEquals(List.of("STORED"), ask("set count 0 0 1\r\n0"));
    }

    @Override
    void store(int cycle) throws Exception {
        assertEquals(List.of("STORED"), ask("set key-" + cycle + " " + cycle + " 0 4\r\ndata"));
        assertEquals(List.of(Integer.toString(cycle)), ask("incr count 1"));
    }

    @Override
    void check(int cycle) throws Exception {
        for (int i = 1; i <= cycle; i++) {
            assertEquals(List.of("VALUE key-" + i + " " + i + " 4", "data", "END"), ask("get key-" + i));
        }
        assertEquals(List.of("VALUE count 0 " + Integer.toString(cycle).length(), "" + cycle, "END"), ask("get count"));
    }
}
