package io.baton.coordinator.restore;

import io.baton.coordinator.state.OwnState;
import io.baton.coordinator.state.RestoreOptions;
import io.baton.task.program.ProgramBuilder;
import java.nio.file.Path;

/** Compiles the contexts of an image and drops them: what the coordinator does while the baton goes round, and nothing else. */
public final class Compilation {
    private final SavedTree tree;
    private final Processes processes;

    private Compilation(SavedTree tree) {
        this.tree = tree;
        this.processes = new Processes(tree);
        processes.readAll();
        new Inheritance(tree).choose(processes);
    }

    /** Reads all that it needs. */
    public static Compilation of(Path images) {
        return new Compilation(SavedTree.open(images, RestoreOptions.DEFAULT, OwnState.current()));
    }

    /** Compiles all of it; returns how many bytes of programs that made. */
    public long run() {
        Counter counter = new Counter();
        ContextStream stream = new ContextStream(tree, processes, counter);
        while (!stream.isFinished()) {
            stream.advance();
        }
        return counter.bytes;
    }

    private static final class Counter implements ContextStream.Outlet {
        private long bytes;

        @Override
        public boolean offer(ProgramBuilder block, int position, int flags) {
            bytes += block.length();
            return true;
        }

        @Override
        public int longestBlock() {
            return Integer.MAX_VALUE;
        }

        @Override
        public int longestKept() {
            return Integer.MAX_VALUE;
        }
    }
}
