package io.baton.coordinator.dump;

import io.baton.coordinator.error.Refusal;
import io.baton.coordinator.error.Refusals;
import io.baton.coordinator.ptrace.SeizedProcess;
import io.baton.coordinator.ptrace.SeizedTree;
import io.baton.coordinator.state.DumpOptions;
import io.baton.coordinator.state.StateKind;
import io.baton.coordinator.state.StateKinds;
import io.baton.coordinator.state.TreeImage;
import io.baton.coordinator.state.namespaces.TreeNamespaces;
import io.baton.task.linux.Kcmp;
import io.baton.task.linux.LinuxException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.Future;

/** Collects every reason why a stopped tree cannot be dumped, before anything of it is touched. */
final class Preflight {
    /** Processes not worth a thread. */
    private static final int FEW = 8;

    private final SeizedTree tree;
    private final TreeImage image;
    private final DumpOptions options;
    private final Refusals refusals = new Refusals();

    private Preflight(SeizedTree tree, TreeImage image, DumpOptions options) {
        this.tree = tree;
        this.image = image;
        this.options = options;
    }

    /** Inspects the whole tree. */
    static Refusals inspect(SeizedTree tree, TreeImage image, DumpOptions options) throws IOException {
        Preflight preflight = new Preflight(tree, image, options);
        preflight.run();
        return preflight.refusals;
    }

    private void run() throws IOException {
        List<SeizedProcess> living =
                tree.processes().stream().filter(process -> !process.isZombie()).toList();
        TreeNamespaces namespaces = TreeNamespaces.of(image);
        namespaces.begin(living.get(0));
        Refusals ofNamespaces = new Refusals();
        Refusals ofTree = new Refusals();
        Refusals ofKinds = new Refusals();
        try (Helpers first = new Helpers("inspect", living.size() <= FEW);
                Helpers second = new Helpers("inspect-namespaces", living.size() <= FEW)) {
            Future<?> kinds = first.submit(() -> inspectKinds(living, ofKinds));
            Future<?> others = second.submit(() -> {
                namespaces.inspect(tree.processes(), tree.proc(), ofNamespaces);
                return inspectTree(living, ofTree);
            });
            inspectProcesses(living);
            Helpers.get(others);
            Helpers.get(kinds);
        }
        // As if they had been found one after the other.
        add(ofNamespaces, refusals);
        add(ofTree, refusals);
        add(ofKinds, refusals);
    }

    private static void add(Refusals found, Refusals all) {
        for (Refusal refusal : found.all()) {
            all.add(refusal.pid(), refusal.object(), refusal.reason(), refusal.remedy());
        }
    }

    /** What takes a look at one process at a time. */
    private void inspectProcesses(List<SeizedProcess> living) {
        List<StateKind> kinds = StateKinds.ALL;
        for (SeizedProcess process : living) {
            for (int i = 0; i < kinds.size(); i++) {
                kinds.get(i).inspect(process, options, refusals);
            }
        }
    }

    /** What only the whole tree can tell; at the same time as the others. */
    private Void inspectTree(List<SeizedProcess> living, Refusals ofTree) {
        inspectSharing(living, ofTree);
        new SessionInspection(tree, options, ofTree).run();
        return null;
    }

    /** The same of each kind. */
    private Void inspectKinds(List<SeizedProcess> living, Refusals ofKinds) {
        List<StateKind> kinds = StateKinds.ALL;
        List<Refusals> found = new ArrayList<>();
        kinds.forEach(kind -> found.add(new Refusals()));
        // The last first: when it is the turn of memory, the mappings have been read for the inspection of each
        // process.
        for (int i = kinds.size() - 1; i >= 0; i--) {
            kinds.get(i).inspectTree(living, image, options, found.get(i));
        }
        found.forEach(one -> add(one, ofKinds));
        return null;
    }

    /** Sharing memory without being one process takes a clone that no library makes, or a vfork in flight. */
    private void inspectSharing(List<SeizedProcess> living, Refusals ofTree) {
        TreeMap<Integer, Integer> known = new TreeMap<>((one, other) -> Kcmp.tasks(Kcmp.VM, one, other));
        try {
            for (SeizedProcess process : living) {
                Integer other = known.putIfAbsent(process.procId(), process.pid());
                if (other != null) {
                    ofTree.add(process.pid(), "memory", "is shared with process " + other + ": not supported yet", "");
                }
            }
        } catch (LinuxException e) {
            ofTree.add(tree.root().pid(), "memory", "cannot be told from that of others: " + e.getMessage(), "");
        }
    }
}
