package io.baton.coordinator.state.namespaces;

import io.baton.coordinator.error.Refusals;
import io.baton.coordinator.state.Account;
import io.baton.mktree.image.ImageDirectory;
import io.baton.task.program.ProgramBuilder;
import java.io.IOException;
import java.util.List;

/**
 * A kind of namespace that can be brought back: what is looked at on a dump, and what the root does in stage
 * PREPARE_NAMESPACES to have the same again, side by side.
 */
interface NamespaceKind {
    /** All there are, in the order in which they are made: what is written below /proc comes after its mount. */
    List<NamespaceKind> ALL = List.of(
            new UserNamespace(),
            new MountNamespace(),
            new UtsNamespace(),
            new IpcNamespace(),
            new NetworkNamespace(),
            new TimeNamespace());

    /** How it goes there and back, and what of it does not: its line in {@code docs/state.md}. */
    Account account();

    Namespace namespace();

    /**
     * Adds every reason why the namespace cannot be brought back.
     *
     * @param root pid to name in them
     * @param task a living task in the namespace
     */
    void inspect(int root, int task, Refusals refusals);

    /**
     * Writes its files.
     *
     * @param tree whose it is
     * @param task a living task in the namespace
     * @param id of the namespace in the image
     */
    void capture(TreeNamespaces tree, int task, int id, ImageDirectory image) throws IOException;

    /** Adds every reason why the namespace of an image cannot be made here. */
    void validate(Saved saved, Refusals refusals) throws IOException;

    /** What the root does; {@code unshare} first. */
    void compile(Saved saved, ProgramBuilder program) throws IOException;

    /**
     * What is to be made.
     *
     * @param root pid of the tree's root
     * @param image where it was saved
     * @param id of the namespace in the image; 0: it is not in there, a new one was asked for
     * @param privateMounts whether a mount namespace with a /proc of its own is there already
     * @param ownUsers whether it belongs to a user namespace of the tree
     * @param inner whether it is made by somebody who has no rights outside, see {@link InnerNamespaces}
     */
    record Saved(int root, ImageDirectory image, int id, boolean privateMounts, boolean ownUsers, boolean inner) {
        /** Whether there is something to bring back. */
        boolean isSaved() {
            return id != 0;
        }
    }
}
