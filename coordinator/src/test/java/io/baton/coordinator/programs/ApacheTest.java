package io.baton.coordinator.programs;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.baton.coordinator.Victim;
import java.nio.file.Path;
import java.util.List;

/** A web server that forks its workers beforehand; they share a scoreboard. */
class ApacheTest extends ProgramTest {
    private long asked;

    @Override
    List<String> command() throws Exception {
        Path pages = shared("pages");
        Path configuration = write(
                "apache.conf",
                "ServerRoot " + directory,
                "ServerName localhost",
                "LoadModule mpm_prefork_module /usr/lib/apache2/modules/mod_mpm_prefork.so",
                "LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so",
                "LoadModule status_module /usr/lib/apache2/modules/mod_status.so",
                "Listen 127.0.0.1:" + port,
                "PidFile " + directory + "/pid",
                "ErrorLog " + directory + "/log",
                "User www-data",
                "Group www-data",
                "DocumentRoot " + pages,
                "StartServers 3",
                "MaxSpareServers 3",
                "ExtendedStatus On",
                "<Location /status>",
                "SetHandler server-status",
                "</Location>");
        return List.of("apache2", "-D", "FOREGROUND", "-f", configuration.toString());
    }

    @Override
    void ready() throws Exception {
        asked = count() + 1;
    }

    @Override
    void store(int cycle) throws Exception {
        write("pages/" + cycle, "page " + cycle);
    }

    /** A worker counts a request when it has answered it; so it may be counted late. */
    @Override
    void check(int cycle) throws Exception {
        for (int i = 1; i <= cycle; i++) {
            assertEquals("page " + i, Client.get(port, "/" + i));
            asked++;
        }
        Victim.await(() -> count() == asked++, () -> "count of " + asked);
    }

    private long count() throws Exception {
        return Client.number(Client.get(port, "/status?auto"), "Total Accesses:");
    }
}
