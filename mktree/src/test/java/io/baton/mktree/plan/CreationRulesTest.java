package io.baton.mktree.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.baton.mktree.plan.PlannedTask.Kind;
import io.baton.mktree.tree.ProcessTree;
import io.baton.mktree.tree.TreeSpec;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Who makes whom: each rule by the smallest tree that needs it, carried out in a hundred orders. */
class CreationRulesTest {
    private static final Step DIE_WITH_PARENT = new Step.DieWithParent();
    private static final Step ARRIVE = new Step.Confirm(RestoreStage.FORKING);
    private static final Step TURN = new Step.Turn();

    private CreationPlan plan = CreationPlanner.plan(TreeSpec.parse("pid=100"));

    @Test
    void shouldAskOfAnOrdinaryChildNothingButToArriveAndWait() {
        make("pid=100", "pid=101", "pid=102");
        assertSteps(100, DIE_WITH_PARENT, new Step.StartSession(), fork(101), fork(102), ARRIVE, TURN);
        assertSteps(101, DIE_WITH_PARENT, ARRIVE, TURN);
        assertSteps(102, DIE_WITH_PARENT, ARRIVE, TURN);
        assertEquals(3, plan.confirmations(RestoreStage.FORKING));
        assertEquals(0, plan.confirmations(RestoreStage.GROUPS) + plan.confirmations(RestoreStage.ORPHANS));
    }

    @Test
    void shouldLetARootInAForeignSessionInheritThatOfWhoeverRestores() {
        make("pid=100 sid=50 pgid=60", "pid=101");
        assertSteps(100, DIE_WITH_PARENT, fork(101), ARRIVE, TURN);
        assertSteps(101, DIE_WITH_PARENT, ARRIVE, TURN);
        assertEquals(3, plan.slotCount());
    }

    @Test
    void shouldBringAChildBackToTheOuterGroup() {
        make("pid=100 sid=50 pgid=60", "pid=101 pgid=101", "pid=102 ppid=101 pgid=60");
        assertTrue(steps(102).contains(new Step.JoinGroup(Step.JoinGroup.OUTER)));
    }

    @Test
    void shouldStartThreadsByTheirLeaderAfterAllForks() {
        make("pid=100 threads=100,105,106", "pid=101");
        assertSteps(
                100,
                DIE_WITH_PARENT,
                new Step.StartSession(),
                fork(101),
                new Step.StartThread(1),
                new Step.StartThread(2),
                ARRIVE,
                TURN);
        assertSteps(105, ARRIVE, TURN);
        assertEquals(Kind.THREAD, plan.task(2).kind());
    }

    @Test
    void shouldMakeASessionLeaderByItsParent() {
        make("pid=100", "pid=101 sid=101");
        assertTrue(steps(100).contains(fork(101)));
        assertSteps(101, DIE_WITH_PARENT, new Step.StartSession(), ARRIVE, TURN);
    }

    @Test
    void shouldMakeADeadTaskByItsSessionLeader() {
        make("pid=100", "pid=101 sid=101", "pid=102 sid=101 pgid=101 zombie=exit:1");
        assertTrue(steps(101).contains(sibling(102)));
        assertSteps(102, DIE_WITH_PARENT, ARRIVE, TURN);
    }

    @Test
    void shouldLetAZombieMakeItsSessionBeforeItExits() {
        make("pid=100", "pid=101 sid=101 zombie=signal:9", "pid=102 sid=101 pgid=101", "pid=103 ppid=102");
        assertTrue(steps(101).contains(sibling(102)));
    }

    @Test
    void shouldMakeATaskInAnotherSessionOfAChildAsItsSibling() {
        make("pid=100", "pid=101 sid=101", "pid=102 sid=101 pgid=101");
        assertSteps(101, DIE_WITH_PARENT, new Step.StartSession(), sibling(102), ARRIVE, TURN);
        assertSteps(102, DIE_WITH_PARENT, ARRIVE, TURN);
        assertEquals(0, plan.confirmations(RestoreStage.ORPHANS));
    }

    @Test
    void shouldOrphanATaskWhoseSessionBeginsFartherDown() {
        make("pid=100", "pid=101", "pid=102 ppid=101 sid=102", "pid=103 sid=102 pgid=102");
        final PlannedTask placeholder = only(Kind.PLACEHOLDER);
        assertEquals(
                List.of(DIE_WITH_PARENT, fork(103), ARRIVE, new Step.Await(RestoreStage.ORPHANS), new Step.Leave()),
                placeholder.steps());
        assertEquals(0, placeholder.exitSignal());
        assertTrue(steps(102).contains(new Step.Reap(placeholder.pid(), false)));
        assertTrue(steps(100).contains(new Step.BecomeSubreaper(true)));
        assertTrue(steps(100).indexOf(new Step.BecomeSubreaper(false))
                > steps(100).indexOf(new Step.Await(RestoreStage.RESTORE)));
        assertSteps(103, ARRIVE, new Step.Await(RestoreStage.RESTORE), DIE_WITH_PARENT, TURN);
    }

