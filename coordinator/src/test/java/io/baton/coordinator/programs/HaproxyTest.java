package io.baton.coordinator.programs;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.List;

/** A relay with a master and a worker of two threads; it counts by name in a table. */
class HaproxyTest extends ProgramTest {
    private int asked;

    @Override
    List<String> command() throws Exception {
        Path configuration = write(
                "haproxy.cfg",
                "global",
                "  nbthread 2",
                "defaults",
                "  mode http",
                "  timeout connect 5s",
                "  timeout client 10s",
                "  timeout server 10s",
                "frontend door",
                "  bind 127.0.0.1:" + port,
                "  use_backend counts if { path_beg /count }",
                "  default_backend behind",
                "backend counts",
                "  stick-table type string len 32 size 1k store gpc0",
                "  http-request track-sc0 path",
                "  http-request sc-inc-gpc0(0)",
                "  http-request return status 200 content-type text/plain lf-string %[sc0_get_gpc0]",
                "backend behind",
                "  server one 127.0.0.1:" + port);
        return List.of("haproxy", "-W", "-f", configuration.toString());
    }

    @Override
    void ready() throws Exception {
        Client.get(port, "/count/ready");
    }

    @Override
    void store(int cycle) throws Exception {
        assertEquals("1", Client.get(port, "/count/" + cycle));
        assertEquals(Integer.toString(++asked), Client.get(port, "/count/all"));
    }

    @Override
    void check(int cycle) throws Exception {
        assertEquals(Integer.toString(++asked), Client.get(port, "/count/all"));
        for (int i = 1; i <= cycle; i++) {
            assertEquals(Integer.toString(cycle - i + 2), Client.get(port, "/count/" + i));
        }
    }
}
