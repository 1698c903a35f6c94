package io.baton.coordinator;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.baton.coordinator.dump.DumpRequest;
import io.baton.coordinator.dump.Finish;
import io.baton.coordinator.dump.TreeDump;
import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.ptrace.Deadline;
import io.baton.coordinator.restore.TreeRestore;
import io.baton.coordinator.state.DumpOptions;
import io.baton.coordinator.state.RestoreOptions;
import io.baton.coordinator.state.TcpOptions;
import io.baton.task.linux.Prctl;
import io.baton.task.linux.Signals;
import io.baton.task.linux.Wait;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * TCP connections that go on. The longer form: {@code -Dbaton.tcpseeds=200 -Dbaton.tcpcycles=200}.
 */
class TcpEstablishedTest {
    private static final long SECONDS = 60;
    private static final int SIGUSR1 = 10;
    private static final DumpOptions DUMP = DumpOptions.DEFAULT.with(TcpOptions.ESTABLISHED);
    private static final RestoreOptions RESTORE = RestoreOptions.DEFAULT.with(TcpOptions.ESTABLISHED);

    @TempDir
    Path directory;

    @BeforeAll
    static void adoptOrphans() {
        Prctl.setChildSubreaper(true);
    }

    @Test
    void shouldBringBackQueuesAndStatesMadeAtRandom() throws Exception {
        int seeds = Integer.getInteger("baton.tcpseeds", 3);
        long first = Long.getLong("baton.tcpseed", System.nanoTime() % 1_000_000);
        for (long seed = first; seed < first + seeds; seed++) {
            for (boolean outside : new boolean[] {false, true}) {
                try {
                    shouldBringBack(seed, outside);
                } catch (BatonException e) {
                    throw new AssertionError("seed " + seed + (outside ? ", other ends outside" : ""), e);
                }
            }
        }
    }

    private void shouldBringBack(long seed, boolean outside) throws Exception {
        String name = "seed " + seed + (outside ? ", other ends outside" : "");
        Path place = Files.createDirectory(directory.resolve("of-" + seed + "-" + outside));
        Path errors = Files.createFile(place.resolve("errors"));
        Files.writeString(place.resolve("seed"), Long.toString(seed));
        if (outside) {
            Files.createFile(place.resolve("outside"));
        }
        try (Victim victim =
                Victim.startProgram(errors, List.of(Victim.binary("streams").toString(), place.toString()))) {
            Victim.await(() -> Files.exists(place.resolve("ready")) || Files.size(errors) > 0, () -> name);
            assertEquals("", Files.readString(errors));
            cycle(victim, place, 1);
            cycle(victim, place, 2);
            victim.signal(SIGUSR1);
            if (outside) {
                Victim.await(() -> Files.exists(place.resolve("looked")), () -> name);
                Signals.kill(
                        Integer.parseInt(
                                Files.readString(place.resolve("outside.pid")).strip()),
                        SIGUSR1);
            }
            Victim.await(() -> Files.exists(place.resolve("result")), () -> name);
            assertEquals("PASS\n", Files.readString(place.resolve("result")), name);
            if (outside) {
                Victim.await(() -> Files.exists(place.resolve("result-outside")), () -> name);
                assertEquals("PASS\n", Files.readString(place.resolve("result-outside")), name);
                Wait.wait4(
                        Integer.parseInt(
                                Files.readString(place.resolve("outside.pid")).strip()),
                        Wait.WALL);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"::ffff:127.0.0.1", "::1"})
    void shouldLoseNothingOfAConversationWithAClientOutside(String address) throws Exception {
        int cycles = Integer.getInteger("baton.tcpcycles", 5);
        converse(address, address.replace("::ffff:", ""), cycles, Finish.KILL);
    }

    @Test
    void shouldNotDisturbAConversationOfATreeThatRunsOn() throws Exception {
        converse("::1", "::1", 5, Finish.LEAVE_RUNNING);
    }

    private void converse(String address, String clientsAddress, int cycles, Finish finish) throws Exception {
        Path errors = Files.createFile(directory.resolve("errors"));
        Files.writeString(directory.resolve("address"), address);
        try (Victim victim =
                Victim.startProgram(errors, List.of(Victim.binary("talker").toString(), directory.toString()))) {
            Victim.await(() -> Files.exists(directory.resolve("port")) || Files.size(errors) > 0);
            int port =
                    Integer.parseInt(Files.readString(directory.resolve("port")).strip());
            try (TcpClient client = new TcpClient(clientsAddress, port)) {
                Victim.await(() -> Files.exists(directory.resolve("ready")));
                for (int i = 0; i < cycles; i++) {
                    client.awaitMore();
                    Path images = directory.resolve("images" + i);
                    TreeDump.run(new DumpRequest(victim.pid(), images, DUMP, finish, Deadline.after(SECONDS)));
                    if (finish == Finish.KILL) {
                        TreeRestore.run(images, RESTORE, TimeUnit.SECONDS.toNanos(SECONDS));
                    }
                }
                client.awaitMore();
                String expected = client.finish();
                Victim.await(() -> Files.exists(directory.resolve("result")));
                assertEquals(expected, Files.readString(directory.resolve("result")));
            }
        }
    }

    private static void cycle(Victim victim, Path place, int number) {
        Path images = place.resolve("images" + number);
        TreeDump.run(new DumpRequest(victim.pid(), images, DUMP, Finish.KILL, Deadline.after(SECONDS)));
        TreeRestore.run(images, RESTORE, TimeUnit.SECONDS.toNanos(SECONDS));
    }
}
