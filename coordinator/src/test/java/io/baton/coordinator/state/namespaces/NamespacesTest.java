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
import io.baton.mktree.image.proto.MntEntry;
import io.baton.mktree.image.proto.UtsnsEntry;
import io.baton.task.linux.ClockOffsets;
import io.baton.task.linux.Identity;
import io.baton.task.linux.Prctl;
import io.baton.task.linux.ProcFs;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.linux.SystemInfo;
import io.baton.task.linux.Wait;
import io.baton.task.program.FaultInjector;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Real trees in namespaces of their own, made by {@code unshare(1)} and set up by a shell. */
class NamespacesTest {
    private static final long SECONDS = 60;

    @TempDir
    Path directory;

    @BeforeAll
    static void adoptOrphans() {
        assumeTrue(Identity.uid() == 0, "needs root: namespaces");
        assumeTrue(Files.exists(Path.of("/usr/bin/unshare")), "needs unshare(1)");
        Prctl.setChildSubreaper(true);
    }

    @AfterEach
    void reapZombies() {
        TreeSnapshot.reap();
    }

    /** A root with three children; the shell's commands are run inside first. */
    private Victim start(String unshared, String commands) throws Exception {
        Path ready = directory.resolve("ready-" + System.nanoTime());
        Victim victim = Victim.run(
                "/usr/bin/unshare",
                unshared,
                "/bin/sh",
                "-ec",
                commands + "; exec \"$0\" \"$@\"",
                Victim.binary("star-static"),
                ready,
                "star",
                3);
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

    private static Restored restore(Path images, Namespace... namespaces) {
        Set<Namespace> asked = EnumSet.noneOf(Namespace.class);
        asked.addAll(List.of(namespaces));
        return TreeRestore.run(images, RestoreOptions.DEFAULT.with(asked), TimeUnit.SECONDS.toNanos(SECONDS));
    }

    private static Map<String, String> links(int pid) {
        Map<String, String> links = new TreeMap<>();
        try (ProcFs proc = new ProcFs()) {
            for (Namespace namespace : Namespace.values()) {
                links.put(namespace.text(), proc.readLink(pid, namespace.link()));
            }
        }
        return links;
    }

    /** The kinds in which a tree is not where we are; all of it must be in the same. */
    private static Set<String> own(int root) {
        Map<String, String> ours = links(Identity.pid());
        Map<String, String> theirs = links(root);
        try (TreeSnapshot snapshot = new TreeSnapshot()) {
            snapshot.tree(root).stream()
                    .filter(pid -> Files.exists(Path.of("/proc/" + pid + "/exe")))
                    .forEach(pid -> assertEquals(theirs, links(pid)));
        }
        theirs.entrySet().removeAll(ours.entrySet());
        return theirs.keySet();
    }

    private static void kill(int root) {
        try (TreeSnapshot snapshot = new TreeSnapshot()) {
            snapshot.kill(root);
        }
    }

    /** Ends one tree of several. */
    private static void endAlone(Victim victim) {
        int[] children;
        try (ProcFs proc = new ProcFs()) {
            children = proc.children(victim.pid(), victim.pid());
        }
        victim.close();
        for (int child : children) {
            Wait.wait4(child, 0);
        }
    }

    @Test
    void shouldJoinNamespacesOfOthers() throws Exception {
        try (Victim other = start("-un", "hostname elsewhere");
                Victim victim = start("-u", "hostname far-away")) {
            Path images = dump(victim.pid(), Finish.LEAVE_RUNNING);
            endAlone(victim);
            List<JoinedNamespace> joins = List.of(
                    JoinedNamespace.parse("net:" + other.pid()),
                    JoinedNamespace.parse("uts:/proc/" + other.pid() + "/ns/uts"));
            TreeRestore.run(images, RestoreOptions.DEFAULT.with(joins), TimeUnit.SECONDS.toNanos(SECONDS));

            assertEquals(Set.of("net", "uts"), own(victim.pid()));
            assertEquals(links(other.pid()), links(victim.pid()));
            assertEquals(
                    "elsewhere",
                    Visit.of(victim.pid(), Namespace.UTS, SystemInfo::names).node());
        }
    }

    @ParameterizedTest
    @CsvSource({
        "net:/proc/self/ns/uts, is a namespace of another kind",
        "net:/dev/null, is no namespace",
        "uts:/nowhere, cannot be joined: No such file"
    })
    void shouldRefuseToJoinWhatIsNoneSuch(String join, String reason) throws Exception {
        try (Victim victim = start("-u", "hostname far-away")) {
            Path images = dump(victim.pid(), Finish.KILL);
            RestoreOptions options = RestoreOptions.DEFAULT.with(List.of(JoinedNamespace.parse(join)));
            BatonException failure = assertThrows(
                    BatonException.class, () -> TreeRestore.run(images, options, TimeUnit.SECONDS.toNanos(SECONDS)));
            assertTrue(String.valueOf(failure.getMessage()).contains(reason), failure::getMessage);
            restore(images);
        }
    }

    @Test
    void shouldBringBackTheNamesOfHostAndDomain() throws Exception {
        String ours = SystemInfo.names().node();
        try (Victim victim = start("-u", "hostname far-away; echo else.where >/proc/sys/kernel/domainname")) {
            Path images = dump(victim.pid(), Finish.KILL);
            UtsnsEntry saved = ImageDirectory.open(images).one(ImageKind.UTSNS, 9, UtsnsEntry.class);
            assertEquals("far-away", saved.getNodename());
            restore(images);

            assertEquals(Set.of("uts"), own(victim.pid()));
            SystemInfo.Names names = Visit.of(victim.pid(), Namespace.UTS, SystemInfo::names);
            assertEquals("far-away else.where", names.node() + " " + names.domain());
            assertEquals(ours, SystemInfo.names().node());
        }
    }

    @Test
    void shouldBringBackIpcLimits() throws Exception {
        List<String> files =
                List.of("kernel/sem", "kernel/msgmax", "kernel/shmmax", "kernel/shm_rmid_forced", "fs/mqueue/msg_max");
        String commands = "cd /proc/sys; echo 251 32001 501 129 >kernel/sem; echo 8193 >kernel/msgmax;"
                + " echo 123456789 >kernel/shmmax; echo 1 >kernel/shm_rmid_forced; echo 11 >fs/mqueue/msg_max; cd /";
        try (Victim victim = start("-i", commands)) {
            Path images = dump(victim.pid(), Finish.KILL);
            restore(images);

            assertEquals(Set.of("ipc"), own(victim.pid()));
            List<String> values = Visit.of(
                    victim.pid(),
                    Namespace.IPC,
                    () -> files.stream().map(Sysctl::read).toList());
            assertEquals(List.of("251\t32001\t501\t129", "8193", "123456789", "1", "11"), values);
        }
    }

    @ParameterizedTest
    @CsvSource({"true", "ip link set lo up", "ip link set lo mtu 1500 up"})
    void shouldBringBackANetworkOfLoopbackAlone(String commands) throws Exception {
        assumeTrue(Files.exists(Path.of("/sbin/ip")), "needs ip(8)");
        try (Victim victim = start("-n", commands)) {
            Loopback before = Visit.of(victim.pid(), Namespace.NET, Loopback::current);
            Map<String, String> facts = Visit.of(victim.pid(), Namespace.NET, NetworkFacts::here);
            restore(dump(victim.pid(), Finish.KILL));

            assertEquals(Set.of("net"), own(victim.pid()));
            assertEquals(before, Visit.of(victim.pid(), Namespace.NET, Loopback::current));
            assertEquals(facts, Visit.of(victim.pid(), Namespace.NET, NetworkFacts::here));
        }
    }

    @Test
    void shouldBringBackACopyOfOurMounts() throws Exception {
        int mounts = Mount.of("self").size();
        try (Victim victim = start("-m", "true")) {
            restore(dump(victim.pid(), Finish.KILL));

            assertEquals(Set.of("mnt"), own(victim.pid()));
            assertEquals(mounts + 1, Mount.of(Integer.toString(victim.pid())).size());
            restore(dump(victim.pid(), Finish.KILL)); // and once more, with the /proc of its own
            assertEquals(Set.of("mnt"), own(victim.pid()));
        }
        assertEquals(mounts, Mount.of("self").size());
    }

    @Test
    void shouldTakeAwayMountsThatTheSavedNamespaceHadNot() throws Exception {
        Path point = Files.createDirectory(directory.resolve("point"));
        try (Victim victim = start("-m", "true")) {
            Path images = dump(victim.pid(), Finish.KILL);
            run("mount", "-t", "tmpfs", "tmpfs", point.toString());
            try {
                restore(images);
                assertTrue(Mount.of(Integer.toString(victim.pid())).stream()
                        .noneMatch(mount -> mount.point().equals(point.toString())));
                assertTrue(Mount.of("self").stream()
                        .anyMatch(mount -> mount.point().equals(point.toString())));
            } finally {
                run("umount", point.toString());
            }
        }
    }

    @Test
    void shouldMakeNewNamespacesThatAreAskedFor() throws Exception {
        int mounts = Mount.of("self").size();
        try (Victim victim = Victim.startTree(directory, "family", 0)) {
            Path images = dump(victim.pid(), Finish.KILL);
            restore(images, Namespace.UTS, Namespace.IPC, Namespace.MNT, Namespace.NET);

            assertEquals(Set.of("uts", "ipc", "mnt", "net"), own(victim.pid()));
            assertTrue(Visit.of(victim.pid(), Namespace.NET, Loopback::current).isUp());
            dump(victim.pid(), Finish.KILL); // and such a tree can be dumped again
        }
        assertEquals(mounts, Mount.of("self").size());
    }

    @Test
    void shouldMakeThemTogetherWithAPidNamespace() throws Exception {
        Path images;
        try (Victim victim = Victim.startTree(directory, "star", 2)) {
            images = dump(victim.pid(), Finish.KILL);
        }
        Restored restored = restore(images, Namespace.PID, Namespace.MNT, Namespace.UTS, Namespace.IPC, Namespace.NET);
        try {
            Set<String> expected = Set.of("pid", "mnt", "uts", "ipc", "net");
            assertEquals(expected, own(restored.root()));
        } finally {
            kill(restored.child());
        }
    }

    @ParameterizedTest
    @CsvSource({"--time --monotonic 100000 --boottime 200000, 100000, 200000", "--time, 0, 0", "-U -r --time, 0, 0"})
    void shouldGoOnFromWhereClocksWere(String unshared, double monotonic, double boottime) throws Exception {
        Path ready = directory.resolve("ready");
        List<Object> command = new java.util.ArrayList<>(List.of(unshared.split(" ")));
        command.addAll(List.of("--fork", "/usr/bin/setsid", Victim.binary("star-static"), ready, "star", 1));
        try (Victim victim = Victim.run("/usr/bin/unshare", command.toArray());
                ProcFs proc = new ProcFs()) {
            Victim.await(() -> Files.exists(ready));
            int root = proc.children(victim.pid(), victim.pid())[0];
            Path images = dump(root, Finish.KILL);
            restore(images);
            try {
                assertEquals(monotonic, ClockOffsets.of(proc, root, ClockOffsets.MONOTONIC) / 1e9, 60);
                assertEquals(boottime, ClockOffsets.of(proc, root, ClockOffsets.BOOTTIME) / 1e9, 60);
                assertTrue(own(root).contains("time"));
                restore(dump(root, Finish.KILL));
                assertTrue(own(root).contains("time"));
            } finally {
                kill(root);
            }
        }
    }

    @Test
    void shouldTakeAllBackTogether() throws Exception {
        try (Victim victim = start("-imnu", "hostname there")) {
            restore(dump(victim.pid(), Finish.KILL));

            assertEquals(Set.of("uts", "ipc", "mnt", "net"), own(victim.pid()));
            restore(dump(victim.pid(), Finish.KILL));
            assertEquals(
                    "there",
                    Visit.of(victim.pid(), Namespace.UTS, SystemInfo::names).node());
        }
    }

    /** What is set up inside, and what the refusal names. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "-n | ip link add dummy0 type bridge | network device dummy0",
                "-n | ip link set lo up; ip addr add 10.9.8.7/24 dev lo | IPv4 addresses and routes",
                "-n | ip rule add pref 7 lookup main | routing rules",
                "-n | echo 1 >/proc/sys/net/ipv4/ip_forward | net/ipv4/ip_forward",
                "-m | mount -t tmpfs mine /mnt | mount /mnt (tmpfs",
                "-U | true | a user or group that is not mapped",
                "-C | true | cgroup namespace: is not ours",
            })
    void shouldNameWhatCannotBeBroughtBack(String unshared, String commands, String named) throws Exception {
        assumeTrue(Files.exists(Path.of("/sbin/ip")) && Files.exists(Path.of("/usr/bin/ipcmk")), "needs ip, ipcmk");
        try (Victim victim = start(unshared, commands)) {
            BatonException refused = assertThrows(BatonException.class, () -> dump(victim.pid(), Finish.LEAVE_RUNNING));

            assertEquals(ErrorCode.UNSUPPORTED, refused.code());
            String expected = named.replace("network device ", "net namespace: device ");
            assertTrue(refused.message().contains(expected), refused.message());
            assertTrue(victim.isAlive());
        }
    }

    @Test
    void shouldRefuseATreeInSeveralNamespaces() throws Exception {
        Path ready = directory.resolve("inner");
        String child = "unshare -u " + Victim.binary("star-static") + " " + ready + " star 0 &";
        try (Victim victim = start("-u", child + " true")) {
            Victim.await(() -> Files.exists(ready));
            BatonException refused = assertThrows(BatonException.class, () -> dump(victim.pid(), Finish.LEAVE_RUNNING));

            assertTrue(refused.message().contains("uts namespace: is not that of the tree's root"), refused.message());
        }
    }

    /** Each instruction that the root has for its namespaces, one restore for each. */
    @Test
    void shouldLeaveNothingBehindWhereverItFails() throws Exception {
        int mounts = Mount.of("self").size();
        Set<Namespace> all = EnumSet.of(Namespace.UTS, Namespace.IPC, Namespace.MNT, Namespace.NET, Namespace.PID);
        Path images;
        try (Victim victim = start("-imnu", "hostname there")) {
            images = dump(victim.pid(), Finish.KILL);
        }
        int instructions = 0;
        for (boolean failing = true; failing; instructions++) {
            int nth = instructions;
            boolean[] injected = new boolean[1];
            FaultInjector faults = (slot, program) -> {
                if (slot == 0 && !injected[0] && program.count() > nth) {
                    injected[0] = true;
                    program.rollback(nth).call(SyscallNumber.GETPID).expect(-1);
                }
            };
            try {
                RestoreOptions options = RestoreOptions.DEFAULT.with(all);
                Restored restored = TreeRestore.run(new RestoreRequest(images, options, Supervision.NONE, faults));
                kill(restored.child());
                failing = false;
            } catch (BatonException e) {
                assertEquals(ErrorCode.TASK_FAILED, e.code(), e.message());
                assertTrue(injected[0], e.message());
            }
            TreeSnapshot.reap();
            assertEquals(mounts, Mount.of("self").size());
        }
        assertTrue(instructions > 50, "only " + instructions);
    }

    @Test
    void shouldCallAnImageBadThatLacksWhatItSpeaksOf() throws Exception {
        try (Victim victim = start("-u", "true")) {
            Path images = dump(victim.pid(), Finish.KILL);
            Files.delete(images.resolve("utsns-9.img"));
            Files.delete(images.resolve("baton.manifest"));
            BatonException bad = assertThrows(BatonException.class, () -> restore(images));

            assertEquals(ErrorCode.BAD_IMAGE, bad.code(), bad.message());
        }
    }

    @Test
    void shouldRefuseAnImageWhoseMountsAreNotHere() throws Exception {
        try (Victim victim = start("-m", "true")) {
            Path images = dump(victim.pid(), Finish.KILL);
            ImageDirectory image = ImageDirectory.openUnverified(images);
            List<MntEntry> mounts = new java.util.ArrayList<>(image.all(ImageKind.MNTS, 9, MntEntry.class));
            mounts.add(mounts.get(0).toBuilder()
                    .setMountpoint("/not/here")
                    .setFsname("tmpfs")
                    .build());
            image.write(ImageKind.MNTS, 9, mounts);
            Files.delete(images.resolve("baton.manifest"));
            BatonException refused = assertThrows(BatonException.class, () -> restore(images));

            assertEquals(ErrorCode.UNSUPPORTED, refused.code());
            assertTrue(refused.message().contains("mount /not/here (tmpfs"), refused.message());
        }
    }

    private static void run(String... command) throws Exception {
        assertEquals(0, new ProcessBuilder(command).start().waitFor());
    }
}
