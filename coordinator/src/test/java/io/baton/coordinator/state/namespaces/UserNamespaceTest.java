package io.baton.coordinator.state.namespaces;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.baton.coordinator.TreeSnapshot;
import io.baton.coordinator.Victim;
import io.baton.coordinator.dump.DumpRequest;
import io.baton.coordinator.dump.Finish;
import io.baton.coordinator.dump.TreeDump;
import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.error.ErrorCode;
import io.baton.coordinator.ptrace.Deadline;
import io.baton.coordinator.restore.RestoreRequest;
import io.baton.coordinator.restore.Restored;
import io.baton.coordinator.restore.TreeRestore;
import io.baton.coordinator.state.DumpOptions;
import io.baton.coordinator.state.RestoreOptions;
import io.baton.coordinator.supervision.Supervision;
import io.baton.mktree.image.ImageDirectory;
import io.baton.mktree.image.ImageKind;
import io.baton.mktree.image.proto.CoreEntry;
import io.baton.mktree.image.proto.UsernsEntry;
import io.baton.task.linux.Identity;
import io.baton.task.linux.Prctl;
import io.baton.task.linux.ProcFs;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.program.FaultInjector;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Real trees in user namespaces of their own. */
class UserNamespaceTest {
    private static final long SECONDS = 60;
    private static final String UNSHARE = "/usr/bin/unshare";
    private static final String MAP = "0 200000 1000\n1000 300000 64536\n";

    @TempDir
    Path directory;

    @BeforeAll
    static void adoptOrphans() {
        assumeTrue(Identity.uid() == 0, "needs root: user namespaces of others");
        assumeTrue(Files.exists(Path.of(UNSHARE)) && Files.exists(Path.of("/usr/bin/setpriv")), "needs util-linux");
        Prctl.setChildSubreaper(true);
    }

    @BeforeEach
    void letEverybodyIn() throws Exception {
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxrwxrwx"));
    }

    @AfterEach
    void reapZombies() {
        TreeSnapshot.reap();
    }

    /** Two children; who makes the namespaces is root and is root inside too. */
    private Victim start(String unshared) throws Exception {
        return start(List.of(UNSHARE, unshared, "-r"));
    }

    private Victim start(List<String> before) throws Exception {
        Path ready = directory.resolve("ready-" + System.nanoTime());
        List<String> command = new ArrayList<>(before);
        command.addAll(List.of(Victim.binary("star-static").toString(), ready.toString(), "star", "2"));
        Victim victim =
                Victim.run(command.get(0), command.subList(1, command.size()).toArray());
        Victim.await(() -> Files.exists(ready));
        return victim;
    }

    /** A map of two ranges, as container programs make it; inside user 1005, group 6, two more groups. */
    private Victim startMapped(String unshared, int owner) throws Exception {
        Path go = directory.resolve("go");
        Path ready = directory.resolve("ready");
        String wait = "while ! test -e \"$0\"; do sleep 0.01; done; exec setpriv --reuid 1005 --regid 6 --groups 7,1008"
                + " --inh-caps -all,+chown,+net_admin --ambient-caps -all,+chown --bounding-set -sys_boot \"$@\"";
        Victim victim = Victim.run(
                "/usr/bin/setpriv",
                "--reuid",
                owner,
                "--regid",
                owner,
                "--clear-groups",
                UNSHARE,
                unshared,
                "--keep-caps",
                "/bin/sh",
                "-ec",
                wait,
                go,
                Victim.binary("star-static"),
                ready,
                "star",
                2);
        String ours = VirtualFile.link("/proc/self/ns/user");
        Path link = Path.of("/proc/" + victim.pid() + "/ns/user");
        Victim.await(() -> !Files.readSymbolicLink(link).toString().equals(ours));
        for (String map : List.of("uid_map", "gid_map")) {
            Files.writeString(Path.of("/proc/" + victim.pid() + "/" + map), MAP);
        }
        Files.createFile(go);
        Victim.await(() -> Files.exists(ready));
        return victim;
    }

    private Path dump(int pid, Finish finish) {
        Path images = directory.resolve("images");
        TreeDump.run(new DumpRequest(pid, images, DumpOptions.DEFAULT, finish, Deadline.after(SECONDS)));
        if (finish == Finish.KILL) {
            TreeSnapshot.reap();
        }
        return images;
    }

    private static Restored restore(Path images) {
        return TreeRestore.run(images, RestoreOptions.DEFAULT, TimeUnit.SECONDS.toNanos(SECONDS));
    }

    /** All that is to be the same, from outside and from inside. */
    private static List<String> facts(int root) throws Exception {
        try (TreeSnapshot snapshot = new TreeSnapshot();
                ProcFs proc = new ProcFs()) {
            List<String> facts = new ArrayList<>(snapshot.atRest(root));
            String users = proc.readLink(root, "ns/user");
            String ours = proc.readLink(Identity.pid(), "ns/user");
            facts.add("limits " + Visit.of(root, Namespace.IPC, () -> Sysctl.read("kernel/sem")));
            for (int pid : snapshot.tree(root)) {
                assertEquals(users, proc.readLink(pid, "ns/user"));
                facts.add(pid + " maps " + proc.readText(pid, "uid_map") + proc.readText(pid, "gid_map")
                        + proc.readText(pid, "setgroups") + " owner " + NamespaceOwner.owner(pid));
                facts.add(pid + " inside " + inside(pid));
                for (Namespace namespace : List.of(Namespace.MNT, Namespace.UTS, Namespace.IPC, Namespace.NET)) {
                    boolean own = !proc.readLink(pid, namespace.link())
                            .equals(proc.readLink(Identity.pid(), namespace.link()));
                    String owner = NamespaceOwner.userNamespace(pid, namespace);
                    assertEquals(own ? users : ours, owner, namespace.text());
                    facts.add(pid + " " + namespace.text() + " " + own);
                }
            }
            return facts;
        }
    }

