package io.baton.coordinator.state.files;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.baton.coordinator.Victim;
import io.baton.coordinator.error.Refusals;
import io.baton.coordinator.ptrace.Deadline;
import io.baton.coordinator.ptrace.SeizedProcess;
import io.baton.coordinator.ptrace.SeizedTree;
import io.baton.coordinator.ptrace.TreeSeizer;
import io.baton.coordinator.state.Answers;
import io.baton.coordinator.state.DumpOptions;
import io.baton.coordinator.state.ProcessCapture;
import io.baton.coordinator.state.ProcessImage;
import io.baton.coordinator.state.TreeImage;
import io.baton.mktree.image.proto.EventfdFileEntry;
import io.baton.mktree.image.proto.FdTypes;
import io.baton.mktree.image.proto.FdinfoEntry;
import io.baton.mktree.image.proto.FileEntry;
import io.baton.mktree.image.proto.PstreeEntry;
import io.baton.mktree.image.proto.RegFileEntry;
import io.baton.task.program.ProgramBuilder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Numbers are those of {@code native/victims/files.c}. */
final class CaptureTest {
    private static final int O_LARGEFILE = 0x8000;
    private static final int O_RDWR = 2;
    private static final int O_WRONLY = 1;
    private static final int O_NONBLOCK = 0x800;

    @TempDir
    Path directory;

    private final CollectedImage image = new CollectedImage();
    private final List<ProcessImage> processes = new ArrayList<>();

    @Test
    void shouldCaptureDescriptorsAsCriuDoes() throws Exception {
        capture();
        assertEquals(2, processes.size());
        RegFileEntry file = file(0, 3).getReg();
        assertEquals(O_RDWR | O_LARGEFILE, file.getFlags());
        assertEquals(5, file.getPos());
        assertEquals(12, file.getSize());
        assertEquals(0100600, file.getMode());
        assertEquals(directory.resolve("file").toString(), file.getName());
        assertEquals(-1, file.getMntId());
        assertFalse(file(0, 4).getReg().hasSize(), "may grow");
        assertEquals(1, descriptor(0, 4).getFlags());
        assertEquals(0, descriptor(0, 5).getFlags());
        assertEquals(FdTypes.REG, descriptor(0, 0).getType());
        assertFalse(file(0, 0).getReg().hasSize(), "a device");
        assertTrue((file(0, 12).getReg().getFlags() & 0x20_0000) != 0, "O_PATH");
    }

    @Test
    void shouldTellSharedDescriptionsFromDistinctOnes() throws Exception {
        capture();
        assertEquals(id(0, 3), id(0, 20), "dup");
        assertEquals(id(0, 3), id(1, 3), "fork");
        assertNotEquals(id(0, 3), id(0, 5), "opened twice");
        assertEquals(id(0, 5), id(0, 30));
        assertEquals(file(0, 40).getPipe().getPipeId(), file(1, 40).getPipe().getPipeId());
        assertNotEquals(id(0, 40), id(1, 40), "two ends");
        assertNotEquals(id(0, 6), id(0, 60), "opened through /proc");
        assertEquals(file(0, 6).getPipe().getPipeId(), file(0, 60).getPipe().getPipeId());
    }

    @Test
    void shouldCopyWhatIsInPipes() throws Exception {
        capture();
        byte[] content = image.pipe(file(0, 6).getPipe().getPipeId());
        assertEquals(300_000, content.length);
        for (int i = 0; i < content.length; i++) {
            assertEquals((byte) (i * 7 + i / 251), content[i]);
        }
        assertEquals(0, image.pipe(file(0, 40).getPipe().getPipeId()).length);
        byte[] named = image.namedPipe(file(0, 10).getFifo().getPipeId());
        assertEquals("fifo data", new String(named, US_ASCII));
        assertEquals(
                O_RDWR | O_NONBLOCK | O_LARGEFILE,
                byId(file(0, 10).getFifo().getRegfId()).getReg().getFlags());
        assertEquals(O_WRONLY | O_NONBLOCK, file(0, 7).getPipe().getFlags());
    }

