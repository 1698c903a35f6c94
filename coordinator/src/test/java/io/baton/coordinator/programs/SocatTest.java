package io.baton.coordinator.programs;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.List;

/** A relay from a Unix socket to one program that it keeps, and from TCP to a program for each connection. */
class SocatTest extends ProgramTest {
    @Override
    List<String> command() throws Exception {
        Path kept = write("kept");
        write("one.sh", "read word; case $word in add*) echo \"$word\" >>" + kept + ";; esac; grep -c . " + kept);
        return List.of(
                "sh",
                "-c",
                "socat UNIX-LISTEN:" + directory + "/socket,fork TCP:127.0.0.1:" + port + " & "
                        + "exec socat TCP-LISTEN:" + port + ",bind=127.0.0.1,fork,reuseaddr EXEC:\"sh " + directory
                        + "/one.sh\"");
    }

    private String ask(String word) throws Exception {
        return Client.feed(word + "\n", "socat", "-t", "10", "-", "UNIX-CONNECT:" + directory + "/socket");
    }

    @Override
    void ready() throws Exception {
        ask("look");
    }

    @Override
    void store(int cycle) throws Exception {
        assertEquals(Integer.toString(cycle), ask("add " + cycle));
    }

    @Override
    void check(int cycle) throws Exception {
        assertEquals(Integer.toString(cycle), ask("look"));
    }
}