    /** How a task sees itself. */
    private static String inside(int pid) throws Exception {
        Process process = new ProcessBuilder(
                        "/usr/bin/nsenter",
                        "--user=/proc/" + pid + "/ns/user",
                        "--preserve-credentials",
                        "/bin/grep",
                        "-E",
                        "^(Uid|Gid|Groups|Cap)",
                        "/proc/" + pid + "/status")
                .start();
        String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor());
        return text;
    }

    /** A dump and a restore, twice. */
    private void shouldComeBack(Victim victim) throws Exception {
        List<String> before = facts(victim.pid());
        for (int i = 0; i < 2; i++) {
            restore(dump(victim.pid(), Finish.KILL));
            assertEquals("", TreeSnapshot.difference(before, facts(victim.pid())));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"-U", "-Um", "-Uu", "-Ui", "-Un", "-Umuin"})
    void shouldComeBackAsRootOfItsOwn(String unshared) throws Exception {
        int mounts = Mount.of("self").size();
        try (Victim victim = start(unshared)) {
            shouldComeBack(victim);
        }
        assertEquals(mounts, Mount.of("self").size());
    }

    @ParameterizedTest
    @ValueSource(strings = {"-U", "-Umuin"})
    void shouldComeBackWithAMapOfSeveralRanges(String unshared) throws Exception {
        try (Victim victim = startMapped(unshared, 54321)) {
            assertEquals(54321, NamespaceOwner.owner(victim.pid()));
            assertTrue(
                    inside(victim.pid()).startsWith("Uid:\t1005\t1005\t1005\t1005\nGid:\t6\t6\t6\t6\nGroups:\t7 1008"));
            if (unshared.contains("i")) {
                PidNamespaceTest.limit(victim.pid());
            }
            shouldComeBack(victim);
        }
    }

    @Test
    void shouldSaveUsersAsTheyAreInside() throws Exception {
        try (Victim victim = startMapped("-U", 0)) {
            ImageDirectory image = ImageDirectory.open(dump(victim.pid(), Finish.LEAVE_RUNNING));
            CoreEntry core = image.one(ImageKind.CORE, victim.pid(), CoreEntry.class);
            UsernsEntry users = image.one(ImageKind.USERNS, 9, UsernsEntry.class);

            assertEquals(1005, core.getThreadCore().getCreds().getEuid());
            assertEquals(List.of(7, 1008), core.getThreadCore().getCreds().getGroupsList());
            assertEquals(MAP, new IdMap(users.getUidMapList()).text());
            assertEquals(300000 + 5, Files.getAttribute(Path.of("/proc/" + victim.pid()), "unix:uid"));
        }
    }

    @Test
    void shouldRefuseANamespaceThatBelongsToOthers() throws Exception {
        try (Victim victim = start(List.of(UNSHARE, "-n", UNSHARE, "-U", "-r"))) {
            assertRefused(victim, "net namespace: belongs to another user namespace");
        }
        try (Victim victim = start(List.of(UNSHARE, "-U", "-r", UNSHARE, "-U", "-r"))) {
            assertRefused(victim, "user namespace: is not a child of ours");
        }
    }

    @Test
    void shouldRefuseThreads() throws Exception {
        Path ready = directory.resolve("ready");
        try (Victim victim = Victim.run(UNSHARE, "-U", "-r", Victim.binary("star-static"), ready, "threads", 2)) {
            Victim.await(() -> Files.exists(ready));
            assertRefused(victim, "threads: cannot be made in a user namespace");
        }
    }

    private void assertRefused(Victim victim, String reason) {
        BatonException refused = assertThrows(BatonException.class, () -> dump(victim.pid(), Finish.LEAVE_RUNNING));
        assertEquals(ErrorCode.UNSUPPORTED, refused.code());
        assertTrue(refused.message().contains(reason), refused.message());
        assertTrue(victim.isAlive());
    }

    /** Each instruction of the root before its turn, and of the holder, one restore for each. */
    @ParameterizedTest
    @ValueSource(ints = {0, 3})
    void shouldLeaveNothingBehindWhereverItFails(int failing) throws Exception {
        int mounts = Mount.of("self").size();
        Path images;
        try (Victim victim = startMapped("-Umuin", 54321)) {
            images = dump(victim.pid(), Finish.KILL);
        }
        int instructions = 0;
        for (boolean fails = true; fails; instructions++) {
            int nth = instructions;
            boolean[] injected = new boolean[1];
            FaultInjector faults = (slot, program) -> {
                if (slot == failing && !injected[0] && program.count() > nth) {
                    injected[0] = true;
                    program.rollback(nth).call(SyscallNumber.GETPID).expect(-1);
                }
            };
            try {
                Restored restored =
                        TreeRestore.run(new RestoreRequest(images, RestoreOptions.DEFAULT, Supervision.NONE, faults));
                try (TreeSnapshot snapshot = new TreeSnapshot()) {
                    snapshot.kill(restored.root());
                }
                fails = false;
            } catch (BatonException e) {
                assertEquals(ErrorCode.TASK_FAILED, e.code(), e.message());
                assertTrue(injected[0], e.message());
            }
            TreeSnapshot.reap();
            assertEquals(mounts, Mount.of("self").size());
        }
        assertNotEquals(1, instructions);
    }
}
