package io.baton.coordinator.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.baton.coordinator.Victim;
import io.baton.task.linux.Identity;
import io.baton.task.linux.PacketSocket;
import io.baton.task.linux.Prctl;
import io.baton.task.linux.ProcFs;
import io.baton.task.linux.Signals;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.linux.SystemCall;
import io.baton.task.linux.VanishedException;
import io.baton.task.linux.Wait;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Commands through a server end as they do by themselves; and whoever is killed, nothing is left. */
class ServeTest {
    private static final int NOBODY = 65_534;
    private static final int KILLED = 128 + Signals.SIGKILL;
    private static final int SERVER_DIED = 70;
    /** The first task sleeps for ever at its third instruction. */
    private static final String HANG = "hang:0:3";

    @TempDir
    Path directory;

    private ServeCommands baton;

    @BeforeEach
    void setUp() {
        Prctl.setChildSubreaper(true);
        baton = new ServeCommands(directory);
    }

    @AfterEach
    void tearDown() {
        baton.close();
    }

    @Test
    void shouldDumpAndRestoreAsTheCommandItself() throws Exception {
        Process server = baton.serve("", "0");
        Path image = directory.resolve("image");
        try (Victim victim = Victim.start("star-static", directory.resolve("ready"), "star", 3)) {
            Victim.await(() -> Files.exists(directory.resolve("ready")));
            int root = victim.pid();
            assertEquals(0, baton.run("dump", "-t", root, "-D", image));
            assertEquals(1, baton.served(), baton.said());
            Victim.await(() -> isReaped(root, true));

            Process client = baton.start("restore", "-D", image);
            Victim.await(() -> baton.said().contains("restore: "), this::said);
            assertEquals((int) client.pid(), parent(root), "the client is the parent, as its own JVM would be");
            assertNotEquals(KILLED, baton.run("restore", "-D", image), "it is there already");
            Signals.kill(root, Signals.SIGKILL);
            assertEquals(KILLED, client.waitFor());
            Victim.await(() -> isReaped(root, true));

            assertEquals(0, baton.run("restore", "-d", "-D", image));
            assertEquals(Identity.pid(), parent(root), "as if the client's own JVM had ended");
            assertEquals(4, baton.served());
            Signals.kill(root, Signals.SIGKILL);
            Victim.await(() -> isReaped(root, true));
        }
        assertTrue(server.isAlive());
        assertEquals(0, baton.run("serve", "--stop"));
        assertEquals(0, server.waitFor());
        assertFalse(Files.exists(baton.socket()));
    }

    @Test
    void shouldFailAsTheCommandItself() throws Exception {
        baton.serve("", "0");
        List<Object[]> commands = List.of(
                new Object[] {"restore", "-D", directory.resolve("none")},
                new Object[] {"restore", "-D", directory},
                new Object[] {"restore", "-D", directory, "--leave-frozen"},
                new Object[] {"restore", "--nonsense"},
                new Object[] {"restore", "-D", directory, "--json"},
                new Object[] {"dump", "-t", 1 << 22, "-D", directory.resolve("x")},
                new Object[] {"dump"});
        for (Object[] command : commands) {
            int served = baton.run(command);
            String said = baton.said();
            assertEquals(baton.runAlone(command), served, said);
            assertEquals(baton.said(), said);
        }
        assertEquals(4, baton.served(), "the others are left to a JVM");
    }

    @Test
    void shouldUndoWhatAKilledClientHasBegun() throws Exception {
        Process server = baton.serve(HANG, "0");
        Path image = dumped();
        int root = Integer.parseInt(Files.readString(directory.resolve("root")));
        Process client = baton.start("restore", "-d", "-D", image);
        Victim.await(() -> isAlive(root), this::said);
        client.destroyForcibly().waitFor();
        Victim.await(() -> isReaped(root, false));
        Victim.await(() -> baton.status().contains("running 0"));
        assertTrue(server.isAlive());

        Process again = baton.start("restore", "-d", "-D", image);
        Victim.await(() -> isAlive(root), this::said);
        Signals.kill((int) again.pid(), Signals.SIGTERM);
        again.waitFor();
        assertTrue(baton.said().contains("interrupted"), baton.said());
        assertFalse(isAlive(root));
    }

