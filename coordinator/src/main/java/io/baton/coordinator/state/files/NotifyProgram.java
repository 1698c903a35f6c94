package io.baton.coordinator.state.files;

import io.baton.coordinator.state.ContextBuilder;
import io.baton.coordinator.state.Item;
import io.baton.coordinator.state.ProcessRestore;
import io.baton.mktree.image.proto.FdTypes;
import io.baton.mktree.image.proto.FdinfoEntry;
import io.baton.mktree.image.proto.FileEntry;
import io.baton.task.program.ProgramBuilder;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * Adds what inotify and fanotify watch. As late as can be, so that what the rest of the tree opens is no event: in stage
 * RESTORE_SIGCHLD. Only where it is too much for a kept program, or the names lead elsewhere by then, with the files.
 */
final class NotifyProgram {
    /** Bytes of a kept program that we may take. */
    private static final int ROOM = 8 * 1024;

    private static final int STEP_LENGTH = 256;

    private NotifyProgram() {}

    /**
     * Adds one watch.
     *
     * @param pathLength of the path in it
     */
    record Step(int pathLength, Consumer<ProgramBuilder> writer) {}

    /** The steps for one queue. */
    private record Queue(int fd, List<Step> steps) {}

    private static List<Queue> queues(ProcessRestore process) {
        RestoredFiles tree = RestoredFiles.of(process);
        List<Queue> queues = new ArrayList<>();
        for (FdinfoEntry descriptor : process.descriptors()) {
            FileEntry entry = process.file(descriptor.getId());
            boolean inotify = descriptor.getType() == FdTypes.INOTIFY;
            if (entry == null || !(inotify || descriptor.getType() == FdTypes.FANOTIFY)) {
                continue;
            }
            if (tree.isHome(entry.getId(), process, descriptor.getFd())) {
                int fd = descriptor.getFd();
                queues.add(new Queue(
                        fd, inotify ? InotifyQueue.steps(entry, fd, tree) : FanotifyGroup.steps(entry, fd, tree)));
            }
        }
        return queues;
    }

    private static boolean isEarly(ProcessRestore process, List<Queue> queues) {
        FileEntry root = process.file(process.fs().getRootId());
        if (root != null && !root.getReg().getName().equals("/")) {
            return true;
        }
        return queues.stream()
                        .flatMap(queue -> queue.steps.stream())
                        .mapToInt(step -> STEP_LENGTH + step.pathLength)
                        .sum()
                > ROOM;
    }

    static void compile(ProcessRestore process, ContextBuilder context) {
        List<Queue> queues = queues(process);
        if (!queues.isEmpty() && isEarly(process, queues)) {
            for (Queue queue : queues) {
                for (Step step : queue.steps) {
                    step.writer.accept(context.item(Item.DESCRIPTOR.tag(queue.fd)));
                }
            }
        }
    }

    static void compileLate(ProcessRestore process, ProgramBuilder kept) {
        List<Queue> queues = queues(process);
        if (!queues.isEmpty() && !isEarly(process, queues)) {
            for (Queue queue : queues) {
                kept.tag(Item.DESCRIPTOR.tag(queue.fd));
                queue.steps.forEach(step -> step.writer.accept(kept));
            }
        }
    }
}
