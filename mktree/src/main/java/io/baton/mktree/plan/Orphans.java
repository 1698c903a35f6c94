package io.baton.mktree.plan;

import static io.baton.mktree.plan.TreeIndex.NONE;

import io.baton.mktree.plan.Makers.Release;
import io.baton.mktree.plan.Step.Flag;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;

/**
 * How orphans come to their saved parents when their placeholders die. An orphan goes to its nearest living ancestor
 * that is a subreaper. As a rule only the saved parents are, and all placeholders may die at once. Where one saved
 * parent stands between another and its orphans, that is not enough: then placeholders die one after the other, those
 * farthest from the root first, and only the process whose orphans come is a subreaper in the meantime.
 */
final class Orphans {
    private final TreeIndex tree;
    private final Drafts drafts;

    Orphans(final TreeIndex tree, final Drafts drafts) {
        this.tree = tree;
        this.drafts = drafts;
    }

    void arrange(final List<Release> releases, final boolean oneByOne) {
        if (releases.isEmpty()) {
            return;
        }
        if (oneByOne || overlap(releases)) {
            releaseOneByOne(releases);
        } else {
            releaseAtOnce(releases);
        }
    }

    private boolean overlap(final List<Release> releases) {
        final boolean[] takesOrphans = new boolean[tree.size()];
        releases.forEach(release -> takesOrphans[release.target()] = true);
        final int[] nearest = new int[tree.size()];
        for (int i = 0; i < tree.size(); i++) {
            final int row = tree.topDown(i);
            nearest[row] = takesOrphans[row] || row == TreeIndex.ROOT ? row : nearest[tree.parent(row)];
        }
        for (final Release release : releases) {
            final Draft leader = Objects.requireNonNull(release.placeholder().maker);
            final int from = leader.row != NONE ? leader.row : ghostPosition(leader);
            if (nearest[from] != release.target()) {
                return true;
            }
        }
        return false;
    }

    private int ghostPosition(final Draft ghost) {
        return Objects.requireNonNull(ghost.maker).row;
    }

    private void releaseAtOnce(final List<Release> releases) {
        for (final Release release : releases) {
            drafts.of(release.target()).subreaper = true;
            reaper(release).reaps.add(release.placeholder());
        }
    }

    private void releaseOneByOne(final List<Release> releases) {
        final List<Release> ordered = new ArrayList<>(releases);
        ordered.sort(Comparator.comparingInt((Release release) -> release.placeholder().depth)
                .reversed());
        int previous = NONE;
        for (final Release release : ordered) {
            final int slot = release.placeholder().slot;
            final List<Step> target = drafts.of(release.target()).releases;
            if (previous != NONE) {
                target.add(new Step.AwaitFlag(previous, Flag.SETTLED));
            }
            target.add(new Step.BecomeSubreaper(true));
            target.add(new Step.RaiseFlag(slot, Flag.GO));
            target.add(new Step.AwaitFlag(slot, Flag.GONE));
            target.add(new Step.BecomeSubreaper(false));
            target.add(new Step.RaiseFlag(slot, Flag.SETTLED));
            release.placeholder().releases.add(new Step.AwaitFlag(slot, Flag.GO));
            final List<Step> reaper = reaper(release).releases;
            reaper.add(new Step.Reap(release.placeholder().pid, false));
            reaper.add(new Step.RaiseFlag(slot, Flag.GONE));
            previous = slot;
        }
    }

    private static Draft reaper(final Release release) {
        return Objects.requireNonNull(release.placeholder().firstParent);
    }
}
