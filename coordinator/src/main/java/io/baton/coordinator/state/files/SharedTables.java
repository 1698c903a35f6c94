package io.baton.coordinator.state.files;

import io.baton.coordinator.error.Refusals;
import io.baton.coordinator.ptrace.SeizedProcess;
import io.baton.coordinator.ptrace.SeizedThread;
import io.baton.task.linux.Kcmp;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Tasks that share a descriptor table or file system context in an unusual way: processes that share one (clone(2) with
 * CLONE_FILES or CLONE_FS but without CLONE_THREAD), threads that do not (unshare(2)).
 */
final class SharedTables {
    private SharedTables() {}

    /**
     * Finds the first process with the table of each, where that is another one.
     *
     * @param inherited a table that the parent has too can be saved; others are refused
     */
    static Map<SeizedProcess, SeizedProcess> find(
            List<SeizedProcess> processes, int type, String name, boolean inherited, Refusals refusals) {
        TreeMap<Integer, SeizedProcess> known = new TreeMap<>((one, other) -> Kcmp.tasks(type, one, other));
        Map<Integer, SeizedProcess> tables = new HashMap<>();
        Map<SeizedProcess, SeizedProcess> shared = new HashMap<>();
        for (SeizedProcess process : processes) {
            int first = process.procId();
            SeizedProcess other = known.putIfAbsent(first, process);
            tables.put(process.pid(), other == null ? process : other);
            if (other != null) {
                shared.put(process, other);
            }
            if (other != null && !(inherited && tables.get(process.parent()) == other)) {
                refusals.add(
                        process.pid(),
                        name,
                        "shared with process " + other.pid()
                                + (inherited ? ", and not with its parent: not supported yet" : ": not supported yet"),
                        "start the process by fork(2)");
            }
            for (SeizedThread thread : process.threads()) {
                if (thread.tid() != first && Kcmp.tasks(type, first, thread.tid()) != 0) {
                    refusals.add(
                            process.pid(),
                            name,
                            "thread " + thread.tid() + " has one of its own: not supported yet",
                            "do not use unshare(2) in threads");
                }
            }
        }
        return shared;
    }
}
