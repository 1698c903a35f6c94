package io.baton.coordinator.state.memory;

import io.baton.coordinator.error.Refusals;
import io.baton.coordinator.ptrace.SeizedProcess;
import io.baton.coordinator.state.namespaces.Namespace;
import io.baton.coordinator.state.namespaces.Visit;
import io.baton.task.linux.Errno;
import io.baton.task.linux.Identity;
import io.baton.task.linux.Memory;
import io.baton.task.linux.ProcMap;
import io.baton.task.linux.ProcSmap;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.linux.SystemCall;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Whether System V shared memory is attached by the tree alone: others would go on with the old
 * segment, while the restored tree has a new one. The same in a namespace of its own, which others may have entered.
 */
final class SystemVInspection {
    private static final int IPC_STAT = 2;
    private static final int ATTACHED_OFFSET = 88;

    private SystemVInspection() {}

    private record First(SeizedProcess process, ProcMap map, int count) {}

    static void inspect(List<SeizedProcess> processes, Refusals refusals) {
        Map<Integer, First> segments = new HashMap<>();
        for (SeizedProcess process : processes) {
            for (ProcSmap smap : process.smaps()) {
                ProcMap map = smap.map();
                if (SpecialMapping.of(map) == SpecialMapping.SYSV) {
                    segments.merge(
                            (int) map.inode(),
                            new First(process, map, 1),
                            (one, other) -> new First(one.process(), one.map(), one.count() + 1));
                }
            }
        }
        segments.forEach((id, first) -> {
            SeizedProcess process = first.process();
            long attached = attached(process, id);
            if (attached > first.count()) {
                refusals.add(
                        process.pid(),
                        MappingInspection.name(first.map()),
                        "is attached outside of the tree, too: id " + id + ", " + attached + " times, by the tree "
                                + first.count(),
                        "dump from a process above all who have it");
            }
        });
    }

    /** In whatever namespace it is. */
    private static long attached(SeizedProcess process, int id) {
        String link = Namespace.IPC.link();
        boolean ours = process.readLink(link).equals(process.proc().readLink(Identity.pid(), link));
        return ours ? attached(id) : Visit.of(process.procId(), Namespace.IPC, () -> attached(id));
    }

    /** How many mappings there are of a segment. */
    private static long attached(int id) {
        try (Memory memory = Memory.allocate(SystemVSegment.LENGTH)) {
            long result = SystemCall.call(SyscallNumber.SHMCTL, id, IPC_STAT, memory.address());
            return result == -Errno.EINVAL ? 0 : memory.buffer().getLong(ATTACHED_OFFSET);
        }
    }
}
