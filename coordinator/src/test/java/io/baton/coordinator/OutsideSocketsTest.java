package io.baton.coordinator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.baton.coordinator.dump.DumpRequest;
import io.baton.coordinator.dump.Finish;
import io.baton.coordinator.dump.TreeCheck;
import io.baton.coordinator.dump.TreeDump;
import io.baton.coordinator.dump.Verdict;
import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.ptrace.Deadline;
import io.baton.coordinator.restore.TreeRestore;
import io.baton.coordinator.state.DumpOptions;
import io.baton.coordinator.state.FileOptions;
import io.baton.coordinator.state.RestoreOptions;
import io.baton.task.linux.Fd;
import io.baton.task.linux.Memory;
import io.baton.task.linux.Prctl;
import io.baton.task.linux.Sockets;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.linux.SystemCall;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Unix sockets that are connected to such as we have, who are not of the tree ({@code --ext-unix-sk}). */
class OutsideSocketsTest {
    private static final long SECONDS = 60;
    private static final int SIGUSR1 = 10;
    private static final int LONGEST_WORD = 64;
    private static final DumpOptions DUMP = DumpOptions.DEFAULT.with(FileOptions.DEFAULT.withExternalUnix());
    private static final RestoreOptions RESTORE = RestoreOptions.DEFAULT.withExternalUnix(true);

    @TempDir
    Path directory;

    private Fd log;
    private Fd abstractName;

    @BeforeAll
    static void adoptOrphans() {
        Prctl.setChildSubreaper(true);
    }

    @BeforeEach
    void listen() {
        log = bound(Sockets.SOCK_DGRAM, directory + "/log\0");
        abstractName = bound(Sockets.SOCK_DGRAM, "\0" + directory);
    }

    @AfterEach
    void close() {
        log.close();
        abstractName.close();
        TreeSnapshot.reap();
    }

    @Test
    void shouldConnectToThemAgain() throws Exception {
        try (Victim victim = start()) {
            dump(victim, "once", DUMP);
            restore("once", RESTORE);
            dump(victim, "twice", DUMP);
            log.close(); // whoever has the name at the restore is meant
            Files.delete(directory.resolve("log"));
            log = bound(Sockets.SOCK_DGRAM, directory + "/log\0");
            restore("twice", RESTORE);
            examine(victim);
            assertEquals(Set.of("plain", "named", "child", "family"), words(log));
            assertEquals(Set.of("abstract"), words(abstractName));
        }
    }

    @Test
    void shouldNameTheOptionThatIsMissing() throws Exception {
        try (Victim victim = start()) {
            TreeCheck check = TreeCheck.of(request(victim, "none", DumpOptions.DEFAULT));
            Set<Verdict.Sort> sorts =
                    check.verdicts().stream().map(Verdict::sort).collect(Collectors.toSet());
            assertEquals(Set.of(Verdict.Sort.RESTORABLE, Verdict.Sort.NEEDS_OPTION), sorts);
            refuse("--ext-unix-sk", () -> dump(victim, "images", DumpOptions.DEFAULT));
            dump(victim, "images", DUMP);
            refuse("--ext-unix-sk", () -> restore("images", RestoreOptions.DEFAULT));
            restore("images", RESTORE);
            examine(victim);
        }
    }

    @Test
    void shouldRefuseHalfOfAStream() throws Exception {
        try (Fd stream = bound(Sockets.SOCK_STREAM, directory + "/stream\0")) {
            SystemCall.check(SystemCall.call(SyscallNumber.LISTEN, stream.number(), 1), SyscallNumber.LISTEN);
            try (Victim victim = start()) {
                long accepted = SystemCall.call(SyscallNumber.ACCEPT4, stream.number(), 0, 0, Sockets.SOCK_CLOEXEC);
                try (Fd other = Fd.own((int) SystemCall.check(accepted, SyscallNumber.ACCEPT4))) {
                    refuse("half of a connection", () -> dump(victim, "images", DUMP));
                    assertTrue(other.isOpen());
                    examine(victim);
                }
            }
        }
    }

    @Test
    void shouldRefuseNamesThatLeadElsewhere() throws Exception {
        try (Victim victim = start()) {
            Files.delete(directory.resolve("log"));
            refuse("its name does not lead there", () -> dump(victim, "images", DUMP));
            try (Fd other = bound(Sockets.SOCK_DGRAM, directory + "/log\0")) {
                refuse("its name is somebody else's", () -> dump(victim, "images", DUMP));
                assertTrue(other.isOpen());
            }
            examine(victim);
        }
    }

    @Test
    void shouldRefuseToRestoreWhenNobodyAnswers() throws Exception {
        try (Victim victim = start()) {
            dump(victim, "images", DUMP);
            log.close();
            refuse("start whoever has that name", () -> restore("images", RESTORE));
            Files.delete(directory.resolve("log"));
            refuse("start whoever has that name", () -> restore("images", RESTORE));
            log = bound(Sockets.SOCK_DGRAM, directory + "/log\0");
            restore("images", RESTORE);
            examine(victim);
        }
    }

    private Victim start() throws Exception {
        Path errors = Files.createFile(directory.resolve("errors"));
        String binary = Victim.binary("outside").toString();
        Victim victim = Victim.startProgram(errors, List.of(binary, directory.toString()));
        Victim.await(() -> Files.exists(directory.resolve("ready")) || Files.size(errors) > 0);
        assertEquals("", Files.readString(errors));
        return victim;
    }

    private void examine(Victim victim) throws Exception {
        victim.signal(SIGUSR1);
        Path result = directory.resolve("result");
        Victim.await(() -> Files.exists(result));
        assertEquals("PASS\n", Files.readString(result));
    }

    private static void refuse(String why, Runnable what) {
        String told = assertThrows(BatonException.class, what::run).toString();
        assertTrue(told.contains(why), told);
    }

    private DumpRequest request(Victim victim, String name, DumpOptions options) {
        return new DumpRequest(victim.pid(), directory.resolve(name), options, Finish.KILL, Deadline.after(SECONDS));
    }

    private void dump(Victim victim, String name, DumpOptions options) {
        TreeDump.run(request(victim, name, options));
        TreeSnapshot.reap();
    }

    private void restore(String name, RestoreOptions options) {
        TreeRestore.run(directory.resolve(name), options, TimeUnit.SECONDS.toNanos(SECONDS));
    }

    private static Fd bound(int type, String name) {
        Fd socket = Sockets.open(Sockets.AF_UNIX, type, 0);
        byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
        try (Memory address = Memory.allocate(Short.BYTES + bytes.length)) {
            address.buffer().putShort(0, (short) Sockets.AF_UNIX);
            address.buffer().putBytes(Short.BYTES, bytes);
            long result =
                    SystemCall.call(SyscallNumber.BIND, socket.number(), address.address(), Short.BYTES + bytes.length);
            SystemCall.check(result, SyscallNumber.BIND, name);
            return socket;
        }
    }

    /** All that has been sent to it. */
    private static Set<String> words(Fd socket) {
        Set<String> words = new TreeSet<>();
        try (Memory memory = Memory.allocate(LONGEST_WORD)) {
            while (true) {
                long length = SystemCall.call(
                        SyscallNumber.RECVFROM,
                        socket.number(),
                        memory.address(),
                        LONGEST_WORD,
                        Sockets.MSG_DONTWAIT,
                        0,
                        0);
                if (length < 0) {
                    return words;
                }
                byte[] bytes = new byte[(int) length];
                memory.buffer().getBytes(0, bytes);
                words.add(new String(bytes, StandardCharsets.UTF_8));
            }
        }
    }
}
