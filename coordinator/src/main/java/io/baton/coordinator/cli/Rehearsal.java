package io.baton.coordinator.cli;

import io.baton.mktree.image.ImageDirectory;
import io.baton.mktree.image.ImageKind;
import io.baton.mktree.image.proto.PstreeEntry;
import io.baton.task.linux.Fd;
import io.baton.task.linux.LinuxException;
import io.baton.task.linux.MemFd;
import io.baton.task.linux.Signals;
import io.baton.task.linux.Spawner;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.Stream;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.ringbuffer.OneToOneRingBuffer;
import org.agrona.concurrent.ringbuffer.RingBufferDescriptor;

/**
 * Touches what nearly every command needs, so that the launcher's class archive holds it: the command line, JNA, rings
 * and images. The launcher runs it once after a build; it changes nothing outside a directory of its own.
 */
final class Rehearsal {
    private static final int RING_LENGTH = 4096;
    private static final int FIRST_FREE = 3;

    private Rehearsal() {}

    public static void main(String[] args) throws IOException {
        int status = Main.run("--version");
        Main.run("--help");
        for (String command : Commands.NAMES) {
            Main.run(command, "--help");
        }
        rehearseRing();
        rehearseImage();
        rehearseTree();
        Interruption.finish(status); // or the JVM waits for the commands that it has run
        System.exit(status);
    }

    private static void rehearseRing() {
        long length = (long) RING_LENGTH + RingBufferDescriptor.TRAILER_LENGTH;
        try (MemFd file = MemFd.create("baton-rehearsal", length);
                var mapping = file.map()) {
            var ring = new OneToOneRingBuffer(mapping.buffer());
            ring.write(1, new UnsafeBuffer(new byte[Long.BYTES]), 0, Long.BYTES);
            ring.read((type, buffer, index, size) -> {});
        }
    }

    private static void rehearseImage() throws IOException {
        Path path = Files.createTempDirectory("baton-rehearsal");
        try {
            ImageDirectory written = ImageDirectory.create(path);
            var root = PstreeEntry.newBuilder().setPid(1).setPpid(0).setPgid(1).setSid(1);
            written.write(ImageKind.PSTREE, 0, root.addThreads(1).build());
            written.seal();
            ImageDirectory.open(path).all(ImageKind.PSTREE, 0, PstreeEntry.class);
        } finally {
            delete(path);
        }
    }

    /** A program of our own there and back; where that may not be, it fails and nothing is lost. */
    private static void rehearseTree() throws IOException {
        Path path = Files.createTempDirectory("baton-rehearsal");
        int pid = 0;
        try (Fd nothing = io.baton.task.linux.Files.open("/dev/null", io.baton.task.linux.Files.O_RDWR)) {
            Spawner sleeper = new Spawner("/bin/sleep", "sleep", "30").newSession();
            for (int fd = 0; fd < FIRST_FREE; fd++) {
                sleeper.dup(nothing.number(), fd);
            }
            pid = sleeper.closeFrom(FIRST_FREE).spawn();
            String images = path.toString();
            String journals = path.resolve("operations").toString();
            Start.run("dump", "-t", Integer.toString(pid), "-D", images, "--journal-dir", journals);
            Start.run("restore", "-d", "-D", images, "--journal-dir", journals);
            Main.run("show", "-D", images);
            Main.run("journal", "--journal-dir", journals);
            Main.run("timeline", "--journal-dir", journals, "--format", "html");
        } catch (LinuxException e) {
            // No such program, or something of the kind.
        } finally {
            if (pid > 0) {
                Signals.kill(pid, Signals.SIGKILL);
            }
            delete(path);
        }
    }

    private static void delete(Path path) throws IOException {
        try (Stream<Path> files = Files.walk(path)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
