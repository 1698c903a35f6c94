package io.baton.coordinator.programs;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;

/** A name server of two threads, TCP and UDP, with a control socket; it keeps names told to it. */
class UnboundTest extends ProgramTest {
    @Override
    List<String> command() throws Exception {
        write(
                "unbound.conf",
                "server:",
                "  interface: 127.0.0.1",
                "  port: " + port,
                "  do-daemonize: no",
                "  username: \"\"",
                "  chroot: \"\"",
                "  directory: \"" + directory + "\"",
                "  pidfile: \"" + directory + "/pid\"",
                "  use-syslog: no",
                "  num-threads: 2",
                "  local-zone: \"test.\" static",
                "remote-control:",
                "  control-enable: yes",
                "  control-use-cert: no",
                "  control-interface: " + directory + "/control");
        return List.of("unbound", "-d", "-c", directory + "/unbound.conf");
    }

    private void tell(int number) throws Exception {
        String configuration = directory + "/unbound.conf";
        Client.run(
                "unbound-control",
                "-c",
                configuration,
                "local_data",
                "host-" + number + ".test.",
                "A",
                "10.0.0." + number);
    }

    private String ask(int number, String transport) throws Exception {
        String name = "host-" + number + ".test";
        return Client.run("dig", "@127.0.0.1", "-p", Integer.toString(port), transport, "+short", name, "A");
    }

    @Override
    void ready() throws Exception {
        tell(0);
    }

    @Override
    void store(int cycle) throws Exception {
        tell(cycle);
    }

    @Override
    void check(int cycle) throws Exception {
        for (int i = 0; i <= cycle; i++) {
            assertEquals("10.0.0." + i, ask(i, i % 2 == 0 ? "+notcp" : "+tcp"));
        }
    }
}
