package io.baton.coordinator.restore;

import io.baton.coordinator.state.Item;
import io.baton.coordinator.state.files.InheritedFiles;
import io.baton.coordinator.state.memory.ForkMemory;
import io.baton.mktree.image.proto.FdinfoEntry;
import io.baton.mktree.launch.Helper;
import io.baton.mktree.launch.OwnParent;
import io.baton.mktree.launch.Parent;
import io.baton.mktree.plan.CreationPlan;
import io.baton.mktree.plan.HierarchyPrograms;
import io.baton.mktree.plan.RestoreStage;
import io.baton.mktree.tree.TreeFromImage;
import io.baton.task.linux.Fd;
import io.baton.task.linux.Files;
import io.baton.task.linux.Identity;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.program.Op;
import io.baton.task.program.ProgramBuilder;
import io.baton.task.segment.Segment;
import java.util.ArrayList;
import java.util.List;
import org.agrona.collections.IntHashSet;

/** What the helper hands down to every task of the tree: a clean start, the image's directory, perhaps a terminal. */
final class Inheritance {
    private static final int PR_SET_NAME = 15;
    private static final String TERMINAL = "/dev/tty";
    private static final long LAST_FD = 0xffff_ffffL;

    private final SavedTree tree;
    private final Parent parent;
    private boolean moves;

    /** With ourselves as the parent. */
    Inheritance(final SavedTree tree) {
        this(tree, OwnParent.SELF);
    }

    Inheritance(final SavedTree tree, final Parent parent) {
        this.tree = tree;
        this.parent = parent;
    }

    /** Chooses numbers that no process of the tree uses. */
    void choose(final Processes processes) {
        final IntHashSet used = new IntHashSet();
        for (int entry = 0; entry < tree.entries().size(); entry++) {
            if (!TreeFromImage.isZombie(tree.entries().get(entry))) {
                for (final FdinfoEntry descriptor : processes.process(entry).descriptors()) {
                    used.add(descriptor.getFd());
                }
            }
        }
        final int images = firstFree(Segment.HELPER_FD + 1, used);
        final int terminal = tree.options().shellJob() ? firstFree(images + 1, used) : -1;
        tree.inherited(images, terminal);
        int highest = Math.max(images, terminal);
        if (tree.inheritedFiles().count() > 0) {
            for (final int fd : used) {
                highest = Math.max(highest, fd);
            }
        }
        tree.inheritedFiles().begin(highest + 1);
    }

    private static int firstFree(final int from, final IntHashSet used) {
        int fd = from;
        while (used.contains(fd)) {
            fd++;
        }
        return fd;
    }

    /** The helper makes nobody before stage ROOT_TASK is started: until then it is moved to where all will be. */
    void helperMoves() {
        moves = true;
    }

    /** For compiling the hierarchy programs. */
    HierarchyPrograms.Options programOptions(final CreationPlan plan, final Processes processes) {
        final DescriptorTables tables = processes.tables();
        final ForkMemory memory = tree.shared(ForkMemory.class, () -> ForkMemory.plan(plan, processes::inSlot));
        return HierarchyPrograms.Options.of(Identity.processGroup(parent.pid()))
                .withHelper(this::prepareHelper)
                .withNamespaces(new HierarchyPrograms.Namespaces(
                        this::prepareNamespaces,
                        tree.namespaces()::compileLeave,
                        tree.namespaces()::compileHeld,
                        rootIsFirst() ? tree.namespaces().rootFlags() : 0))
                .withFork(memory::compileBefore)
                .withSharedTables(slot -> tables != null && tables.isShared(slot))
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
            final InheritedFiles files = tree.inheritedFiles();
            int number = files.first();
            for (final Fd fd : files.open()) {
                inherited.add(new Helper.Inherited(fd, number++));
            }
            return Helper.start(segment, inherited, helperIsInit(), parent);
        } finally {
            inherited.forEach(one -> one.fd().close());
        }
    }

    /** What the helper does before it makes the root: every task inherits it. */
    private void prepareHelper(final ProgramBuilder program) {
        if (moves) {
            program.op(Op.AWAIT).value(RestoreStage.ROOT_TASK.number());
        }
        final int images = tree.imagesFd();
        closeRange(program, 0, images - 1);
        closeRange(program, images + 1, tree.terminalFd() - 1L);
        final int last = Math.max(images, tree.terminalFd());
        final InheritedFiles files = tree.inheritedFiles();
        closeRange(program, last + 1L, files.first() - 1L);
        closeRange(program, files.first() + files.count(), LAST_FD);
        program.call(SyscallNumber.UMASK).value(0).expectAnything();
        final int name = program.string("baton-helper");
        program.call(SyscallNumber.PRCTL).value(PR_SET_NAME).data(name);
        if (helperIsInit()) {
            mountProc(program);
        }
        tree.namespaces().compileHelper(program);
    }

    private boolean helperIsInit() {
        return tree.options().pidNamespace() && !tree.rootIsInit();
    }

    /** In a new pid namespace the old /proc shows other tasks than those around. */
    private void mountProc(final ProgramBuilder program) {
        program.tag(Item.PROC.tag());
        tree.namespaces().mountProc(program);
    }

    /** What the root does before it makes anybody. */
    private void prepareNamespaces(final ProgramBuilder program) {
        if (rootIsFirst()) {
            mountProc(program);
        }
        tree.namespaces().compile(program);
    }

    private boolean rootIsFirst() {
        return tree.options().pidNamespace() && tree.rootIsInit();
    }

    private static void closeRange(final ProgramBuilder program, final long first, final long last) {
        if (first <= last) {
            program.call(SyscallNumber.CLOSE_RANGE).value(first).value(last).value(0);
        }
    }
}
