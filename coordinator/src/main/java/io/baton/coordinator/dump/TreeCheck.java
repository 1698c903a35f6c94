package io.baton.coordinator.dump;

import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.error.Refusal;
import io.baton.coordinator.error.Refusals;
import io.baton.coordinator.ptrace.SeizedProcess;
import io.baton.coordinator.ptrace.SeizedTree;
import io.baton.coordinator.ptrace.TreeSeizer;
import io.baton.coordinator.state.Account;
import io.baton.coordinator.state.StateKind;
import io.baton.coordinator.state.StateKinds;
import io.baton.coordinator.state.TreeObjects;
import io.baton.coordinator.state.files.FileDescriptors;
import io.baton.coordinator.state.namespaces.TreeNamespaces;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * Says of every object of a live tree what a dump would say: the tree is stopped, looked at by the very code that a dump
 * begins with, and runs on.
 *
 * @param verdicts of all objects, process by process
 * @param micros for how long the tree was stopped
 */
public record TreeCheck(List<Verdict> verdicts, long micros) {
    /** What is not a kind's, but looked at all the same. */
    private static final Account TREE = new Account(
                    "process tree",
                    "/proc/PID/stat, status and task: pids, parents, groups, sessions, threads, zombies",
                    "clone3(2) with the same pids, setsid(2), setpgid(2); see Who makes whom in architecture.md",
                    "PstreeEntry",
                    "TaskCoreEntry.exit_code")
            .refusing(
                    "is shared with process *: not supported yet",
                    "cannot be told from that of others: *",
                    "its leader is outside of the tree: *",
                    "cannot be made again: *");

    private record Key(int pid, String name) {}

    /**
     * Looks at a tree.
     *
     * @throws BatonException what went wrong; also UNSUPPORTED if it cannot even be stopped as a whole
     */
    public static TreeCheck of(DumpRequest request) {
        TreeObjects objects = new TreeObjects();
        Refusals refusals;
        long started;
        try (TreeFreezer freezer = TreeDump.freezer("check", request)) {
            started = System.nanoTime();
            try (SeizedTree tree = TreeSeizer.seize(
                            request.root(), freezer.seizing(request.root(), request.deadline()), null, freezer);
                    CapturedTree image = new CapturedTree()) {
                refusals = Preflight.inspect(tree, image, request.options());
                list(tree, image, objects);
            }
        } catch (IOException e) {
            throw new IllegalStateException(e); // nothing was open
        }
        long micros = TimeUnit.NANOSECONDS.toMicros(System.nanoTime() - started);
        return new TreeCheck(join(objects.all(), refusals.all()), micros);
    }

    private static void list(SeizedTree tree, CapturedTree image, TreeObjects objects) {
        TreeNamespaces.of(image).list(tree.root().pid(), objects);
        for (SeizedProcess process : tree.processes()) {
            objects.add(TREE.what(), process.pid(), process.isZombie() ? "zombie" : "process");
            if (!process.isZombie()) {
                for (StateKind kind : StateKinds.ALL) {
                    kind.list(process, image, objects);
                }
            }
        }
    }

    /** Every refusal is somebody's: one of something that nobody has listed stands for itself. */
    private static List<Verdict> join(List<TreeObjects.Found> objects, List<Refusal> refusals) {
        Map<Key, List<Refusal>> open = new LinkedHashMap<>();
        for (Refusal refusal : refusals) {
            open.computeIfAbsent(new Key(refusal.pid(), refusal.object()), key -> new ArrayList<>())
                    .add(refusal);
        }
        Map<Key, List<Refusal>> told = new LinkedHashMap<>(open);
        List<Verdict> verdicts = new ArrayList<>();
        for (TreeObjects.Found object : objects) {
            Key key = new Key(object.refusedPid(), object.refusedName());
            open.remove(key);
            verdicts.add(new Verdict(object, told.getOrDefault(key, List.of())));
        }
        open.forEach((key, reasons) -> verdicts.add(new Verdict(
                new TreeObjects.Found(TREE.what(), key.pid(), key.name(), key.pid(), key.name()), reasons)));
        return List.copyOf(verdicts);
    }

    /** Whether a dump would take the tree. */
    public boolean isDumpable() {
        return verdicts.stream().allMatch(verdict -> verdict.reasons().isEmpty());
    }

    /** What there is to tell about each kind of state: the rows of {@code docs/state.md}. */
    public static List<Account> accounts() {
        List<Account> accounts = new ArrayList<>();
        accounts.add(TREE);
        for (StateKind kind : StateKinds.ALL) {
            accounts.add(kind.account());
            if (kind instanceof FileDescriptors) {
                accounts.addAll(FileDescriptors.accounts());
            }
        }
        accounts.addAll(TreeNamespaces.accounts());
        return accounts;
    }
}
