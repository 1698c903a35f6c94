package io.baton.mktree.tree;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.baton.mktree.image.ImageDirectory;
import io.baton.mktree.image.ImageKind;
import io.baton.mktree.image.proto.CoreEntry;
import io.baton.mktree.image.proto.TaskCoreEntry;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TreeShapeTest {
    @TempDir
    Path temporary;

    @Test
    void shouldMakeRegularShapes() {
        assertEquals(4, TreeShape.star(5, 10).childCount(0));
        assertEquals(3, TreeShape.chain(5, 10).parent(4));
        assertEquals(2, TreeShape.binary(7, 10).childCount(2));
        assertEquals(TreeShape.chain(5, 10), TreeShape.parse("chain:5", 10));
        assertEquals(TreeShape.random(20, 10, 3), TreeShape.parse("random:20:3", 10));
        for (String text :
                new String[] {"", "star", "star:", "star:0", "star:x", "star:1:2", "ring:3", "random:1:2:3"}) {
            assertThrows(TreeException.class, () -> TreeShape.parse(text, 1), text);
        }
    }

    /** ProcessTree.of checks each; that the model never lives into what the rules refuse is what is tested here. */
    @Test
    void shouldLiveOnlyIntoTreesThatCanBe() {
        for (long seed = 0; seed < 3000; seed++) {
            int size = 1 + (int) (seed % 97);
            assertEquals(size, TreeShape.random(size, 100, seed).size());
        }
    }

    @Test
    void shouldMeetEveryKindOfTrouble() {
        Map<String, Predicate<Seen>> kinds = new HashMap<>();
        kinds.put("zombie", seen -> seen.task.zombie());
        kinds.put("killed", seen -> seen.task.zombie() && seen.task.waitStatus().isSignaled());
        kinds.put("dead leader", seen -> seen.task.leaderDead());
        kinds.put("threads", seen -> seen.task.threads().size() > 1);
        kinds.put("session", seen -> seen.task.sessionLeader());
        kinds.put("group", seen -> seen.task.groupLeader() && !seen.task.sessionLeader());
        kinds.put("ghost session", seen -> seen.tree.rowOf(seen.task.sid()) < 0);
        kinds.put("ghost group", seen -> seen.tree.rowOf(seen.task.pgid()) < 0);
        kinds.put("zombie leads session", seen -> seen.task.zombie() && seen.task.sessionLeader());
        kinds.put("left its own group", seen -> !seen.task.groupLeader() && seen.groups.contains(seen.task.pid()));
        kinds.put(
                "forked before setsid",
                seen -> seen.parent != null
                        && seen.parent.sessionLeader()
                        && seen.task.sid() != seen.parent.sid()
                        && !seen.task.sessionLeader());
        kinds.put(
                "orphan under a subreaper that is not the root",
                seen -> seen.parent != null
                        && seen.parent.ppid() != 0
                        && seen.parent.subreaper()
                        && !seen.task.sessionLeader()
                        && seen.task.sid() != seen.parent.sid());
        Map<String, Integer> met = new HashMap<>();
        for (long seed = 0; seed < 50; seed++) {
            ProcessTree tree = TreeShape.random(200, 100, seed);
            Set<Integer> groups = new HashSet<>();
            tree.forEach(task -> groups.add(task.pgid()));
            for (int row = 0; row < tree.size(); row++) {
                Task parent = row == 0 ? null : tree.task(tree.parent(row));
                Seen seen = new Seen(tree, tree.task(row), parent, groups);
                kinds.forEach((name, kind) -> met.merge(name, kind.test(seen) ? 1 : 0, Integer::sum));
            }
        }
        met.forEach((name, count) -> assertTrue(count >= 20, name + ": " + count + " of " + met));
    }

    private record Seen(
            ProcessTree tree,
            Task task,
            @org.jspecify.annotations.Nullable Task parent,
            Set<Integer> groups) {}

    @Test
    void shouldSurviveSpecAndImage() throws IOException {
        for (long seed = 0; seed < 40; seed++) {
            ProcessTree tree = TreeShape.random(60, 5000, seed);
            assertEquals(tree, TreeSpec.parse(TreeSpec.print(tree)), "seed " + seed);
            assertEquals(tree, TreeSpec.parse(TreeSpec.printRelative(tree), 5000), "seed " + seed);
            ImageDirectory image = ImageDirectory.create(temporary.resolve("image"));
            TreeFromImage.write(tree, image);
            for (Task task : tree) {
                image.write(ImageKind.CORE, task.pid(), core(task));
            }
            assertEquals(tree, TreeFromImage.read(image), "seed " + seed);
        }
    }

    private static CoreEntry core(Task task) {
        return CoreEntry.newBuilder()
                .setMtype(CoreEntry.March.X86_64)
                .setTc(TaskCoreEntry.newBuilder()
                        .setTaskState(task.zombie() ? 2 : 1)
                        .setExitCode(Math.max(0, task.exitStatus()))
                        .setPersonality(0)
                        .setFlags(0)
                        .setBlkSigset(0)
                        .setComm(task.comm())
                        .setChildSubreaper(task.subreaper()))
                .build();
    }

    @Test
    void shouldMoveARelativeTree() {
        String text = TreeSpec.printRelative(TreeShape.random(60, 5000, 9));
        assertEquals(text, TreeSpec.printRelative(TreeSpec.parse(text, 70_000)));
    }
}
