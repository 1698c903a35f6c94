package io.baton.coordinator.state.namespaces;

import io.baton.coordinator.error.Refusals;
import io.baton.coordinator.ptrace.SeizedProcess;
import io.baton.task.linux.ProcMap;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Shared memory without a file, mapped more than once: to map it again takes a right that nobody has inside. */
final class SharedMaps {
    private static final List<String> NAMELESS = List.of("/dev/zero", "/memfd:", "/SYSV");

    private SharedMaps() {}

    static void inspect(List<SeizedProcess> living, Refusals refusals) {
        Set<Long> met = new HashSet<>();
        for (SeizedProcess process : living) {
            for (ProcMap map : process.maps()) {
                boolean nameless = map.shared() && NAMELESS.stream().anyMatch(map.path()::startsWith);
                if (nameless && !met.add(map.inode())) {
                    refusals.add(
                            process.pid(),
                            "shared memory at 0x" + Long.toHexString(map.start()),
                            "is mapped more than once, by a tree born into a user namespace: not supported yet",
                            "");
                }
            }
        }
    }
}
