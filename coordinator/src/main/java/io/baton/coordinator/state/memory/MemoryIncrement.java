package io.baton.coordinator.state.memory;

import io.baton.coordinator.state.TreeImage;
import io.baton.coordinator.tracking.Parent;
import io.baton.coordinator.tracking.TreeWatch;
import io.baton.coordinator.tracking.WriteWatch;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a dump of memory knows of the one before. The dump leaves it in what the kinds share. */
public final class MemoryIncrement {
    private final @Nullable TreeWatch watch;

    /** A dump that builds on another, or is to be built on. */
    public MemoryIncrement(TreeWatch watch) {
        this.watch = watch;
    }

    private MemoryIncrement() {
        this.watch = null;
    }

    static MemoryIncrement of(TreeImage tree) {
        return tree.shared(MemoryIncrement.class, MemoryIncrement::new);
    }

    @Nullable
    WriteWatch watch(int pid) {
        return watch == null ? null : watch.of(pid);
    }

    /** Whether there is an image to build on. */
    boolean hasParent() {
        return watch != null && watch.parent() != null;
    }

    ParentPages parentPages(int pid) throws IOException {
        Parent parent = watch == null ? null : watch.parent();
        return new ParentPages(parent == null ? List.of() : parent.pages(pid));
    }
}
