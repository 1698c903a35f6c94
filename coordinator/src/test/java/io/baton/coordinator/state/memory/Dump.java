package io.baton.coordinator.state.memory;

import io.baton.coordinator.ptrace.SeizedProcess;
import io.baton.coordinator.state.Answers;
import io.baton.coordinator.state.ProcessCapture;
import io.baton.coordinator.state.ProcessImage;
import io.baton.coordinator.state.TreeImage;
import io.baton.mktree.image.ImageDirectory;
import io.baton.mktree.image.proto.FdTypes;
import io.baton.mktree.image.proto.FileEntry;
import io.baton.mktree.image.proto.PstreeEntry;
import io.baton.mktree.image.proto.RegFileEntry;
import io.baton.task.program.ProgramBuilder;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** The memory of one process on its way into an image: what a dump of this kind of state alone needs. */
final class Dump {
    private final SeizedProcess process;
    private final ImageDirectory directory;
    private final long brk;
    private final ProgramBuilder ask = new ProgramBuilder();
    private final ProcessImage image;
    private final Map<RegFileEntry, Integer> ids = new LinkedHashMap<>();
    private final Map<Class<?>, Object> shared = new HashMap<>();
    private int pagesIds;

    Dump(SeizedProcess process, Path directory, long brk) throws IOException {
        this.process = process;
        this.directory = ImageDirectory.create(directory);
        this.brk = brk;
        this.image = new ProcessImage(PstreeEntry.newBuilder()
                .setPid(process.pid())
                .setPpid(0)
                .setPgid(process.pid())
                .setSid(process.pid())
                .addThreads(process.pid())
                .build());
        ask.reset();
    }

    ProcessCapture asProcess() {
        return Partly.implemented(ProcessCapture.class, this);
    }

    /** Path of the file with that id. */
    String pathOf(long id) {
        return ids.entrySet().stream()
                .filter(entry -> entry.getValue() == id)
                .map(entry -> entry.getKey().getName())
                .findFirst()
                .orElseThrow();
    }

    FileEntry file(int id) {
        RegFileEntry entry = ids.entrySet().stream()
                .filter(candidate -> candidate.getValue() == id)
                .map(Map.Entry::getKey)
                .findFirst()
                .orElseThrow();
        return FileEntry.newBuilder()
                .setType(FdTypes.REG)
                .setId(id)
                .setReg(entry.toBuilder().setId(id))
                .build();
    }

    SeizedProcess process() {
        return process;
    }

    ProgramBuilder ask() {
        return ask;
    }

    void then(Consumer<Answers> reader) {
        reader.accept(Partly.implemented(Answers.class, this));
    }

    ProcessImage image() {
        return image;
    }

    TreeImage tree() {
        return Partly.implemented(TreeImage.class, this);
    }

    /** The first question is for the brk. */
    long result(int index) {
        return index == 0 ? brk : 0;
    }

    int addPath(RegFileEntry.Builder file) {
        return ids.computeIfAbsent(file.setId(0).build(), entry -> ids.size() + 1);
    }

    ImageDirectory directory() {
        return directory;
    }

    int newPagesId() {
        return ++pagesIds;
    }

    <T> T shared(Class<T> type, Supplier<T> maker) {
        return type.cast(shared.computeIfAbsent(type, key -> maker.get()));
    }
}
