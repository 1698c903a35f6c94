package io.baton.coordinator.state.namespaces;

import static org.junit.jupiter.api.Assertions.assertEquals;
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
import io.baton.mktree.image.proto.PstreeEntry;
import io.baton.task.linux.Identity;
import io.baton.task.linux.Prctl;
import io.baton.task.linux.ProcFs;
import io.baton.task.linux.Signals;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.linux.VanishedException;
import io.baton.task.program.FaultInjector;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Real trees in pid namespaces of their own, as container programs start them. */
@Timeout(60)
class PidNamespaceTest {
    private static final long SECONDS = 60;
    private static final String UNSHARE = "/usr/bin/unshare";
    private static final int INIT = 1;

    @TempDir
    Path directory;

    @BeforeAll
    static void adoptOrphans() {
        assumeTrue(Identity.uid() == 0, "needs root: namespaces");
        assumeTrue(Files.exists(Path.of(UNSHARE)), "needs unshare(1)");
        Prctl.setChildSubreaper(true);
    }

    /** Inits first: all in their namespaces die with them. */
    @AfterEach
    void endWhatIsLeft() {
        try (ProcFs proc = new ProcFs()) {
            for (int tid : proc.threads(Identity.pid())) {
                try {
                    for (int child : proc.children(Identity.pid(), tid)) {
                        Signals.kill(child, Signals.SIGKILL);
                    }
                } catch (VanishedException e) {
                    // A thread of the JVM has ended; its children, if any, are another one's now.
                }
            }
        }
        TreeSnapshot.reap();
    }

    /** The tree's root is the child of unshare(1). */
    private Victim start(String unshared, String shape, int count) throws Exception {
        Path ready = directory.resolve("ready-" + System.nanoTime());
        List<String> command = new ArrayList<>(List.of(unshared.split(" ")));
        command.addAll(List.of(
                "/usr/bin/setsid",
                Victim.binary("star-static").toString(),
                ready.toString(),
                shape,
                Integer.toString(count)));
        Victim victim = Victim.run(UNSHARE, command.toArray());
        Victim.await(() -> Files.exists(ready));
        return victim;
    }

    private static int root(Victim unshare) {
        try (ProcFs proc = new ProcFs()) {
            return proc.children(unshare.pid(), unshare.pid())[0];
        }
    }

    private Path dump(int pid, Finish finish) {
        Path images = directory.resolve("images");
        TreeDump.run(new DumpRequest(pid, images, DumpOptions.DEFAULT, finish, Deadline.after(SECONDS)));
        return images;
    }

    private static Restored restore(Path images) {
        return TreeRestore.run(images, RestoreOptions.DEFAULT, TimeUnit.SECONDS.toNanos(SECONDS));
    }

    /** As the tree sees itself; and what else is to be the same. */
    private static List<String> facts(int root) throws Exception {
        try (TreeSnapshot inside = new TreeSnapshot("/proc/" + root + "/root/proc");
                ProcFs proc = new ProcFs()) {
            List<String> facts = new ArrayList<>(inside.atRest(INIT));
            for (Namespace namespace : Namespace.values()) {
                boolean own =
                        !proc.readLink(root, namespace.link()).equals(proc.readLink(Identity.pid(), namespace.link()));
                facts.add(namespace.text() + " " + own);
                if (own && namespace != Namespace.USER) {
                    assertEquals(
                            proc.readLink(root, Namespace.USER.link()),
                            NamespaceOwner.userNamespace(root, namespace),
                            namespace.text());
                }
            }
            facts.add("users " + proc.readText(root, "uid_map") + proc.readText(root, "gid_map")
                    + proc.readText(root, "setgroups") + NamespaceOwner.owner(root));
            facts.add("limits " + Visit.of(root, Namespace.IPC, () -> Sysctl.read("kernel/sem")));
            Mount.of(Integer.toString(root)).forEach(mount -> facts.add("mount " + mount.view()));
            return facts;
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"star", "threads", "family", "clan", "zombies", "chain"})
    void shouldComeBackWithTheSamePidsInside(String shape) throws Exception {
        int mounts = Mount.of("self").size();
        List<String> before;
        Path images;
        try (Victim victim = start("-pfm --mount-proc", shape, 3)) {
            int root = root(victim);
            before = facts(root);
            images = dump(root, Finish.KILL);
        }
        int root = restore(images).root();
        assertEquals("", TreeSnapshot.difference(before, facts(root)));
        dump(root, Finish.KILL); // and once more
        root = restore(images).root();
        assertEquals("", TreeSnapshot.difference(before, facts(root)));
        assertEquals(mounts, Mount.of("self").size());
    }

