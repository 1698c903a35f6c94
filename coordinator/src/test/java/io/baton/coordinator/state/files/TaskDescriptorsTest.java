package io.baton.coordinator.state.files;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.baton.coordinator.state.ContextBuilder;
import io.baton.coordinator.state.ThreadRestore;
import io.baton.mktree.image.ImageDirectory;
import io.baton.mktree.image.proto.CoreEntry;
import io.baton.mktree.image.proto.EventfdFileEntry;
import io.baton.mktree.image.proto.FdTypes;
import io.baton.mktree.image.proto.FdinfoEntry;
import io.baton.mktree.image.proto.FileEntry;
import io.baton.mktree.image.proto.PipeEntry;
import io.baton.mktree.image.proto.RegFileEntry;
import io.baton.task.program.ProgramBuilder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Programs for descriptor tables of all shapes, run on a {@link ModelKernel}. */
final class TaskDescriptorsTest {
    private static final int O_LARGEFILE = 0x8000;

    @TempDir
    Path directory;

    private final FileDescriptors kind = new FileDescriptors();
    private final ModelKernel kernel = new ModelKernel();
    private final List<FileEntry> files = new ArrayList<>();
    private final List<List<FdinfoEntry>> tables = new ArrayList<>();
    private int instructions;

    @BeforeEach
    void begin() {
        instructions = 0;
    }

    @Test
    void shouldOpenWhereItBelongs() throws Exception {
        int id = file();
        table(row(0, id, false), row(1, file(), true), row(2, pipeReader(7), false), row(3, pipeWriter(7), false));
        restore(100);
        assertEquals(5, instructions, "openat, openat, pipe2, and F_SETFD for each end");
    }

    @Test
    void shouldShareByDupAndByFetching() throws Exception {
        int id = file();
        table(row(0, id, false), row(1, id, false), row(9, id, true));
        table(row(0, id, false), row(4, id, false));
        restore(3);
    }

    @Test
    void shouldTurnAPipeAround() throws Exception {
        table(row(0, pipeWriter(1), false), row(1, pipeReader(1), true));
        restore(3);
    }

    @Test
    void shouldKeepTheOtherEndForALaterTask() throws Exception {
        int reader = pipeReader(1);
        int writer = pipeWriter(1);
        table(row(1, reader, false));
        table(row(1, writer, false));
        table(row(1, writer, true), row(2, reader, false));
        restore(3);
    }

