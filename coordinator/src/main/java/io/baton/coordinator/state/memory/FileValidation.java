package io.baton.coordinator.state.memory;

import io.baton.coordinator.error.Refusals;
import io.baton.coordinator.state.ProcessRestore;
import io.baton.coordinator.state.ghosts.GhostFiles;
import io.baton.mktree.image.proto.RegFileEntry;
import io.baton.task.linux.Errno;
import io.baton.task.linux.FileStatus;
import io.baton.task.linux.Files;
import io.baton.task.linux.LinuxException;
import java.util.HashMap;
import java.util.Map;

/**
 * Compares the files that an image's processes have mapped with those here: another version of a program or library
 * under the same path would crash it. Size, mode and build id as far as the image tells them, each file once.
 */
final class FileValidation {
    private static final String REMEDY = "put back the version it was dumped with";

    /** By id: what is wrong with the file, empty if nothing. */
    private final Map<Integer, String> faults = new HashMap<>();

    static FileValidation of(ProcessRestore process) {
        return process.shared(FileValidation.class, FileValidation::new);
    }

    /** Adds a refusal if the file is missing or another one, when it is met for the first time. */
    void validate(ProcessRestore process, int id, String use, Refusals refusals) {
        if (!faults.containsKey(id)) {
            RegFileEntry entry = OpenFile.entry(process, id);
            GhostFiles ghosts = GhostFiles.of(process);
            String fault;
            if (ghosts.path(id) != null) {
                fault = ghosts.fault(id, entry);
            } else {
                fault = FleetingFile.canBeMade(process.directory(), entry) ? "" : faultOf(entry);
            }
            faults.put(id, fault);
            if (!fault.isEmpty()) {
                refusals.add(process.pstree().getPid(), use + " (" + entry.getName() + ")", fault, REMEDY);
            }
        }
    }

    private static String faultOf(RegFileEntry entry) {
        FileStatus status;
        try {
            status = Files.statusAt(Files.AT_FDCWD, entry.getName(), 0);
        } catch (LinuxException e) {
            return "file cannot be used: " + Errno.messageOf(e.errno());
        }
        if (entry.hasSize() && entry.getSize() != status.size()) {
            return "file has another size: size=" + status.size() + " dumped=" + entry.getSize();
        } else if (entry.hasMode() && entry.getMode() != status.mode()) {
            return "file has another mode: mode=0" + Integer.toOctalString(status.mode()) + " dumped=0"
                    + Integer.toOctalString(entry.getMode());
        } else if (entry.getBuildIdCount() > 0 && !BuildId.of(entry.getName()).equals(entry.getBuildIdList())) {
            return "file is another build: its build id differs";
        }
        return "";
    }
}
