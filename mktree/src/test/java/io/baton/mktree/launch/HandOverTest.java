package io.baton.mktree.launch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.baton.task.linux.Errno;
import io.baton.task.linux.Fd;
import io.baton.task.linux.Files;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.program.Op;
import io.baton.task.program.ProgramBuilder;
import io.baton.task.program.ProgramDescriptor;
import io.baton.task.segment.EventDescriptor;
import io.baton.task.segment.MessageType;
import io.baton.task.segment.Segment;
import io.baton.task.segment.SegmentLayout;
import io.baton.task.segment.SlotDescriptor;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The native side and the Java side of the segment against each other: real tasks, a ring far smaller than its traffic. */
@Timeout(60)
class HandOverTest {
    private static final long HOLE = 0x2000_0000_0000L;
    private static final int RING = 16 * 1024;
    private static final int FORKING = 3;
    private static final int LOW = 6;
    private static final int HIGH = 200;
    private static final int SIGCHLD = 17;
    private static final int SIGKILL = 9;
    private static final int PR_SET_PDEATHSIG = 1;

    private final byte[] runner = NativeFiles.runner();

    @Test
    void shouldPassTheBatonInOrderThroughARingMuchSmallerThanTheContexts() {
        final int tasks = 100;
        try (Segment segment = star(tasks)) {
            segment.expect(FORKING, tasks);
            try (Helper helper = Helper.start(segment, List.of())) {
                final int bytes = feed(segment, tasks, new Random(1));
                assertTrue(bytes > 20 * RING, "the ring must wrap often: bytes=" + bytes);
                assertTrue(TaskKiller.killAll(segment, helper, System.nanoTime() + TimeUnit.SECONDS.toNanos(5)));
            }
            assertOneAtATimeInOrder(segment, tasks);
            assertEvents(segment, tasks);
        }
    }

    /** Whatever numbers its descriptors are to have, they must not take the place of the program to be started. */
    @Test
    void shouldStartWithAnyNumbers() {
        try (Segment segment = star(2);
                Fd nothing = Files.open("/dev/null", Files.O_RDWR)) {
            segment.expect(FORKING, 2);
            final List<Helper.Inherited> inherited = new ArrayList<>();
            for (int number = LOW; number < HIGH; number++) {
                inherited.add(new Helper.Inherited(nothing, number));
            }
            try (Helper helper = Helper.start(segment, inherited)) {
                awaitArrival(segment, 2);
                assertTrue(TaskKiller.killAll(segment, helper, System.nanoTime() + TimeUnit.SECONDS.toNanos(5)));
            }
        }
    }

    @Test
    void shouldNameTaskThingAndCallOfTheFirstError() {
        try (Segment segment = star(3)) {
            segment.expect(FORKING, 3);
            try (Helper helper = Helper.start(segment, List.of())) {
                awaitArrival(segment, 3);
                segment.handOver();
                final ProgramBuilder block = new ProgramBuilder();
                block.reset().call(SyscallNumber.GETPID);
                assertTrue(segment.contexts().offer(block, 0, ProgramDescriptor.FLAG_LAST));
                block.reset().call(SyscallNumber.GETPID);
                block.tag(77).call(SyscallNumber.CLOSE).value(12345);
                assertTrue(segment.contexts().offer(block, 1, ProgramDescriptor.FLAG_LAST));
                await(segment, () -> segment.failedSlot() >= 0);
                assertTrue(TaskKiller.killAll(segment, helper, System.nanoTime() + TimeUnit.SECONDS.toNanos(5)));
            }
            final UnsafeBuffer buffer = segment.buffer();
            final int slot = segment.slot(1);
            assertEquals(1, segment.failedSlot());
            assertEquals(SlotDescriptor.STATE_FAILED, segment.state(1));
            assertEquals(77, buffer.getInt(slot + SlotDescriptor.TAG_OFFSET));
            assertEquals(1, buffer.getInt(slot + SlotDescriptor.INSTRUCTION_OFFSET));
            assertEquals(SyscallNumber.CLOSE, buffer.getInt(slot + SlotDescriptor.NUMBER_OFFSET));
            assertEquals(Errno.EBADF, buffer.getInt(slot + SlotDescriptor.ERROR_OFFSET));
            assertEquals(SlotDescriptor.STATE_ARRIVED, segment.state(2), "the baton must not have gone on");
        }
    }

    @Test
    void shouldGiveUpAtTheDeadlineWithoutACoordinator() throws InterruptedException {
        try (Segment segment = star(2, System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(300))) {
            try (Helper helper = Helper.start(segment, List.of())) {
                await(segment, () -> segment.failedSlot() >= 0);
                Thread.sleep(50);
                assertNotNull(helper.poll());
            }
        }
    }

