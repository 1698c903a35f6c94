package io.baton.coordinator.programs;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.List;

/** A master with workers of another user, who share counters. */
class NginxTest extends ProgramTest {
    private long asked;

    @Override
    List<String> command() throws Exception {
        Path pages = shared("pages");
        Path configuration = write(
                "nginx.conf",
                "daemon off; pid " + directory + "/pid; worker_processes 2; user www-data;",
                "error_log " + directory + "/log;",
                "events { worker_connections 64; }",
                "http {",
                "  access_log " + directory + "/access;",
                "  server {",
                "    listen 127.0.0.1:" + port + ";",
                "    root " + pages + ";",
                "    location = /status { stub_status; }",
                "  }",
                "}");
        return List.of("nginx", "-e", directory + "/log", "-c", configuration.toString());
    }

    @Override
    void ready() throws Exception {
        asked = count();
    }

    @Override
    void store(int cycle) throws Exception {
        write("pages/" + cycle, "page " + cycle);
    }

    @Override
    void check(int cycle) throws Exception {
        for (int i = 1; i <= cycle; i++) {
            assertEquals("page " + i, Client.get(port, "/" + i));
            asked++;
        }
        assertEquals(++asked, count());
    }

    /** How many requests it has had: the third number in the third line. */
    private long count() throws Exception {
        return Long.parseLong(
                Client.get(port, "/status").lines().toList().get(2).strip().split(" ")[2]);
    }
}
