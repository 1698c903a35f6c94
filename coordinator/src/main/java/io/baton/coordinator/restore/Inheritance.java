package io.baton.coordinator.restore;

import io.baton.coordinator.state.Item;
import io.baton.mktree.image.proto.FdinfoEntry;
import io.baton.mktree.launch.Helper;
import io.baton.mktree.plan.HierarchyPrograms;
import io.baton.mktree.tree.TreeFromImage;
import io.baton.task.linux.Files;
import io.baton.task.linux.Identity;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.program.ProgramBuilder;
import io.baton.task.segment.Segment;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/** What the helper hands down to every task of the tree: a clean start, the image's directory, perhaps a terminal. */
final class Inheritance {
    private static final String TERMINAL = "/dev/tty";
    private static final long LAST_FD = 0xffff_ffffL;

    private final SavedTree tree;

    Inheritance(final SavedTree tree) {
        this.tree = tree;
    }

    /** Chooses numbers that no process of the tree uses. */
    void choose(final Processes processes) {
        final BitSet used = new BitSet();
        used.set(0, Segment.HELPER_FD + 1);
        for (int entry = 0; entry < tree.entries().size(); entry++) {
            if (!TreeFromImage.isZombie(tree.entries().get(entry))) {
                for (final FdinfoEntry descriptor : processes.process(entry).descriptors()) {
                    used.set(descriptor.getFd());
                }
            }
        }
        final int images = used.nextClearBit(0);
        tree.inherited(images, tree.options().shellJob() ? used.nextClearBit(images + 1) : -1);
    }

    /** For compiling the hierarchy programs. */
    HierarchyPrograms.Options programOptions() {
        return HierarchyPrograms.Options.of(Identity.processGroup(0))
                .withHelper(this::prepareHelper)
                .withTag(pid -> Item.HIERARCHY.tag(pid));
    }

    /** Starts the helper with what it hands down. */
    Helper startHelper(final Segment segment) {
        final List<Helper.Inherited> inherited = new ArrayList<>();
        try {
            inherited.add(new Helper.Inherited(
                    Files.open(tree.directory().path().toString(), Files.O_DIRECTORY | Files.O_CLOEXEC),
                    tree.imagesFd()));
            if (tree.terminalFd() >= 0) {
                inherited.add(new Helper.Inherited(
                        Files.open(TERMINAL, Files.O_RDWR | Files.O_NOCTTY | Files.O_CLOEXEC), tree.terminalFd()));
            }
            return Helper.start(segment, inherited);
        } finally {
            inherited.forEach(one -> one.fd().close());
        }
    }

    /** What the helper does before it makes the root: every task inherits it. */
    private void prepareHelper(final ProgramBuilder program) {
        final int images = tree.imagesFd();
        closeRange(program, 0, images - 1);
        if (tree.terminalFd() > images + 1) {
            closeRange(program, images + 1, tree.terminalFd() - 1);
        }
        closeRange(program, Math.max(images, tree.terminalFd()) + 1, LAST_FD);
        program.call(SyscallNumber.UMASK).value(0).expectAnything();
    }

    private static void closeRange(final ProgramBuilder program, final long first, final long last) {
        program.call(SyscallNumber.CLOSE_RANGE).value(first).value(last).value(0);
    }
}