    @Test
    void shouldComeBackWithOtherNamespaces() throws Exception {
        List<String> before;
        Path images;
        try (Victim victim = start("-pfmuin --mount-proc", "family", 0)) {
            before = facts(root(victim));
            images = dump(root(victim), Finish.KILL);
        }
        int root = restore(images).root();
        assertEquals("", TreeSnapshot.difference(before, facts(root)));
    }

    /** What {@code unshare --user --map-root-user --pid --fork --mount-proc} makes, and more. */
    @ParameterizedTest
    @CsvSource({"-rpfm, threads", "-rpfmuin, family", "-rpfmuin, clan"})
    void shouldComeBackWithUsersOfItsOwn(String unshared, String shape) throws Exception {
        int mounts = Mount.of("self").size();
        List<String> before;
        Path images;
        try (Victim victim = start("-U " + unshared + " --mount-proc", shape, 3)) {
            before = facts(root(victim));
            images = dump(root(victim), Finish.KILL);
        }
        shouldComeBack(images, before);
        assertEquals(mounts, Mount.of("self").size());
    }

    private void shouldComeBack(Path images, List<String> before) throws Exception {
        int root = restore(images).root();
        assertEquals("", TreeSnapshot.difference(before, facts(root)));
        dump(root, Finish.KILL); // and once more
        root = restore(images).root();
        assertEquals("", TreeSnapshot.difference(before, facts(root)));
        Signals.kill(root, Signals.SIGKILL);
    }

    /** As container programs make it: by a user, whose namespace it is, with a map that root writes; inside user 1005. */
    private Victim startMapped(int owner, String shape) throws Exception {
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxrwxrwx"));
        Path go = directory.resolve("go");
        Path ready = directory.resolve("ready");
        String inside = "while ! test -e \"$0\"; do sleep 0.01; done; exec setpriv"
                + " --reuid 1005 --regid 6 --groups 7,1008 --inh-caps -all,+chown,+net_admin"
                + " --ambient-caps -all,+chown --bounding-set -sys_boot setsid \"$@\"";
        Victim victim = Victim.run(
                "/usr/bin/setpriv",
                "--reuid",
                owner,
                "--regid",
                owner,
                "--clear-groups",
                UNSHARE,
                "-Upfmuin",
                "--mount-proc",
                "--keep-caps",
                "/bin/sh",
                "-ec",
                inside,
                go,
                Victim.binary("star-static"),
                ready,
                shape,
                3);
        String ours = VirtualFile.link("/proc/self/ns/user");
        Path link = Path.of("/proc/" + victim.pid() + "/ns/user");
        Victim.await(() -> !Files.readSymbolicLink(link).toString().equals(ours));
        for (String map : List.of("uid_map", "gid_map")) {
            Files.writeString(Path.of("/proc/" + victim.pid() + "/" + map), "0 200000 1000\n1000 300000 64536\n");
        }
        Files.createFile(go);
        Victim.await(() -> Files.exists(ready));
        return victim;
    }

    /** As root of that user namespace sets it. */
    static void limit(int task) {
        Visit.of(task, Namespace.IPC, () -> {
            Visit.become(200000);
            Sysctl.write("kernel/sem", "251 32001 501 129");
            return 0;
        });
    }

    @ParameterizedTest
    @CsvSource({"0, star", "54321, threads"})
    void shouldComeBackWithAMapOfSeveralRanges(int owner, String shape) throws Exception {
        List<String> before;
        Path images;
        try (Victim victim = startMapped(owner, shape)) {
            int root = root(victim);
            assertEquals(owner, NamespaceOwner.owner(root));
            limit(root);
            assertEquals(300005, Files.getAttribute(Path.of("/proc/" + root), "unix:uid"));
            before = facts(root);
            images = dump(root, Finish.KILL);
        }
        shouldComeBack(images, before);
    }

