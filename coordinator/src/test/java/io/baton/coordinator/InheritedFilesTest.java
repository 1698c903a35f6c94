package io.baton.coordinator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.baton.coordinator.dump.DumpRequest;
import io.baton.coordinator.dump.Finish;
import io.baton.coordinator.dump.TreeCheck;
import io.baton.coordinator.dump.TreeDump;
import io.baton.coordinator.dump.Verdict;
import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.error.ErrorCode;
import io.baton.coordinator.ptrace.Deadline;
import io.baton.coordinator.restore.TreeRestore;
import io.baton.coordinator.state.DumpOptions;
import io.baton.coordinator.state.FileOptions;
import io.baton.coordinator.state.RestoreOptions;
import io.baton.task.linux.Descriptors;
import io.baton.task.linux.Fd;
import io.baton.task.linux.FileStatus;
import io.baton.task.linux.Files;
import io.baton.task.linux.LinuxException;
import io.baton.task.linux.Memory;
import io.baton.task.linux.Pipe;
import io.baton.task.linux.Prctl;
import io.baton.task.linux.ProcFs;
import io.baton.task.linux.Signals;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.linux.SystemCall;
import io.baton.task.linux.Wait;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A shell that answers each line it reads with its number, on files of ours; restored onto others ({@code --inherit-fd}). */
class InheritedFilesTest {
    private static final int SECONDS = 30;
    private static final int CLOEXEC = Files.O_CLOEXEC;
    private static final int SIGCONT = 18;
    private static final int SIGSTOP = 19;
    private static final long TIOCSPTLCK = 0x40045431L;
    private static final long TIOCGPTPEER = 0x5441;
    private static final long TCSETS = 0x5402;
    private static final String LOOP = "while read line; do i=$((i+1)); echo \"$i $line\"; done; echo end";
    /** By turns over two descriptions of the same pipe, and one of a child. */
    private static final String TWO_DESCRIPTIONS = "exec 3>/proc/self/fd/1; sleep 1000 >&1 2>&3 & i=0;"
            + " while read line; do i=$((i+1)); echo \"$i $line\"; read line; i=$((i+1)); echo \"$i $line\" >&3; done;"
            + " kill $!; echo end";

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

    private Path dump(Victim victim, String... external) {
        List<Long> children = ProcessHandle.of(victim.pid())
                .orElseThrow()
                .descendants()
                .map(ProcessHandle::pid)
                .toList();
        Path images = directory.resolve("images");
        FileOptions files = FileOptions.DEFAULT.withExternal(Set.of(external));
        TreeDump.run(new DumpRequest(
                victim.pid(), images, DumpOptions.DEFAULT.with(files), Finish.KILL, Deadline.after(SECONDS)));
        reap(victim.pid());
        children.forEach(child -> reap(child.intValue()));
        return images;
    }

    /** That one alone, for we have other children. */
    private static void reap(int pid) {
        try {
            Wait.wait4(pid, Wait.WALL);
        } catch (LinuxException e) {
            // reaped by the dump, whose child it was
        }
    }

    private static void restore(Path images, Map<String, Integer> given) {
        TreeRestore.run(images, RestoreOptions.DEFAULT.withInherited(given), TimeUnit.SECONDS.toNanos(SECONDS));
    }

    private static String name(Fd fd) {
        try (ProcFs proc = new ProcFs()) {
            return proc.readLink((int) ProcessHandle.current().pid(), "fd/" + fd.number());
        }
    }

    private static void write(Fd fd, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
        try (Memory memory = Memory.allocate(bytes.length)) {
            memory.buffer().putBytes(0, bytes);
            assertEquals(bytes.length, Files.write(fd.number(), memory.address(), bytes.length));
        }
    }

    /** What comes up to so many lines, or the end of file. */
    private static String read(Fd fd, int lines) {
        StringBuilder text = new StringBuilder();
        try (Memory memory = Memory.allocate(1)) {
            for (int left = lines; left > 0 && Files.read(fd.number(), memory.address(), 1) == 1; ) {
                char character = (char) memory.buffer().getByte(0);
                text.append(character);
                left -= character == '\n' ? 1 : 0;
            }
        }
        return text.toString();
    }

