package io.baton.coordinator.recover;

import io.baton.coordinator.freezer.GroupRecovery;
import io.baton.coordinator.journal.OperationJournal;
import io.baton.coordinator.journal.Story;
import io.baton.coordinator.progress.OperationKind;
import io.baton.mktree.image.Unfinished;
import io.baton.task.linux.ProcessName;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What is to be done about an operation whose coordinator has gone before its end. */
public final class Recovery {
    /** The phase of a dump after which its image is complete. */
    private static final String WRITTEN = "capture and write";

    private final OperationJournal journal;
    private final Story story;
    private final ProcessName coordinator;
    private final List<String> done = new ArrayList<>();
    private boolean complete = true;

    private Recovery(final OperationJournal journal, final Story story, final ProcessName coordinator) {
        this.journal = journal;
        this.story = story;
        this.coordinator = coordinator;
    }

    /** Of an operation; null when there is nothing to recover: it has ended, is under way, or was recovered before. */
    public static @Nullable Recovery of(final OperationJournal journal) throws IOException {
        final Story story = journal.glance();
        final ProcessName coordinator = story.coordinator();
        if (story.hasEnded()
                || coordinator == null
                || !story.recovered().isEmpty()
                || !coordinator.isInOurNamespace()
                || !coordinator.hasEnded()) {
            return null;
        }
        return new Recovery(journal, story, coordinator);
    }

    /** The operation and what it was doing, in a line. */
    public String describe() {
        final String what = story.kind() == null ? "an operation" : story.kind() + " of " + story.images();
        return story.id() + ": " + what + " by pid " + coordinator.pid() + ", "
                + story.tasks().size() + " tasks; killed " + story.doing();
    }

    /**
     * Clears what it left.
     *
     * @param dryRun only says what it would do
     * @return what was done, a line each
     */
    public List<String> clear(final boolean dryRun) throws IOException {
        if (story.kind() == OperationKind.RESTORE) {
            killTasks(dryRun);
        } else {
            discardImage(dryRun);
        }
        final List<Story.Freezer> freezers = new ArrayList<>(story.freezers());
        Collections.reverse(freezers); // groups below before those above
        for (final Story.Freezer freezer : freezers) {
            final String what = GroupRecovery.putBack(freezer.group(), freezer.made(), coordinator, dryRun);
            if (what != null) {
                done.add(what);
            }
        }
        if (done.isEmpty()) {
            done.add("nothing was left");
        }
        if (!dryRun && complete) {
            journal.recovered(String.join("; ", done));
        }
        return List.copyOf(done);
    }

    /** Whether all could be cleared. */
    public boolean isComplete() {
        return complete;
    }

    private void killTasks(final boolean dryRun) {
        final Story.Segment segment = story.segment();
        if (segment == null) {
            return; // it had not made any
        }
        final Remains remains = new Remains(story, segment);
        final List<Integer> found = remains.find();
        for (final int pid : found) {
            final String failure = dryRun ? null : remains.kill(pid);
            if (failure == null) {
                done.add((dryRun ? "would kill pid " : "killed pid ") + pid + ", which maps the segment");
            } else {
                complete = false;
                done.add("could not kill pid " + pid + ": " + failure);
            }
        }
        final List<Integer> others = Remains.candidates(story, coordinator.startTime());
        others.removeAll(found);
        final long living = story.tasks().stream()
                .filter(task -> !task.kind().equals("zombie"))
                .count();
        if (!others.isEmpty() && others.size() == living) {
            done.add("the whole tree runs, as it should: " + others.size() + " tasks");
        } else if (!others.isEmpty()) {
            done.add("left alone, as they run on their own and could be others': pids " + others);
        }
    }

    private void discardImage(final boolean dryRun) throws IOException {
        final Path images = story.images();
        if (images == null || !Files.isDirectory(images)) {
            return;
        }
        final Unfinished mark = Unfinished.read(images);
        if (mark == null) {
            if (story.phases().stream().anyMatch(phase -> phase.name().equals(WRITTEN))) {
                done.add("the image is complete: " + images);
            }
            return;
        }
        if (!mark.writer().equals(coordinator)) {
            done.add("left alone, as it is another's: unfinished image " + images + " of pid "
                    + mark.writer().pid());
            return;
        }
        final int files = Unfinished.files(images).size();
        if (!dryRun) {
            Unfinished.discard(images, mark.made());
        }
        final boolean whole = dryRun ? mark.made() : !Files.exists(images);
        done.add((dryRun ? "would remove " : "removed ") + files + " files of the unfinished image " + images
                + (whole ? ", and the directory" : ""));
    }
}
