package io.baton.task.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FilesTest {
    @TempDir
    Path directory;

    private String path(final String name) {
        return directory.resolve(name).toString();
    }

    @Test
    void shouldWriteAndReadBack() {
        try (Fd fd = Files.open(path("file \u00e4"), Files.O_RDWR | Files.O_CREAT | Files.O_CLOEXEC, 0640);
                Memory memory = Memory.cString("hello world")) {
            final int n = fd.number();
            Files.writeFully(n, memory.address(), 11);
            assertEquals(2, Files.pwrite(n, memory.address(), 2, 20));
            assertEquals(22, Files.status(n).size());
            memory.buffer().setMemory(0, 12, (byte) 0);
            assertEquals(5, Files.pread(n, memory.address(), 5, 6));
            assertEquals("world", Memory.readCString(memory.buffer(), 0, 12));
            assertEquals(0, Files.seek(n, 0, 0));
            assertEquals(4, Files.read(n, memory.address(), 4));
            assertEquals(4, Files.seek(n, 0, 1));
            Files.truncate(n, 3);
            Files.allocate(n, Files.FALLOC_FL_KEEP_SIZE, 0, 8192);
            assertEquals(3, Files.status(n).size());
            Files.sync(n);
        }
    }

    @Test
    void shouldReadIntoSeveralPieces() {
        try (MemFd file = MemFd.create("pieces", 0);
                Memory memory = Memory.cString("abcdef");
                Memory pieces = Memory.allocate(48)) {
            Files.writeFully(file.fd().number(), memory.address(), 6);
            pieces.buffer().putLong(0, pieces.address() + 40);
            pieces.buffer().putLong(8, 2);
            pieces.buffer().putLong(16, pieces.address() + 32);
            pieces.buffer().putLong(24, 3);
            assertEquals(5, Files.preadVector(file.fd().number(), pieces.address(), 2, 1));
            assertEquals("bc", Memory.readCString(pieces.buffer(), 40, 8));
            assertEquals("def", Memory.readCString(pieces.buffer(), 32, 8));
        }
    }

    @Test
    void shouldGiveStatus() throws IOException {
        Files.makeDirectoryAt(Files.AT_FDCWD, path("dir"), 0700);
        Files.makeNodeAt(Files.AT_FDCWD, path("fifo"), FileStatus.S_IFIFO | 0600, 0);
        final FileStatus fifo = Files.statusAt(Files.AT_FDCWD, path("fifo"), 0);
        assertEquals(FileStatus.S_IFIFO, fifo.type());
        assertEquals(0600, fifo.permissions());
        Files.linkAt(Files.AT_FDCWD, path("fifo"), Files.AT_FDCWD, path("second"), 0);
        final FileStatus second = Files.statusAt(Files.AT_FDCWD, path("second"), 0);
        assertEquals(2, second.nlink());
        assertEquals(fifo.ino(), second.ino());
        assertEquals(
                java.nio.file.Files.getAttribute(directory.resolve("fifo"), "unix:ino"), Long.valueOf(second.ino()));
        Files.unlinkAt(Files.AT_FDCWD, path("fifo"), 0);
        Files.unlinkAt(Files.AT_FDCWD, path("dir"), Files.AT_REMOVEDIR);
        final FileStatus device = Files.statusAt(Files.AT_FDCWD, "/dev/null", 0);
        assertEquals(1, FileStatus.major(device.rdev()));
        assertEquals(3, FileStatus.minor(device.rdev()));
        final long large = FileStatus.device(0x12345, 0x6789ab);
        assertEquals(0x12345, FileStatus.major(large));
        assertEquals(0x6789ab, FileStatus.minor(large));
    }

    @Test
    void shouldReadLinks() throws IOException {
        java.nio.file.Files.createSymbolicLink(directory.resolve("link"), Path.of("/no/such \u00e4"));
        assertEquals("/no/such \u00e4", Files.readLink(path("link")));
        try (Fd here = Files.open(directory.toString(), Files.O_PATH | Files.O_DIRECTORY)) {
            assertEquals("/no/such \u00e4", Files.readLinkAt(here.number(), "link"));
        }
        final LinuxException e = assertThrows(LinuxException.class, () -> Files.open(path("absent"), 0));
        assertEquals(Errno.ENOENT, e.errno());
        assertEquals(path("absent"), e.detail());
        assertEquals(
                Errno.ENAMETOOLONG,
                assertThrows(LinuxException.class, () -> Files.readLink("x".repeat(5000)))
                        .errno());
        assertThrows(IllegalArgumentException.class, () -> Files.readLink("a\0b"));
    }

    @Test
    void shouldDuplicateDescriptors() {
        try (MemFd file = MemFd.create("dup", 4096);
                Fd copy = Descriptors.duplicate(file.fd().number(), 200, true);
                Fd chosen = Descriptors.duplicateTo(copy.number(), 300, 0)) {
            assertTrue(copy.number() >= 200);
            assertEquals(300, chosen.number());
            assertEquals(Descriptors.FD_CLOEXEC, Descriptors.flags(copy.number()));
            assertEquals(0, Descriptors.flags(300));
            Descriptors.setFlags(300, Descriptors.FD_CLOEXEC);
            assertEquals(1, Descriptors.flags(300));
            Descriptors.setStatusFlags(300, Files.O_NONBLOCK);
            assertTrue((Descriptors.statusFlags(copy.number()) & Files.O_NONBLOCK) != 0, "one file description");
            assertEquals(0, Kcmp.files(Identity.pid(), 300, Identity.pid(), copy.number()));
            assertEquals(new Descriptors.Owner(Descriptors.F_OWNER_TID, 0), Descriptors.owner(300));
            assertEquals(0, Descriptors.signal(300));
            assertEquals(0, Descriptors.seals(300));
            Descriptors.closeRange(300, 300);
            assertEquals(
                    Errno.EBADF,
                    assertThrows(LinuxException.class, () -> Descriptors.flags(300))
                            .errno());
            assertEquals(300, chosen.release());
            assertFalse(chosen.isOpen());
            assertThrows(IllegalStateException.class, chosen::number);
        }
    }

    @Test
    void shouldMoveAndPollPipes() {
        try (Pipe one = Pipe.create(Files.O_CLOEXEC | Files.O_NONBLOCK);
                Pipe other = Pipe.create(Files.O_CLOEXEC);
                Poll poll = new Poll(2);
                Memory memory = Memory.cString("through")) {
            assertEquals(0, poll.add(one.reader().number(), Poll.POLLIN));
            assertEquals(1, poll.add(one.writer().number(), Poll.POLLOUT));
            assertThrows(IllegalStateException.class, () -> poll.add(0, 0));
            assertEquals(1, poll.await(TimeUnit.MILLISECONDS.toNanos(1)));
            assertEquals(0, poll.events(0));
            assertEquals(Poll.POLLOUT, poll.events(1));
            assertEquals(7, Files.write(one.writer().number(), memory.address(), 7));
            assertEquals(2, poll.await(Poll.FOREVER));
            assertEquals(Poll.POLLIN, poll.events(0));
            assertEquals(7, Pipe.tee(one.reader().number(), other.writer().number(), 100, 0));
            assertEquals(7, Pipe.splice(one.reader().number(), other.writer().number(), 100, Pipe.SPLICE_F_MOVE));
            try (Memory twice = Memory.allocate(32)) {
                assertEquals(14, Files.read(other.reader().number(), twice.address(), 32));
                assertEquals("throughthrough", Memory.readCString(twice.buffer(), 0, 32));
            }
            assertEquals(
                    Errno.EAGAIN,
                    assertThrows(
                                    LinuxException.class,
                                    () -> Files.read(one.reader().number(), memory.address(), 1))
                            .errno());
            assertTrue(Descriptors.setPipeSize(one.reader().number(), 8192) >= 8192);
            assertEquals(8192, Descriptors.pipeSize(one.writer().number()));
            assertEquals(0, Files.ioctl(one.reader().number(), 0x541b, memory.address()), "FIONREAD");
            assertEquals(0, memory.buffer().getInt(0));
        }
    }
}