    /** Helper makes task 0, which makes the others; all confirm and wait for their turn. */
    private Segment star(final int tasks) {
        return star(tasks, 0);
    }

    private Segment star(final int tasks, final long deadline) {
        final List<ProgramBuilder> programs = new ArrayList<>();
        final ProgramBuilder root = new ProgramBuilder().reset();
        dieWithParent(root);
        for (int i = 1; i < tasks; i++) {
            root.op(Op.CLONE).value(i).value(0).value(SIGCHLD);
        }
        waitForTurn(root);
        programs.add(root);
        for (int i = 1; i < tasks; i++) {
            final ProgramBuilder child = new ProgramBuilder().reset();
            dieWithParent(child);
            waitForTurn(child);
            programs.add(child);
        }
        final ProgramBuilder helper = new ProgramBuilder().reset();
        dieWithParent(helper);
        helper.op(Op.CLONE).value(0).value(0).value(SIGCHLD);
        helper.op(Op.AWAIT).value(Integer.MAX_VALUE);
        programs.add(helper);
        final int length = programs.stream().mapToInt(ProgramBuilder::length).sum();
        final SegmentLayout layout = SegmentLayout.of(tasks + 1, tasks, 8192, runner.length, length, RING);
        final Segment segment = Segment.create(layout, HOLE, runner, deadline);
        int at = layout.planOffset();
        for (int i = 0; i < programs.size(); i++) {
            segment.program(i, at);
            at += programs.get(i).copyTo(segment.buffer(), at, i, 0);
        }
        return segment;
    }

    private static void dieWithParent(final ProgramBuilder program) {
        program.call(SyscallNumber.PRCTL).value(PR_SET_PDEATHSIG).value(SIGKILL);
    }

    private static void waitForTurn(final ProgramBuilder program) {
        program.op(Op.CONFIRM).value(FORKING);
        program.op(Op.TURN);
        program.op(Op.AWAIT).value(Integer.MAX_VALUE);
    }

    /** Feeds each task one to eight blocks of random length; returns how many bytes went through the ring. */
    private int feed(final Segment segment, final int tasks, final Random random) {
        awaitArrival(segment, tasks);
        segment.handOver();
        final ProgramBuilder block = new ProgramBuilder();
        int bytes = 0;
        for (int task = 0; task < tasks; task++) {
            final int blocks = 1 + random.nextInt(8);
            for (int i = 0; i < blocks; i++) {
                block.reset().tag(task);
                final int data = block.reserve(random.nextInt(1500));
                final int calls = random.nextInt(4);
                for (int c = 0; c < calls; c++) {
                    block.call(SyscallNumber.GETPID).data(data).store(c);
                }
                final int flags = i == blocks - 1 ? ProgramDescriptor.FLAG_LAST : 0;
                final int position = task;
                await(segment, () -> segment.contexts().offer(block, position, flags));
                bytes += block.length();
            }
        }
        await(segment, () -> segment.position() == tasks);
        return bytes;
    }

    private static void awaitArrival(final Segment segment, final int tasks) {
        await(segment, () -> segment.confirmed(FORKING) == tasks);
    }

    private static void await(final Segment segment, final java.util.function.BooleanSupplier done) {
        final long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (true) {
            final int bell = segment.bell();
            if (done.getAsBoolean()) {
                return;
            }
            assertTrue(System.nanoTime() < until, "nothing happens: failed slot=" + segment.failedSlot());
            segment.awaitBell(bell, until);
        }
    }

    private static void assertOneAtATimeInOrder(final Segment segment, final int tasks) {
        final UnsafeBuffer buffer = segment.buffer();
        long last = 0;
        for (int task = 0; task < tasks; task++) {
            final long start = buffer.getLong(segment.slot(task) + SlotDescriptor.START_OFFSET);
            final long end = buffer.getLong(segment.slot(task) + SlotDescriptor.END_OFFSET);
            assertTrue(start >= last, "task " + task + " began before its predecessor had ended");
            assertTrue(end >= start);
            last = end;
        }
    }

    private static void assertEvents(final Segment segment, final int tasks) {
        final int[] arrived = new int[tasks + 1];
        final List<Integer> done = new ArrayList<>();
        segment.events().read((type, buffer, index, length) -> {
            assertEquals(EventDescriptor.LENGTH, length);
            final int slot = buffer.getInt(index + EventDescriptor.SLOT_OFFSET);
            if (type == MessageType.ARRIVED) {
                arrived[slot]++;
            } else {
                assertEquals(MessageType.DONE, type);
                done.add(slot);
            }
        });
        for (int slot = 0; slot <= tasks; slot++) {
            assertEquals(1, arrived[slot], "arrivals of slot " + slot);
        }
        for (int i = 0; i < tasks; i++) {
            assertEquals(i, done.get(i));
        }
        assertEquals(tasks, done.size());
    }
}
