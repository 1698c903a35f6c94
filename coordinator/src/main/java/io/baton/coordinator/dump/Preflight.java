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
        Refusals ofTree = new Refusals();
        try (Helpers helpers = new Helpers("inspect", living.size() <= FEW)) {
            Future<?> beside = helpers.submit(() -> inspectTree(living, ofTree));
            inspectProcesses(living);
            Helpers.get(beside);
        }
        for (Refusal refusal : ofTree.all()) {
            refusals.add(refusal.pid(), refusal.object(), refusal.reason(), refusal.remedy());
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

    /** What only the whole tree can tell; at the same time as the other. */
    private Void inspectTree(List<SeizedProcess> living, Refusals ofTree) {
        List<StateKind> kinds = StateKinds.ALL;
        TreeNamespaces.of(image).inspect(tree.processes(), tree.proc(), ofTree);
        inspectSharing(living, ofTree);
        new SessionInspection(tree, options, ofTree).run();
        for (int i = 0; i < kinds.size(); i++) {
            kinds.get(i).inspectTree(living, image, options, ofTree);
        }
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