    @Test
    void shouldGoOnWithOtherPipes() throws Exception {
        try (Pipe input = Pipe.create(CLOEXEC);
                Pipe output = Pipe.create(CLOEXEC);
                Pipe newInput = Pipe.create(CLOEXEC);
                Pipe newOutput = Pipe.create(CLOEXEC);
                Victim victim = Victim.runOn(input.reader(), output.writer(), "/bin/bash", "-c", TWO_DESCRIPTIONS);
                Victim other = Victim.runOn(output.reader(), input.writer(), "/bin/sleep", "1000")) {
            assertTrue(other.isAlive()); // a dump does not count its own ends
            String in = name(input.reader());
            String out = name(output.writer());
            write(input.writer(), "a\nb\n");
            assertEquals("1 a\n2 b\n", read(output.reader(), 2));
            write(input.writer(), "c\n");
            Victim.await(() -> pending(output.reader()) > 0);
            victim.signal(SIGSTOP);
            write(input.writer(), "d\ne\n"); // nobody has read that
            BatonException refused = assertThrows(BatonException.class, () -> dump(victim, in));
            assertTrue(refused.message().contains("--external '" + out + "'"), refused::message);
            assertEquals(List.of("--external"), optionsFor(victim, in));
            Path images = dump(victim, in, out);

            shouldAskForThem(images, in, out, newInput, newOutput);
            restore(
                    images,
                    Map.of(
                            in,
                            newInput.reader().number(),
                            out,
                            newOutput.writer().number()));
            write(newInput.writer(), "f\n");
            victim.signal(SIGCONT);
            newInput.reader().close();
            newOutput.writer().close();
            assertEquals("4 d\n5 e\n6 f\n", read(newOutput.reader(), 3));
            newInput.writer().close(); // nobody else must have it
            assertEquals("end\n", read(newOutput.reader(), 2), "and then its end");
            output.writer().close();
            assertEquals("3 c\n", read(output.reader(), 2), "whoever read before has it from there, once");
        }
    }

    private static int pending(Fd fd) {
        try (Memory count = Memory.allocate(Integer.BYTES)) {
            Files.ioctl(fd.number(), 0x541b, count.address());
            return count.buffer().getInt(0);
        }
    }

    /** What check -t says is missing. */
    private List<String> optionsFor(Victim victim, String external) {
        FileOptions files = FileOptions.DEFAULT.withExternal(Set.of(external));
        TreeCheck check = TreeCheck.of(new DumpRequest(
                victim.pid(),
                directory,
                DumpOptions.DEFAULT.with(files),
                Finish.LEAVE_RUNNING,
                Deadline.after(SECONDS)));
        return check.verdicts().stream()
                .filter(verdict -> verdict.sort() == Verdict.Sort.NEEDS_OPTION)
                .flatMap(verdict -> verdict.reasons().stream())
                .map(Verdict::option)
                .distinct()
                .toList();
    }

    private static void shouldAskForThem(Path images, String in, String out, Pipe newInput, Pipe newOutput) {
        int reader = newInput.reader().number();
        shouldRefuse(images, Map.of(in, reader), "--inherit-fd 'fd[N]:" + out + "'");
        shouldRefuse(images, Map.of(in, reader, out, newOutput.reader().number()), "the tree writes to it");
        shouldRefuse(images, Map.of(in, reader, out, 1_000_000), "is not open");
        write(newOutput.writer(), "x");
        Map<String, Integer> full =
                Map.of(in, newOutput.reader().number(), out, newOutput.writer().number());
        shouldRefuse(images, full, "it is not empty");
        try (Memory memory = Memory.allocate(1)) {
            assertEquals(1, Files.read(newOutput.reader().number(), memory.address(), 1));
        }
    }

    private static void shouldRefuse(Path images, Map<String, Integer> given, String why) {
        BatonException refused = assertThrows(BatonException.class, () -> restore(images, given));
        assertEquals(ErrorCode.UNSUPPORTED, refused.code());
        assertTrue(refused.message().contains(why), refused::message);
    }