    @Test
    void shouldForkBeforeSetsidWhatNeedsTheOldSession() {
        make("pid=100", "pid=101 sid=101", "pid=102 ppid=101 sid=100 pgid=100");
        assertSteps(101, DIE_WITH_PARENT, fork(102), new Step.StartSession(), ARRIVE, TURN);
    }

    @Test
    void shouldCarryTheNeedForTheOldSessionUpTheCreators() {
        make("pid=100", "pid=101 sid=101", "pid=102 ppid=101 sid=102", "pid=103 ppid=102 sid=100 pgid=100");
        assertSteps(101, DIE_WITH_PARENT, fork(102), new Step.StartSession(), ARRIVE, TURN);
        assertSteps(102, DIE_WITH_PARENT, fork(103), new Step.StartSession(), ARRIVE, TURN);
    }

    @Test
    void shouldMakeALeaderAsSiblingWhenItsChildNeedsThatSession() {
        make("pid=100", "pid=101 sid=101", "pid=102 sid=102", "pid=103 ppid=102 sid=101 pgid=101");
        assertTrue(steps(101).contains(sibling(102)));
        assertSteps(102, DIE_WITH_PARENT, fork(103), new Step.StartSession(), ARRIVE, TURN);
    }

    @Test
    void shouldLendTheIdOfAGoneSessionLeaderToItsMembers() {
        make("pid=100", "pid=101 sid=90 pgid=90", "pid=102 sid=90 pgid=90");
        final PlannedTask ghost = only(Kind.GHOST);
        assertEquals(90, ghost.pid());
        assertEquals(
                List.of(
                        DIE_WITH_PARENT,
                        new Step.StartSession(),
                        sibling(101),
                        sibling(102),
                        ARRIVE,
                        new Step.Await(RestoreStage.ORPHANS),
                        new Step.Leave()),
                ghost.steps());
        assertEquals(PlannedTask.SIGCHLD, ghost.exitSignal(), "its siblings take it over");
        assertTrue(steps(100).contains(new Step.Reap(90, true)));
        assertSteps(101, DIE_WITH_PARENT, ARRIVE, TURN);
    }

    @Test
    void shouldPutTheGhostAboveTwoParentsWhoWereBornInItsSession() {
        make(
                "pid=100",
                "pid=101 sid=101",
                "pid=102 sid=102",
                "pid=103 ppid=101 sid=90 pgid=90",
                "pid=104 ppid=102 sid=90 pgid=90");
        assertTrue(only(Kind.GHOST).steps().containsAll(List.of(sibling(101), sibling(102))));
        assertEquals(0, plan.confirmations(RestoreStage.GROUPS));
    }

    @Test
    void shouldBearALeaderInTheSessionOfItsParentRatherThanInOneThatMayBeginBelowIt() {
        make(
                "pid=100",
                "pid=101 sid=90 pgid=90",
                "pid=102 ppid=101 sid=102",
                "pid=103 ppid=102 sid=80 pgid=80",
                "pid=104 ppid=102 sid=90 pgid=90",
                "pid=105 sid=105",
                "pid=106 ppid=105 sid=80 pgid=80");
        assertTrue(steps(102).indexOf(fork(104)) < steps(102).indexOf(new Step.StartSession()));
        assertEquals(2, count(Kind.GHOST));
    }

    @Test
    void shouldLendTheIdOfAGoneGroupLeaderByTheSessionLeader() {
        make("pid=100", "pid=101 sid=101", "pid=102 ppid=101 pgid=90");
        final PlannedTask ghost = only(Kind.GHOST);
        assertEquals(90, ghost.pid());
        assertEquals(
                List.of(
                        DIE_WITH_PARENT,
                        new Step.LeadGroup(),
                        ARRIVE,
                        new Step.Await(RestoreStage.ORPHANS),
                        new Step.Leave()),
                ghost.steps());
        assertSteps(
                102,
                DIE_WITH_PARENT,
                ARRIVE,
                new Step.Await(RestoreStage.GROUPS),
                new Step.JoinGroup(90),
                new Step.Confirm(RestoreStage.GROUPS),
                TURN);
        assertTrue(steps(101).contains(new Step.Reap(90, false)));
    }

