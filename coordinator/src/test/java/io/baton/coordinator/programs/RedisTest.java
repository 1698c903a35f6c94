package io.baton.coordinator.programs;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;

/** An event loop with its data in memory, I/O threads and background threads. */
class RedisTest extends ProgramTest {
    @Override
    List<String> command() {
        return List.of(
                "redis-server",
                "--bind",
                "127.0.0.1",
                "--port",
                Integer.toString(port),
                "--save",
                "",
                "--io-threads",
                "2");
    }

    private String ask(String command) throws Exception {
        return Client.feed(command, "redis-cli", "-p", Integer.toString(port));
    }

    @Override
    void ready() throws Exception {
        assertEquals("PONG", ask("ping"));
    }

    @Override
    void store(int cycle) throws Exception {
        assertEquals("OK", ask("set key-" + cycle + " value-" + cycle));
        assertEquals("OK", ask("set short-" + cycle + " 1 px 1"));
        assertEquals(Integer.toString(cycle), ask("rpush list item-" + cycle));
    }

    @Override
    void check(int cycle) throws Exception {
        for (int i = 1; i <= cycle; i++) {
            assertEquals("value-" + i, ask("get key-" + i));
            assertEquals("", ask("get short-" + i));
        }
        assertEquals(Integer.toString(cycle), ask("llen list"));
        assertEquals("item-" + cycle, ask("lindex list -1"));
    }
}