    @Test
    void shouldMakeASecondReader() throws Exception {
        int reader = pipeReader(1);
        int second = end(1, O_LARGEFILE);
        table(row(0, second, false), row(1, reader, false));
        table(row(0, pipeWriter(1), false), row(1, second, false));
        restore(3);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5})
    void shouldRestoreAnyTables(int block) throws Exception {
        for (int seed = block * 100; seed < (block + 1) * 100; seed++) {
            files.clear();
            tables.clear();
            Random random = new Random(seed);
            randomFiles(random);
            randomTables(random);
            restore(5 + 64);
        }
    }

    private void randomFiles(Random random) {
        for (int i = random.nextInt(8); i >= 0; i--) {
            switch (random.nextInt(4)) {
                case 0 -> file();
                case 1 -> counter();
                default -> {
                    pipeReader(i + 1);
                    pipeWriter(i + 1);
                    if (random.nextInt(3) == 0) {
                        end(i + 1, O_LARGEFILE | random.nextInt(3));
                    }
                }
            }
        }
    }

    private void randomTables(Random random) {
        for (int process = random.nextInt(5); process >= 0; process--) {
            TreeMap<Integer, FdinfoEntry> table = new TreeMap<>();
            int highest = 1 + random.nextInt(random.nextBoolean() ? 6 : 60);
            for (int i = random.nextInt(12); i >= 0; i--) {
                int fd = random.nextInt(highest);
                int id = files.get(random.nextInt(files.size())).getId();
                table.put(fd, row(fd, id, random.nextBoolean()));
            }
            table(table.values().toArray(new FdinfoEntry[0]));
        }
    }

    private int file() {
        return add(
                FdTypes.REG,
                entry -> entry.setReg(RegFileEntry.newBuilder()
                        .setId(entry.getId())
                        .setFlags(O_LARGEFILE)
                        .setPos(0)
                        .setFown(SignalOwner.NOBODY)
                        .setName("/file" + entry.getId())));
    }

    private int counter() {
        return add(
                FdTypes.EVENTFD,
                entry -> entry.setEfd(EventfdFileEntry.newBuilder()
                        .setId(entry.getId())
                        .setFlags(2)
                        .setFown(SignalOwner.NOBODY)
                        .setCounter(-2)));
    }

    private int pipeReader(int pipe) {
        return end(pipe, 0);
    }

    private int pipeWriter(int pipe) {
        return end(pipe, 1);
    }

    private int end(int pipe, int flags) {
        return add(
                FdTypes.PIPE,
                entry -> entry.setPipe(PipeEntry.newBuilder()
                        .setId(entry.getId())
                        .setPipeId(pipe)
                        .setFlags(flags)
                        .setFown(SignalOwner.NOBODY)));
    }

    private interface Filler {
        void fill(FileEntry.Builder entry);
    }

    private int add(FdTypes type, Filler filler) {
        int id = files.size() + 1;
        FileEntry.Builder entry = FileEntry.newBuilder().setType(type).setId(id);
        filler.fill(entry);
        files.add(entry.build());
        return id;
    }

    private FdinfoEntry row(int fd, int id, boolean closeOnExec) {
        return FdinfoEntry.newBuilder()
                .setFd(fd)
                .setId(id)
                .setFlags(closeOnExec ? 1 : 0)
                .setType(files.get(id - 1).getType())
                .build();
    }

    private void table(FdinfoEntry... rows) {
        tables.add(List.of(rows));
    }

    /** Runs the programs of all processes in order, then what they keep for the end, and compares. */
    private void restore(int imagesFd) throws Exception {
        ImageDirectory image = ImageDirectory.openUnverified(directory);
        Map<Class<?>, Object> shared = new HashMap<>();
        List<OneRestore> processes = new ArrayList<>();
        for (int i = 0; i < tables.size(); i++) {
            OneRestore process = new OneRestore(i + 1, imagesFd, tables.get(i), files, image, shared);
            processes.add(process);
            int pid = i + 1;
            kernel.begin(pid, imagesFd);
            ContextBuilder context = new ContextBuilder((block, position, flags) -> {
                instructions += block.count();
                kernel.run(pid, block);
            });
            context.begin(i);
            kind.compile(process, context);
            context.end(false);
            kernel.table(pid).remove(imagesFd);
        }
        for (OneRestore process : processes) {
            ProgramBuilder kept = new ProgramBuilder();
            int pid = process.pstree().getPid();
            kind.compileSignals(new ThreadRestore(process, 0, pid, CoreEntry.getDefaultInstance()), kept);
            kernel.run(pid, kept);
        }
        compare();
    }

    private void compare() {
        Map<Integer, ModelKernel.Description> seen = new HashMap<>();
        Map<ModelKernel.Description, Integer> ids = new HashMap<>();
        for (int i = 0; i < tables.size(); i++) {
            NavigableMap<Integer, ModelKernel.Row> table = kernel.table(i + 1);
            assertEquals(
                    tables.get(i).stream().map(FdinfoEntry::getFd).toList(),
                    List.copyOf(table.keySet()),
                    "descriptors of " + (i + 1));
            for (FdinfoEntry wanted : tables.get(i)) {
                ModelKernel.Row row = Objects.requireNonNull(table.get(wanted.getFd()));
                assertEquals(wanted.getFlags() == 1, row.closeOnExec());
                ModelKernel.Description before = seen.putIfAbsent(wanted.getId(), row.description());
                if (before == null) {
                    assertNull(ids.put(row.description(), wanted.getId()), "two descriptions became one");
                } else {
                    assertEquals(before, row.description(), "one description became two");
                }
                compareKind(files.get(wanted.getId() - 1), row.description().name());
            }
        }
    }

    private static void compareKind(FileEntry entry, String name) {
        switch (entry.getType()) {
            case REG -> assertEquals(entry.getReg().getName(), name);
            case EVENTFD -> assertEquals("eventfd", name);
            default -> {
                int flags = entry.getPipe().getFlags();
                String end = flags == 0 ? "reader" : flags == 1 ? "writer" : "reopened";
                assertEquals(end, name.replaceAll(".* ", ""));
            }
        }
    }
}
