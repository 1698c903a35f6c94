package io.baton.coordinator.state.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.error.ErrorCode;
import io.baton.coordinator.error.Refusal;
import io.baton.coordinator.error.Refusals;
import io.baton.coordinator.state.ContextBuilder;
import io.baton.coordinator.state.Item;
import io.baton.coordinator.state.ProcessRestore;
import io.baton.mktree.image.ImageDirectory;
import io.baton.mktree.image.ImageKind;
import io.baton.mktree.image.ImageWriter;
import io.baton.mktree.image.proto.FdTypes;
import io.baton.mktree.image.proto.FileEntry;
import io.baton.mktree.image.proto.FownEntry;
import io.baton.mktree.image.proto.MmEntry;
import io.baton.mktree.image.proto.PagemapEntry;
import io.baton.mktree.image.proto.PagemapHead;
import io.baton.mktree.image.proto.RegFileEntry;
import io.baton.mktree.image.proto.VmaEntry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MemoryValidationTest {
    private static final int PID = 42;
    private static final long BASE = 0x1000_0000L;
    private static final int PAGE = 4096;
    private static final int ANONYMOUS = VmaBits.REGULAR | VmaBits.ANON_PRIVATE;
    private static final long VDSO_AT = 0x7f00_0000_0000L;

    @TempDir
    Path directory;

    private final List<VmaEntry> vmas = new ArrayList<>();
    private final List<long[]> runs = new ArrayList<>();
    private byte[] pages = new byte[64 * PAGE];
    private RegFileEntry.Builder executable;

    @BeforeEach
    void writeExecutable() throws IOException {
        Path file = directory.resolve("program");
        Files.write(file, new byte[100]);
        executable = RegFileEntry.newBuilder()
                .setId(1)
                .setFlags(0)
                .setPos(0)
                .setFown(FownEntry.newBuilder()
                        .setUid(0)
                        .setEuid(0)
                        .setSignum(0)
                        .setPidType(0)
                        .setPid(0))
                .setName(file.toString())
                .setSize(100);
    }

    @Test
    void shouldAcceptPagesThatReachOverMappings() throws IOException {
        add(BASE, 2, ANONYMOUS);
        add(BASE + 2 * PAGE, 2, ANONYMOUS);
        runs.add(new long[] {BASE + PAGE, 2});

        assertEquals(List.of(), refusals());
    }

    @Test
    void shouldRejectMappingsThatOverlap() {
        add(BASE, 2, ANONYMOUS);
        add(BASE + PAGE, 2, ANONYMOUS);

        assertDamaged("overlaps");
    }

    @Test
    void shouldRejectMappingsOutOfOrderOrBounds() {
        add(BASE + 4 * PAGE, 2, ANONYMOUS);
        add(BASE, 2, ANONYMOUS);
        assertDamaged("out of order");
        vmas.clear();

        add(AddressSpace.TASK_SIZE, 1, ANONYMOUS);
        assertDamaged("out of bounds");
        vmas.clear();

        vmas.add(vma(BASE + 1, 1, ANONYMOUS).build());
        assertDamaged("mapping");
    }

    @Test
    void shouldRejectPagesWithoutAPlace() {
        add(BASE, 2, ANONYMOUS);
        runs.add(new long[] {BASE + PAGE, 2});

        assertDamaged("pages without a private mapping");
    }

    @Test
    void shouldRejectAFileThatTheImageDoesNotHave() {
        vmas.add(vma(BASE, 1, VmaBits.REGULAR | VmaBits.FILE_PRIVATE)
                .setFlags(VmaBits.MAP_PRIVATE)
                .setShmid(9)
                .build());

        assertDamaged("no entry in files.img");
    }

    @Test
    void shouldRefuseAFileOfAnotherSizeOnce() throws IOException {
        for (int i = 0; i < 3; i++) {
            vmas.add(vma(BASE + (long) i * PAGE, 1, VmaBits.REGULAR | VmaBits.FILE_PRIVATE)
                    .setFlags(VmaBits.MAP_PRIVATE)
                    .setShmid(1)
                    .build());
        }
        executable.setSize(99);

        List<Refusal> refusals = refusals();

        assertEquals(1, refusals.size());
        assertTrue(refusals.get(0).toString().contains("size=100 dumped=99"), refusals::toString);
    }

    @Test
    void shouldRefuseAFileThatIsMissingOrAnotherBuild() throws IOException {
        executable.addBuildId(1);
        assertTrue(refusals().get(0).reason().contains("build id"));

        executable.setName("/nowhere");
        assertTrue(refusals().get(0).reason().contains("No such file"));
    }

    @Test
    void shouldRefuseWhatIsNotRestoredYet() throws IOException {
        add(BASE, 1, VmaBits.REGULAR | VmaBits.AIO_RING);

        assertEquals(1, refusals().size());
    }

    @Test
    void shouldRejectASegmentThatIsNotInTheImage() throws IOException {
        add(BASE, 1, VmaBits.REGULAR | VmaBits.SYSV_IPC);

        assertDamaged("no segment");
    }

    @Test
    void shouldTakeTheVdsoOnlyIfItIsTheSame() throws IOException {
        OwnVdso own = OwnVdso.get();
        int dataPages = (int) own.dataLength() / PAGE;
        int codePages = (int) own.codeLength() / PAGE;
        add(VDSO_AT, dataPages, ANONYMOUS | VmaBits.VVAR);
        add(VDSO_AT + own.dataLength(), codePages, ANONYMOUS | VmaBits.VDSO);
        runs.add(new long[] {VDSO_AT + own.dataLength(), codePages});
        own.code().duplicate().clear().get(pages, 0, (int) own.codeLength());
        assertEquals(List.of(), refusals());

        pages[(int) own.codeLength() - 1] ^= 1;
        assertTrue(refusals().get(0).reason().contains("differs"));
    }

    @Test
    void shouldCompileNothingForWhatIsNotThere() throws IOException {
        int[] instructions = {0};
        ContextBuilder context = new ContextBuilder((block, position, flags) -> instructions[0] += block.count());
        context.begin(0);
        new MemoryKind().compile(restore().asProcess(), context);
        context.end(false);

        // The executable is opened, made known and closed.
        assertEquals(5, instructions[0]);
    }

    @Test
    void shouldNameMappingsByAddressAndFile() throws IOException {
        add(BASE, 2, ANONYMOUS);
        vmas.add(vma(BASE + 2 * PAGE, 1, VmaBits.REGULAR | VmaBits.FILE_PRIVATE)
                .setFlags(VmaBits.MAP_PRIVATE)
                .setShmid(1)
                .build());
        ProcessRestore process = restore().asProcess();

        assertEquals("pages of mapping 10000000-10002000", MappingNames.describe(process, Item.PAGES.tag(0)));
        assertEquals(
                "mapping 10002000-10003000 (" + executable.getName() + ")",
                MappingNames.describe(process, Item.MAPPING.tag(1)));
        assertEquals("fd 1", MappingNames.describe(process, Item.DESCRIPTOR.tag(1)));
    }

    private void add(long start, int count, int status) {
        vmas.add(vma(start, count, status).build());
    }

    private static VmaEntry.Builder vma(long start, int count, int status) {
        return VmaEntry.newBuilder()
                .setStart(start)
                .setEnd(start + (long) count * PAGE)
                .setPgoff(0)
                .setShmid(0)
                .setProt(3)
                .setFlags(VmaBits.MAP_PRIVATE | VmaBits.MAP_ANONYMOUS)
                .setStatus(status)
                .setFd(-1);
    }

    private List<Refusal> refusals() throws IOException {
        Refusals refusals = new Refusals();
        new MemoryKind().validate(restore().asProcess(), refusals);
        return refusals.all();
    }

    private void assertDamaged(String word) {
        BatonException e = assertThrows(BatonException.class, this::refusals);
        assertEquals(ErrorCode.BAD_IMAGE, e.code());
        assertTrue(e.message().contains(word), e::message);
    }

    private Restore restore() throws IOException {
        ImageDirectory images = ImageDirectory.create(directory.resolve("images"));
        try (ImageWriter writer = images.writer(ImageKind.PAGEMAP, PID)) {
            writer.write(PagemapHead.newBuilder().setPagesId(1).build());
            for (long[] run : runs) {
                writer.write(PagemapEntry.newBuilder()
                        .setVaddr(run[0])
                        .setCompatNrPages(0)
                        .setNrPages(run[1])
                        .setFlags(4)
                        .build());
            }
        }
        Files.write(images.pages(1), pages);
        MmEntry mm = MmEntry.newBuilder()
                .setMmStartCode(BASE)
                .setMmEndCode(BASE)
                .setMmStartData(BASE)
                .setMmEndData(BASE)
                .setMmStartStack(BASE)
                .setMmStartBrk(BASE)
                .setMmBrk(BASE)
                .setMmArgStart(BASE)
                .setMmArgEnd(BASE)
                .setMmEnvStart(BASE)
                .setMmEnvEnd(BASE)
                .setExeFileId(1)
                .addAllVmas(vmas)
                .build();
        return new Restore(images, PID, mm, id -> id == 1 ? file() : null);
    }

    private FileEntry file() {
        return FileEntry.newBuilder()
                .setType(FdTypes.REG)
                .setId(1)
                .setReg(executable)
                .build();
    }
}
