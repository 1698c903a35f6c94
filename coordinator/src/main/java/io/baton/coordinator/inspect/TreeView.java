package io.baton.coordinator.inspect;

import io.baton.mktree.tree.ProcessTree;
import java.util.List;

/** A tree and what its processes have, saved or alive. */
public interface TreeView {
    ProcessTree tree();

    /** In the order of the tree's rows. */
    List<ProcessSummary> processes();
}
