package io.baton.coordinator.programs;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.baton.coordinator.Victim;
import java.nio.file.Path;
import java.util.List;

/** A web server in one process, with an event loop. */
class LighttpdTest extends ProgramTest {
    private static final int SOME = 5;

    private long asked;

    @Override
    List<String> command() throws Exception {
        Path pages = shared("pages");
        Path configuration = write(
                "lighttpd.conf",
                "server.modules = (\"mod_status\", \"mod_accesslog\")",
                "server.document-root = \"" + pages + "\"",
                "server.bind = \"127.0.0.1\"",
                "server.port = " + port,
                "server.errorlog = \"" + directory + "/log\"",
                "accesslog.filename = \"" + directory + "/access\"",
                "status.status-url = \"/status\"");
        return List.of("lighttpd", "-D", "-f", configuration.toString());
    }

    @Override
    void ready() throws Exception {
        asked = count();
    }

    @Override
    void store(int cycle) throws Exception {
        write("pages/" + cycle, "page " + cycle);
    }

    /** It tells its counts once a second. */
    @Override
    void check(int cycle) throws Exception {
        for (int i = 1; i <= cycle; i++) {
            assertEquals("page " + i, Client.get(port, "/" + i));
            asked++;
        }
        if (cycle % SOME == 0) {
            Victim.await(() -> count() >= asked, () -> "count of " + asked);
        }
    }

    private long count() throws Exception {
        return Client.number(Client.get(port, "/status?auto"), "Total Accesses:");
    }
}
