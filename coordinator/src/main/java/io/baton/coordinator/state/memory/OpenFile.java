package io.baton.coordinator.state.memory;

import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.error.ErrorCode;
import io.baton.coordinator.state.ContextBuilder;
import io.baton.coordinator.state.Item;
import io.baton.coordinator.state.ProcessRestore;
import io.baton.coordinator.state.ghosts.GhostFiles;
import io.baton.mktree.image.proto.FileEntry;
import io.baton.mktree.image.proto.RegFileEntry;
import io.baton.task.linux.Files;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.program.ProgramBuilder;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The one file that a task has open while it maps: opened when it is first needed, kept for as long as the next mapping
 * is of the same file (a program's segments follow one another), closed when another is needed.
 */
final class OpenFile {
    /** Holds the descriptor. */
    static final int REGISTER = 0;

    private final ProcessRestore process;
    private final ContextBuilder context;
    private final Set<String> made = new HashSet<>();
    private String path = "";
    private int flags;

    OpenFile(ProcessRestore process, ContextBuilder context) {
        this.process = process;
        this.context = context;
    }

    /** Sees to it that the file with that id is open in {@link #REGISTER}. */
    void open(int newId, int newFlags, int tag) {
        RegFileEntry entry = entry(process, newId);
        if (FleetingFile.canBeMade(process.directory(), entry) && made.add(entry.getName())) {
            close(tag);
            FleetingFile.compile(process, entry, REGISTER, tag, context);
        }
        String ghost = GhostFiles.of(process).path(newId);
        open(ghost == null ? entry.getName() : ghost, newFlags, tag);
    }

    /** Sees to it that the file at that path is open in {@link #REGISTER}. */
    void open(String newPath, int newFlags, int tag) {
        if (path.equals(newPath) && flags == newFlags) {
            return;
        }
        close(tag);
        ProgramBuilder block = context.item(tag);
        block.call(SyscallNumber.OPENAT)
                .value(Files.AT_FDCWD)
                .data(block.string(newPath))
                .value(newFlags | Files.O_CLOEXEC)
                .value(0)
                .store(REGISTER);
        path = newPath;
        flags = newFlags;
    }

    /** Closes it, if one is open. */
    void close() {
        close(Item.MEMORY_MAP.tag());
    }

    private void close(int tag) {
        if (!path.isEmpty()) {
            context.item(tag).call(SyscallNumber.CLOSE).register(REGISTER);
            path = "";
        }
    }

    /** The entry of a mapped or executed file. */
    static RegFileEntry entry(ProcessRestore process, int id) {
        RegFileEntry entry = find(process, id);
        if (entry == null) {
            throw new BatonException(
                    ErrorCode.BAD_IMAGE,
                    "pid " + process.pstree().getPid() + ": mapped file has no entry in files.img: id="
                            + Integer.toUnsignedString(id),
                    "");
        }
        return entry;
    }

    private static @Nullable RegFileEntry find(ProcessRestore process, int id) {
        FileEntry file = process.file(id);
        return file != null && file.hasReg() ? file.getReg() : null;
    }
}