    @Test
    void shouldCaptureCountersAndOwners() throws Exception {
        capture();
        EventfdFileEntry counter = file(0, 8).getEfd();
        assertEquals(3, counter.getCounter());
        assertEquals(O_RDWR | O_NONBLOCK, counter.getFlags());
        assertTrue(counter.getSemaphore());
        assertEquals(0xfffffffffffff00L, file(0, 9).getEfd().getCounter());
        assertEquals(12, file(0, 3).getReg().getFown().getSignum());
        assertEquals(
                processes.get(0).pstree().getPid(),
                file(0, 6).getPipe().getFown().getPid());
    }

    @Test
    void shouldCaptureTheFileSystemContext() throws Exception {
        capture();
        assertEquals(027, processes.get(0).fs().getUmask());
        assertEquals(
                directory.toString(),
                byId(processes.get(0).fs().getCwdId()).getReg().getName());
        assertEquals("/", byId(processes.get(1).fs().getRootId()).getReg().getName());
    }

    @Test
    void shouldLeaveTheTreeAsItWas() throws Exception {
        try (Victim victim = start()) {
            captureOf(victim);
            victim.signal(10);
            Victim.await(() -> Files.exists(directory.resolve("result")));
            assertEquals("PASS\n", Files.readString(directory.resolve("result")));
        }
    }

    private void capture() throws Exception {
        try (Victim victim = start()) {
            captureOf(victim);
        }
    }

    private Victim start() throws Exception {
        Victim victim = Victim.start("files", directory);
        Victim.await(() -> Files.exists(directory.resolve("ready")));
        return victim;
    }

    private void captureOf(Victim victim) {
        FileDescriptors descriptors = new FileDescriptors();
        FileSystemContext context = new FileSystemContext();
        try (SeizedTree tree = TreeSeizer.seize(victim.pid(), Deadline.after(10))) {
            Refusals refusals = new Refusals();
            descriptors.inspectTree(tree.processes(), image, DumpOptions.DEFAULT, refusals);
            context.inspectTree(tree.processes(), image, DumpOptions.DEFAULT, refusals);
            assertEquals(List.of(), refusals.all());
            for (SeizedProcess process : tree.processes()) {
                OneCapture capture = new OneCapture(process, image);
                descriptors.capture(capture);
                context.capture(capture);
                processes.add(capture.image());
            }
        }
    }

    private FdinfoEntry descriptor(int process, int fd) {
        return processes.get(process).descriptors().stream()
                .filter(entry -> entry.getFd() == fd)
                .findFirst()
                .orElseThrow();
    }

    private int id(int process, int fd) {
        return descriptor(process, fd).getId();
    }

    private FileEntry file(int process, int fd) {
        return byId(id(process, fd));
    }

    private FileEntry byId(int id) {
        return image.files.stream()
                .filter(entry -> entry.getId() == id)
                .findFirst()
                .orElseThrow();
    }

    private record OneCapture(SeizedProcess process, TreeImage tree, ProcessImage image) implements ProcessCapture {
        OneCapture(SeizedProcess process, TreeImage tree) {
            this(
                    process,
                    tree,
                    new ProcessImage(PstreeEntry.newBuilder()
                            .setPid(process.pid())
                            .setPpid(0)
                            .setPgid(process.pid())
                            .setSid(process.pid())
                            .addThreads(process.pid())
                            .build()));
        }

        @Override
        public DumpOptions options() {
            return DumpOptions.DEFAULT;
        }

        @Override
        public ProgramBuilder ask() {
            throw new UnsupportedOperationException();
        }

        @Override
        public void then(Consumer<Answers> reader) {
            throw new UnsupportedOperationException();
        }
    }
}
