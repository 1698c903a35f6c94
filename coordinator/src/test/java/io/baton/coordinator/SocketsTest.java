package io.baton.coordinator;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.baton.coordinator.dump.DumpRequest;
import io.baton.coordinator.dump.Finish;
import io.baton.coordinator.dump.TreeDump;
import io.baton.coordinator.ptrace.Deadline;
import io.baton.coordinator.restore.TreeRestore;
import io.baton.coordinator.state.DumpOptions;
import io.baton.coordinator.state.RestoreOptions;
import io.baton.coordinator.state.TcpOptions;
import io.baton.task.linux.PacketDiag;
import io.baton.task.linux.Prctl;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Sockets, descriptors of events, files without a name and shared tables there and back, twice, in programs that look themselves. */
class SocketsTest {
    private static final long SECONDS = 60;
    private static final int SIGUSR1 = 10;

    @TempDir
    Path directory;

    @BeforeAll
    static void adoptOrphans() {
        Prctl.setChildSubreaper(true);
    }

    @AfterEach
    void reapZombies() {
        TreeSnapshot.reap();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "unix", "flights", "names", "events", "inet", "ghosts", "tables", "raw", "netlink", "packets", "procs"
            })
    void shouldBringBack(String kind) throws Exception {
        bringBack(kind, DumpOptions.DEFAULT, RestoreOptions.DEFAULT);
    }

    @Test
    void shouldBringBackConnectionsClosed() throws Exception {
        bringBack(
                "connections",
                DumpOptions.DEFAULT.with(TcpOptions.CLOSE),
                RestoreOptions.DEFAULT.with(TcpOptions.CLOSE));
    }

    /** Nobody but the kernel knows; the victim itself could not say. */
    @Test
    void shouldBringBackWhatTheKernelTellsOfPacketSockets() throws Exception {
        Path errors = Files.createFile(directory.resolve("errors"));
        String binary = Victim.binary("packets").toString();
        try (Victim victim = Victim.startProgram(errors, List.of(binary, directory.toString()))) {
            Victim.await(() -> Files.exists(directory.resolve("ready")));
            List<String> before = packetSockets(victim);
            cycle(victim, "once", DumpOptions.DEFAULT, RestoreOptions.DEFAULT);
            assertEquals(before, packetSockets(victim));
            assertEquals(9, before.size());
        }
    }

    private static List<String> packetSockets(Victim victim) throws Exception {
        Map<Integer, PacketDiag> all = PacketDiag.list();
        List<String> found = new ArrayList<>();
        try (DirectoryStream<Path> links = Files.newDirectoryStream(Path.of("/proc/" + victim.pid() + "/fd"))) {
            for (Path link : links) {
                String target = Files.readSymbolicLink(link).toString();
                PacketDiag socket = target.startsWith("socket:[")
                        ? all.get((int) Long.parseLong(target.substring(8, target.length() - 1)))
                        : null;
                if (socket != null) {
                    found.add(link.getFileName() + ": " + text(socket));
                }
            }
        }
        Collections.sort(found);
        return found;
    }

    private static String text(PacketDiag socket) {
        StringBuilder text = new StringBuilder(socket.type() + " " + socket.protocol() + " " + socket.device() + " "
                + socket.copyThreshold() + " " + socket.receive() + " " + socket.send() + " " + socket.grouped());
        for (PacketDiag.Membership membership : socket.memberships()) {
            text.append(' ')
                    .append(membership.type())
                    .append('x')
                    .append(membership.count())
                    .append(Arrays.toString(membership.address().array()));
        }
        return text.toString();
    }

    private void bringBack(String kind, DumpOptions dump, RestoreOptions restore) throws Exception {
        Path errors = Files.createFile(directory.resolve("errors"));
        String binary = Victim.binary(kind).toString();
        try (Victim victim = Victim.startProgram(errors, List.of(binary, directory.toString()))) {
            Victim.await(
                    () -> Files.exists(directory.resolve("ready")) || Files.size(errors) > 0, () -> kind + " is ready");
            assertEquals("", Files.readString(errors));
            cycle(victim, "once", dump, restore);
            cycle(victim, "twice", dump, restore);
            victim.signal(SIGUSR1);
            Path result = directory.resolve("result");
            Victim.await(() -> Files.exists(result));
            assertEquals("PASS\n", Files.readString(result));
        }
    }

    private void cycle(Victim victim, String name, DumpOptions dump, RestoreOptions restore) {
        Path images = directory.resolve(name);
        TreeDump.run(new DumpRequest(victim.pid(), images, dump, Finish.KILL, Deadline.after(SECONDS)));
        TreeSnapshot.reap();
        TreeRestore.run(images, restore, TimeUnit.SECONDS.toNanos(SECONDS));
    }
}
