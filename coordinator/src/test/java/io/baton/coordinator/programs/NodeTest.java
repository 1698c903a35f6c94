package io.baton.coordinator.programs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;

/** A JavaScript server, with compiler and collector threads, a timer, and work for its thread pool. */
class NodeTest extends ProgramTest {
    private long ticks;

    @Override
    List<String> command() throws Exception {
        Path script = write(
                "server.js",
                "const kept = new Map(); let ticks = 0;",
                "setInterval(() => ticks++, 5);",
                "require('http').createServer((request, response) => {",
                "  const [, verb, key, value] = request.url.split('/');",
                "  if (verb === 'set') { kept.set(key, value); response.end('ok'); }",
                "  else if (verb === 'get') response.end(String(kept.get(key)));",
                "  else if (verb === 'ticks') response.end(String(ticks));",
                "  else require('crypto').pbkdf2(key, 'salt', 100, 16, 'sha256',",
                "      (error, hash) => response.end(hash.toString('hex')));",
                "}).listen(" + port + ", '127.0.0.1');");
        return List.of("node", script.toString());
    }

    private String ask(String path) throws Exception {
        return Client.get(port, "/" + path);
    }

    @Override
    void ready() throws Exception {
        ask("hash/ready");
    }

    @Override
    void store(int cycle) throws Exception {
        assertEquals("ok", ask("set/key-" + cycle + "/value-" + cycle));
        ticks = Long.parseLong(ask("ticks"));
    }

    @Override
    void check(int cycle) throws Exception {
        for (int i = 1; i <= cycle; i++) {
            assertEquals("value-" + i, ask("get/key-" + i));
        }
        assertEquals(ask("hash/same"), ask("hash/same"));
        assertTrue(Long.parseLong(ask("ticks")) > ticks);
    }
}
