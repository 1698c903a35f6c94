package io.baton.coordinator.state.files;

import io.baton.coordinator.state.TreeImage;
import java.util.HashMap;
import java.util.Map;
import org.agrona.collections.IntHashSet;

/** The pipes that have gone into an image: each with its content once, whichever end came first. */
final class CapturedPipes {
    private final TreeImage tree;
    private final Map<PipeKey, Integer> ids = new HashMap<>();
    private final IntHashSet taken = new IntHashSet();

    private CapturedPipes(TreeImage tree) {
        this.tree = tree;
    }

    static CapturedPipes of(TreeImage tree) {
        return tree.shared(CapturedPipes.class, () -> new CapturedPipes(tree));
    }

    /** Id of the pipe behind an end; its content is saved at the first. */
    int capture(OpenFile end, boolean named) {
        PipeKey key = PipeKey.of(end);
        Integer known = ids.get(key);
        if (known != null) {
            return known;
        }
        // The inode's number, as CRIU has it; named pipes of two file systems may have the same.
        int id = (int) key.inode();
        while (id == 0 || !taken.add(id)) {
            id++;
        }
        ids.put(key, id);
        PipeContent.capture(end, id, named, tree);
        return id;
    }
}