    /** Each instruction of the root before its turn, one restore for each. */
    @Test
    void shouldLeaveNothingBehindWhereverItFails() throws Exception {
        int mounts = Mount.of("self").size();
        Path images;
        try (Victim victim = startMapped(54321, "family")) {
            images = dump(root(victim), Finish.KILL);
        }
        int instructions = 0;
        for (boolean fails = true; fails; instructions++) {
            int nth = instructions;
            boolean[] injected = new boolean[1];
            FaultInjector faults = (slot, program) -> {
                if (slot == 0 && !injected[0] && program.count() > nth) {
                    injected[0] = true;
                    program.rollback(nth).call(SyscallNumber.GETPID).expect(-1);
                }
            };
            try {
                Restored restored =
                        TreeRestore.run(new RestoreRequest(images, RestoreOptions.DEFAULT, Supervision.NONE, faults));
                Signals.kill(restored.root(), Signals.SIGKILL);
                fails = false;
            } catch (BatonException e) {
                assertEquals(ErrorCode.TASK_FAILED, e.code(), e.message());
                assertTrue(injected[0], e.message());
            }
            TreeSnapshot.reap();
            assertEquals(mounts, Mount.of("self").size());
        }
        assertTrue(instructions > 10, "only " + instructions);
    }

    @Test
    void shouldSavePidsAsTheyAreInside() throws Exception {
        try (Victim victim = start("-pfm --mount-proc", "star", 1)) {
            ImageDirectory image = ImageDirectory.open(dump(root(victim), Finish.LEAVE_RUNNING));
            List<PstreeEntry> rows = image.all(ImageKind.PSTREE, 0, PstreeEntry.class);
            assertEquals(List.of(1, 0, 1, 1), ids(rows.get(0)));
            assertEquals(List.of(2, 1, 1, 1), ids(rows.get(1)));
        }
    }

    private static List<Integer> ids(PstreeEntry row) {
        return List.of(row.getPid(), row.getPpid(), row.getPgid(), row.getSid());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "-pf | has no mount namespace with a /proc of its own",
                "-pfm | has no mount namespace with a /proc of its own",
            })
    void shouldNameWhatCannotBeBroughtBack(String unshared, String named) throws Exception {
        try (Victim victim = start(unshared, "star", 0)) {
            int root = root(victim);
            BatonException refused = assertThrows(BatonException.class, () -> dump(root, Finish.LEAVE_RUNNING));
            assertEquals(ErrorCode.UNSUPPORTED, refused.code());
            assertTrue(refused.message().contains(named), refused.message());
        }
    }

    @Test
    void shouldRefuseATreeWhoseChildrenAreToBeInAnother() throws Exception {
        Path ready = directory.resolve("ready");
        try (Victim victim = Victim.run(UNSHARE, "-p", Victim.binary("star-static"), ready, "star", 0)) {
            Victim.await(() -> Files.exists(ready));
            BatonException refused = assertThrows(BatonException.class, () -> dump(victim.pid(), Finish.LEAVE_RUNNING));
            assertTrue(refused.message().contains("its children are to be in another one"), refused.message());
        }
    }

    @Test
    void shouldRefuseATreeThatIsNotAllOfTheNamespace() throws Exception {
        try (Victim victim = start("-pfm --mount-proc", "star", 1);
                ProcFs proc = new ProcFs()) {
            int root = root(victim);
            int child = proc.children(root, root)[0];
            BatonException refused = assertThrows(BatonException.class, () -> dump(child, Finish.LEAVE_RUNNING));
            assertTrue(
                    refused.message().contains("has pid " + root + " in it, which is not of the tree"),
                    refused.message());
            try (Victim stranger = Victim.run(
                    "/usr/bin/nsenter",
                    "-t",
                    root,
                    "-p",
                    "-m",
                    Victim.binary("star-static"),
                    directory.resolve("stranger"),
                    "star",
                    0)) {
                Victim.await(() -> proc.children(stranger.pid(), stranger.pid()).length > 0);
                int inside = proc.children(stranger.pid(), stranger.pid())[0];
                refused = assertThrows(BatonException.class, () -> dump(root, Finish.LEAVE_RUNNING));
                assertTrue(refused.message().contains("has pid " + inside + " in it"), refused.message());
                Signals.kill(inside, Signals.SIGKILL);
            }
        }
    }
}
