package io.baton.coordinator.programs;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;

/** A message broker; what it keeps are retained messages. */
class MosquittoTest extends ProgramTest {
    @Override
    List<String> command() throws Exception {
        return List.of(
                "mosquitto",
                "-c",
                write("mosquitto.conf", "listener " + port + " 127.0.0.1", "allow_anonymous true")
                        .toString());
    }

    @Override
    void ready() throws Exception {
        publish(0);
    }

    @Override
    void store(int cycle) throws Exception {
        publish(cycle);
    }

    private void publish(int cycle) throws Exception {
        String number = Integer.toString(port);
        Client.run("mosquitto_pub", "-p", number, "-r", "-q", "1", "-t", "kept/" + cycle, "-m", "message " + cycle);
    }

    @Override
    void check(int cycle) throws Exception {
        String number = Integer.toString(port);
        for (int i = 0; i <= cycle; i++) {
            String topic = "kept/" + i;
            assertEquals("message " + i, Client.run("mosquitto_sub", "-p", number, "-W", "10", "-C", "1", "-t", topic));
        }
    }
}
