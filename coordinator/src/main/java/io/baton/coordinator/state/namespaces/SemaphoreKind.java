package io.baton.coordinator.state.namespaces;

import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.error.ErrorCode;
import io.baton.coordinator.error.Refusals;
import io.baton.coordinator.ptrace.SeizedProcess;
import io.baton.coordinator.state.Account;
import io.baton.coordinator.state.ContextBuilder;
import io.baton.coordinator.state.DumpOptions;
import io.baton.coordinator.state.Item;
import io.baton.coordinator.state.ProcessRestore;
import io.baton.coordinator.state.StateKind;
import io.baton.coordinator.state.TreeImage;
import io.baton.coordinator.state.TreeObjects;
import io.baton.task.linux.Identity;
import io.baton.task.linux.Kcmp;
import io.baton.task.linux.LinuxException;
import io.baton.task.linux.SyscallNumber;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * What tasks have to do with System V semaphores, which themselves belong to the ipc namespace: who changed one last, which only he
 * himself can bring back, and what is to be taken back when a task ends (SEM_UNDO), which the kernel tells nobody.
 */
public final class SemaphoreKind implements StateKind {
    private static final String NAME = "System V semaphores";
    /** init, and the first thread of the kernel: they have no list. */
    private static final List<Integer> OUTSIDE = List.of(1, 2);

    private static final String UNDONE = "some changes may be taken back at its end (SEM_UNDO)";

    @Override
    public Account account() {
        return new Account(NAME, "semctl(2), kcmp(2)", "semctl(2) by who changed it last", "IpcSemEntry")
                .refusing(UNDONE);
    }

    @Override
    public void list(SeizedProcess process, TreeImage tree, TreeObjects objects) {
        // they are the namespace's
    }

    /**
     * Who has never used SEM_UNDO has no list of changes; the kernel tells who has the same as whom, and none is the same as none. Who
     * has threads always has a list, so of those nobody can tell. Where there are no semaphores a list is empty.
     */
    @Override
    public void inspectTree(List<SeizedProcess> processes, TreeImage tree, DumpOptions options, Refusals refusals) {
        List<SeizedProcess> single = processes.stream()
                .filter(process -> process.threads().size() == 1 && !process.leaderDead())
                .toList();
        if (single.isEmpty() || !areAny(single.get(0), processes)) {
            return;
        }
        Map<Integer, List<Integer>> sharers = new TreeMap<>((one, other) -> Kcmp.tasks(Kcmp.SYSVSEM, one, other));
        OUTSIDE.stream().filter(SemaphoreKind::isComparable).forEach(pid -> add(pid, sharers));
        single.forEach(process -> add(process.procId(), sharers));
        if (sharers.values().stream().allMatch(same -> same.size() == 1)) {
            return; // which of them is none?
        }
        for (SeizedProcess process : single) {
            List<Integer> same = sharers.get(process.procId());
            if (same != null && same.size() == 1) {
                refusals.add(process.pid(), NAME, UNDONE, "have it end, or remove the semaphores (ipcs -s shows them)");
            }
        }
    }

    private static void add(int pid, Map<Integer, List<Integer>> sharers) {
        sharers.computeIfAbsent(pid, first -> new ArrayList<>()).add(pid);
    }

    private static boolean isComparable(int pid) {
        try {
            Kcmp.tasks(Kcmp.SYSVSEM, pid, Identity.pid());
            return true;
        } catch (LinuxException e) {
            return false;
        }
    }

    /** In our own namespace most are others'. */
    private static boolean areAny(SeizedProcess process, List<SeizedProcess> tree) {
        String link = Namespace.IPC.link();
        if (!process.readLink(link).equals(VirtualFile.link("/proc/self/" + link))) {
            return Visit.of(process.procId(), Namespace.IPC, IpcSemaphores::areAny);
        }
        Set<Integer> pids = new HashSet<>();
        tree.forEach(one -> pids.add(one.pid()));
        return IpcSemaphores.wereChangedBy(pids);
    }

    /** All of an image, read once; and who has any. */
    private record Changed(List<IpcSemaphores.Last> all, Set<Integer> pids) {
        static Changed of(ProcessRestore process) {
            try {
                List<IpcSemaphores.Last> all = process.namespaces().makesIpc()
                        ? IpcSemaphores.last(process.directory(), process.ids().getIpcNsId())
                        : List.of();
                Set<Integer> pids = new HashSet<>();
                all.forEach(last -> pids.add(last.pid()));
                return new Changed(all, pids);
            } catch (IOException e) {
                String message = "semaphores in the image: " + e.getMessage();
                throw new BatonException(ErrorCode.BAD_IMAGE, message, "use another image", e);
            }
        }
    }

    @Override
    public void compile(ProcessRestore process, ContextBuilder context) {
        Changed changed = process.shared(Changed.class, () -> Changed.of(process));
        int pid = process.pstree().getPid();
        if (!changed.pids().contains(pid)) {
            return;
        }
        for (IpcSemaphores.Last last : changed.all()) {
            if (last.pid() == pid) {
                context.item(Item.NAMESPACE.tag(Namespace.IPC.flag() >>> Item.NAMESPACE_SHIFT))
                        .call(SyscallNumber.SEMCTL)
                        .value(last.set())
                        .value(last.number())
                        .value(IpcSemaphores.SETVAL)
                        .value(last.value());
            }
        }
    }
}
