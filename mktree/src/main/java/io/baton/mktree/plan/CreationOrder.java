package io.baton.mktree.plan;

import static io.baton.mktree.plan.TreeIndex.ROOT;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** All processes with every maker before those it makes; tells each its parent at first. */
final class CreationOrder {
    private final List<Draft> order;

    CreationOrder(final Drafts drafts) {
        order = new ArrayList<>(drafts.size());
        order.add(drafts.of(ROOT));
        for (int i = 0; i < order.size(); i++) {
            final Draft maker = order.get(i);
            if (maker.pin != null) {
                admit(maker.pin, maker);
            }
            maker.before.forEach(child -> admit(child, maker));
            maker.after.forEach(child -> admit(child, maker));
        }
        if (order.size() != drafts.size()) {
            throw new PlanException("sessions that need each other first: processes=" + (drafts.size() - order.size()));
        }
    }

    List<Draft> list() {
        return order;
    }

    private void admit(final Draft child, final Draft maker) {
        final @Nullable Draft parent = child.sibling ? maker.firstParent : maker;
        if (parent == null) {
            throw new PlanException("sibling of the root: pid=" + child.pid);
        }
        child.firstParent = parent;
        child.depth = parent.depth + 1;
        child.orphan = child.sibling ? maker.orphan : maker.kind == PlannedTask.Kind.PLACEHOLDER;
        order.add(child);
    }
}