    @Test
    void shouldLeaveNothingWhenTheServerIsKilled() throws Exception {
        Process server = baton.serve(HANG, "0");
        Path image = dumped();
        int root = Integer.parseInt(Files.readString(directory.resolve("root")));
        Process client = baton.start("restore", "-d", "-D", image);
        Victim.await(() -> isAlive(root), this::said);
        server.destroyForcibly().waitFor();
        assertEquals(SERVER_DIED, client.waitFor());
        Victim.await(() -> isReaped(root, false));
        assertEquals(1, baton.run("serve", "--status"));
        Process next = baton.serve("", "0");
        assertTrue(baton.status().contains("pid " + next.pid()), "what the killed one left is in nobody's way");
    }

    @Test
    void shouldEndWhenIdleAndBeTheOnlyOne() throws Exception {
        Process server = baton.serve("", "3");
        assertNotEquals(0, baton.run("serve"));
        assertTrue(baton.said().contains("a server runs already"), baton.said());
        assertEquals(0, server.waitFor());
        assertFalse(Files.exists(baton.socket()));
    }

    @Test
    void shouldNotListenToOthers() throws Exception {
        assumeTrue(Identity.uid() == 0);
        baton.serve("", "0");
        // Let everybody in, as far as files go.
        Files.setPosixFilePermissions(baton.socket(), PosixFilePermissions.fromString("rwxrwxrwx"));
        for (Path open : List.of(directory, directory.resolve("server"))) {
            Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rwxr-xr-x"));
        }
        AtomicInteger received = new AtomicInteger(-1);
        Thread nobody = new Thread(() -> {
            SystemCall.call(SyscallNumber.SETRESUID, -1, NOBODY, -1); // of this thread
            try (PacketSocket socket = PacketSocket.connect(baton.socket().toString())) {
                socket.send(new byte[] {ClientDescriptor.STATUS}, 0, 1, List.of());
                received.set(socket.receive(new byte[100]));
            }
        });
        nobody.start();
        nobody.join();
        assertEquals(0, received.get());
        assertTrue(baton.status().contains("running 0"));
    }

    private Path dumped() throws Exception {
        Path image = directory.resolve("image");
        try (Victim victim = Victim.start("star-static", directory.resolve("ready"), "star", 2)) {
            Victim.await(() -> Files.exists(directory.resolve("ready")));
            Files.writeString(directory.resolve("root"), Integer.toString(victim.pid()));
            assertEquals(0, baton.runAlone("dump", "-t", victim.pid(), "-D", image), baton.said());
            Victim.await(() -> isReaped(victim.pid(), false));
        }
        return image;
    }

    /** Whether nothing is left of a tree; what it loses comes to us, and may be killed there. */
    private static boolean isReaped(int root, boolean kill) {
        try (ProcFs proc = new ProcFs()) {
            int self = Identity.pid();
            boolean left = false;
            for (int thread : proc.threads(self)) {
                for (int child : proc.children(self, thread)) {
                    if (List.of("star-static", "baton-helper")
                            .contains(proc.status(child).name())) {
                        if (kill) {
                            Signals.kill(child, Signals.SIGKILL);
                        }
                        left |= !Wait.wait4(child, Wait.WNOHANG | Wait.WALL).isDead();
                    }
                }
            }
            return !left && !isAlive(root);
        } catch (VanishedException e) {
            return false;
        }
    }

    private String said() {
        try {
            return baton.said() + baton.status();
        } catch (IOException e) {
            return e.toString();
        }
    }

    private static boolean isAlive(int pid) {
        try (ProcFs proc = new ProcFs()) {
            return !proc.stat(pid).isZombie();
        } catch (VanishedException e) {
            return false;
        }
    }

    private static int parent(int pid) throws IOException {
        try (ProcFs proc = new ProcFs()) {
            return proc.stat(pid).parent();
        }
    }
}