    @Test
    void shouldInheritAGroupWhereItCan() {
        make("pid=100", "pid=101 pgid=101", "pid=102 ppid=101 pgid=101");
        assertSteps(101, DIE_WITH_PARENT, new Step.LeadGroup(), fork(102), ARRIVE, TURN);
        assertEquals(0, plan.confirmations(RestoreStage.GROUPS));
    }

    @Test
    void shouldKeepAGroupAliveWhoseLeaderHasMovedOn() {
        make("pid=100", "pid=101 pgid=100", "pid=102 pgid=101");
        final PlannedTask pin = only(Kind.PLACEHOLDER);
        assertTrue(steps(101).indexOf(new Step.LeadGroup()) < steps(101).indexOf(fork(pin.pid())));
        assertTrue(steps(101).contains(new Step.Reap(pin.pid(), false)));
    }

    @Test
    void shouldSwapTheLeadersOfTwoGroups() {
        make("pid=100", "pid=101 pgid=102", "pid=102 pgid=101");
        assertEquals(2, count(Kind.PLACEHOLDER));
    }

    @Test
    void shouldSpareTheChildrenOfALeaderThatDiesInItsTurn() {
        make("pid=100", "pid=101 threads=101,105 leader-dead=exit:0", "pid=102 ppid=101", "pid=103 ppid=102");
        assertFalse(task(102).diesWithParent());
        assertTrue(task(103).diesWithParent());
    }

    @Test
    void shouldReleaseOrphansOneByOneWhereOneReaperStandsBelowAnother() {
        make(
                "pid=100",
                "pid=101",
                "pid=102 ppid=101",
                "pid=103 ppid=102 sid=103",
                "pid=104 ppid=100 sid=103 pgid=103",
                "pid=105 ppid=101 sid=103 pgid=103");
        assertEquals(2, count(Kind.PLACEHOLDER));
        assertTrue(steps(100).stream().anyMatch(Step.AwaitFlag.class::isInstance));
        assertTrue(steps(101).stream().anyMatch(Step.AwaitFlag.class::isInstance));
    }

    @Test
    void shouldPrepareNamespacesBeforeTheRootMakesAnyone() {
        final ProcessTree tree = TreeSpec.parse("pid=1\npid=2");
        plan = CreationPlanner.plan(
                tree, PlanOptions.defaults().withNamespaces().withReapingHelper());
        final List<Step> root = plan.task(0).steps();
        assertEquals(1, plan.confirmations(RestoreStage.ROOT_TASK));
        assertEquals(1, plan.confirmations(RestoreStage.PREPARE_NAMESPACES));
        assertTrue(root.indexOf(new Step.PrepareNamespaces()) < root.indexOf(fork(2)));
        assertTrue(plan.task(plan.helperSlot()).steps().contains(new Step.ReapUntilRootEnds(1)));
    }

    @Test
    void shouldTakePidsForPlaceholdersThatNobodyHas() {
        final ProcessTree tree = TreeSpec.parse("pid=100\npid=101 pgid=100\npid=102 pgid=101");
        plan = CreationPlanner.plan(tree, PlanOptions.defaults().withFreePids(pid -> pid % 7 == 0, 32767));
        assertEquals(301, only(Kind.PLACEHOLDER).pid());
        assertThrows(
                PlanException.class,
                () -> CreationPlanner.plan(tree, PlanOptions.defaults().withFreePids(pid -> false, 32767)));
    }

    private void make(final String... rows) {
        final ProcessTree tree = TreeSpec.parse(String.join("\n", rows));
        plan = CreationPlanner.plan(tree);
        for (int seed = 0; seed < 100; seed++) {
            new PlanRun(tree, plan, seed).run();
        }
    }

    private void assertSteps(final int pid, final Step... expected) {
        assertEquals(List.of(expected), steps(pid));
    }

    private List<Step> steps(final int pid) {
        return task(pid).steps();
    }

    private Step fork(final int pid) {
        return new Step.Fork(task(pid).slot(), false);
    }

    private Step sibling(final int pid) {
        return new Step.Fork(task(pid).slot(), true);
    }

    private PlannedTask task(final int pid) {
        return plan.tasks().stream()
                .filter(task -> task.pid() == pid)
                .findFirst()
                .orElseThrow();
    }

    private PlannedTask only(final Kind kind) {
        assertEquals(1, count(kind));
        return plan.tasks().stream()
                .filter(task -> task.kind() == kind)
                .findFirst()
                .orElseThrow();
    }

    private long count(final Kind kind) {
        return plan.tasks().stream().filter(task -> task.kind() == kind).count();
    }
}
