package io.baton.coordinator.state.files;

import io.baton.coordinator.error.Refusals;
import io.baton.coordinator.ptrace.SeizedProcess;
import io.baton.coordinator.ptrace.SeizedThread;
import io.baton.task.linux.Kcmp;
import java.util.List;
import java.util.TreeMap;

/**
 * Refuses tasks that share a descriptor table or file system context in an unusual way: processes that share one
 * (clone(2) with CLONE_FILES or CLONE_FS but without CLONE_THREAD), threads that do not (unshare(2)).
 */
final class SharedTables {
    private SharedTables() {}

    static void inspect(List<SeizedProcess> processes, int type, String name, Refusals refusals) {
        TreeMap<Integer, Integer> known = new TreeMap<>((one, other) -> Kcmp.tasks(type, one, other));
        for (SeizedProcess process : processes) {
            int first = process.procId();
            Integer other = known.putIfAbsent(first, process.pid());
            if (other != null) {
                refusals.add(
                        process.pid(),
                        name,
                        "shared with process " + other + ": not supported yet",
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
    }
}
