package io.baton.coordinator.programs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A pool of Python workers with threads, and a master that looks after them. Each counts what it has answered. */
class GunicornTest extends ProgramTest {
    private final Map<String, Integer> counts = new HashMap<>();

    @Override
    List<String> command() throws Exception {
        write(
                "application.py",
                "import os, threading",
                "lock, count = threading.Lock(), 0",
                "def application(environment, start):",
                "    global count",
                "    with lock:",
                "        count += 1",
                "        answer = '%d %d' % (os.getpid(), count)",
                "    start('200 OK', [('Content-Length', str(len(answer)))])",
                "    return [answer.encode()]");
        return List.of(
                "/usr/bin/python3",
                Client.program("gunicorn").toString(),
                "--workers",
                "3",
                "--threads",
                "2",
                "--bind",
                "127.0.0.1:" + port,
                "application:application");
    }

    /** Asks one of them, who must have counted just that. */
    private void ask() throws Exception {
        String[] answer = Client.get(port, "/").split(" ");
        int count = counts.merge(answer[0], 1, Integer::sum);
        assertEquals(count, Integer.parseInt(answer[1]), "worker " + answer[0]);
    }

    @Override
    void ready() throws Exception {
        ask();
    }

    @Override
    void store(int cycle) throws Exception {
        ask();
    }

    @Override
    void check(int cycle) throws Exception {
        for (int i = 0; i <= 3; i++) {
            ask();
        }
        assertTrue(counts.size() <= 3, counts::toString);
    }
}