    /** By its path; or by mount and inode, when it cannot be saved. */
    @Test
    void shouldGoOnWithOtherFiles() throws Exception {
        Path first = directory.resolve("first");
        Path second = directory.resolve("second");
        Path third = directory.resolve("third");
        int flags = Files.O_RDWR | Files.O_CREAT | CLOEXEC;
        try (Pipe input = Pipe.create(CLOEXEC);
                Fd one = Files.open(first.toString(), flags);
                Fd two = Files.open(second.toString(), flags);
                Fd three = Files.open(third.toString(), flags);
                Victim victim = Victim.runOn(input.reader(), one, "/bin/bash", "-c", LOOP)) {
            String in = name(input.reader());
            int reader = input.reader().number();
            write(input.writer(), "a\n");
            Victim.await(() -> java.nio.file.Files.size(first) > 0);
            write(two, "before\n");
            restore(dump(victim, in), Map.of(in, reader, first.toString().substring(1), two.number()));
            write(input.writer(), "b\n");
            Victim.await(() -> java.nio.file.Files.readString(second).equals("before\n2 b\n"));
            assertEquals("1 a\n", java.nio.file.Files.readString(first));

            String external = String.format(
                    Locale.ROOT,
                    "file[%x:%x]",
                    mount(victim),
                    Files.status(two.number()).ino());
            java.nio.file.Files.delete(second);
            Path images = dump(victim, in, external);
            shouldRefuse(images, Map.of(in, reader), external);
            restore(images, Map.of(in, reader, external, three.number()));
            write(input.writer(), "c\n");
            Victim.await(() -> java.nio.file.Files.readString(third).equals("3 c\n"));
            assertFalse(java.nio.file.Files.exists(second));
        }
    }

    private static int mount(Victim victim) {
        try (ProcFs proc = new ProcFs()) {
            return proc.fdInfo(victim.pid(), 1).mountId();
        }
    }

    @Test
    void shouldGoOnWithAnotherTerminal() throws Exception {
        try (Fd master = master();
                Fd slave = slave(master);
                Fd newMaster = master();
                Fd newSlave = slave(newMaster);
                Victim victim = Victim.runOn(slave, slave, "/bin/sh", "-c", LOOP)) {
            write(master, "a\n");
            assertEquals("1 a\n", read(master, 1));
            FileStatus status = Files.status(slave.number());
            String external = String.format(Locale.ROOT, "tty[%x:%x]", status.rdev(), status.dev());
            BatonException refused = assertThrows(BatonException.class, () -> dump(victim));
            assertTrue(refused.toString().contains("--external '" + external + "'"), refused::toString);
            Path images = dump(victim, external);
            shouldRefuse(images, Map.of(), external);
            restore(images, Map.of(external, newSlave.number()));
            write(newMaster, "b\n");
            assertEquals("2 b\n", read(newMaster, 1));
        }
    }

    /** One that neither echoes nor changes anything, and is nobody's controlling terminal. */
    private static Fd master() {
        Fd master = Files.open("/dev/ptmx", Files.O_RDWR | Files.O_NOCTTY | CLOEXEC);
        try (Memory unlocked = Memory.allocate(Integer.BYTES)) {
            Files.ioctl(master.number(), TIOCSPTLCK, unlocked.address());
        }
        return master;
    }

    private static Fd slave(Fd master) {
        long peer = SystemCall.call(
                SyscallNumber.IOCTL, master.number(), TIOCGPTPEER, Files.O_RDWR | Files.O_NOCTTY | CLOEXEC);
        Fd slave = Fd.own((int) SystemCall.check(peer, SyscallNumber.IOCTL, "fd", master.number()));
        try (Memory settings = Memory.allocate(64)) {
            settings.buffer().setMemory(0, 64, (byte) 0);
            settings.buffer().putInt(8, 0xbf); // B38400, CS8, CREAD
            settings.buffer().putInt(12, 2); // ICANON
            Files.ioctl(slave.number(), TCSETS, settings.address());
        }
        return slave;
    }

    @Test
    void shouldLeaveOurOwnAsTheyAre() throws Exception {
        try (Pipe input = Pipe.create(CLOEXEC);
                Pipe output = Pipe.create(CLOEXEC | Files.O_NONBLOCK);
                Victim victim = Victim.runOn(input.reader(), output.writer(), "/bin/bash", "-c", LOOP)) {
            String in = name(input.reader());
            String out = name(output.writer());
            write(input.writer(), "a\n");
            Victim.await(() -> pending(output.reader()) > 0);
            Path images = dump(victim, in, out);
            restore(
                    images,
                    Map.of(in, input.reader().number(), out, output.writer().number()));
            Signals.kill(victim.pid(), 0);
            write(input.writer(), "b\n");
            Victim.await(() -> pending(output.reader()) == 8);
            assertEquals("1 a\n2 b\n", read(output.reader(), 2));
            assertEquals(
                    Descriptors.FD_CLOEXEC, Descriptors.flags(output.writer().number()));
        }
    }
}
