package io.baton.coordinator.state.memory;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.baton.coordinator.state.ContextBuilder;
import io.baton.coordinator.state.Item;
import io.baton.coordinator.state.ProcessRestore;
import io.baton.mktree.launch.Helper;
import io.baton.mktree.launch.NativeFiles;
import io.baton.task.linux.Errno;
import io.baton.task.linux.Fd;
import io.baton.task.linux.Files;
import io.baton.task.linux.Signals;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.linux.Wait;
import io.baton.task.program.Op;
import io.baton.task.program.ProgramBuilder;
import io.baton.task.segment.Segment;
import io.baton.task.segment.SegmentLayout;
import io.baton.task.segment.SlotDescriptor;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.agrona.concurrent.UnsafeBuffer;

/** One real task, made by the helper, that runs the programs of a restore and then sleeps. */
final class LoneTask implements AutoCloseable {
    private static final int RING = 512 * 1024;
    private static final int FORKING = 3;
    private static final int SIGCHLD = 17;
    private static final int PR_SET_PDEATHSIG = 1;

    private final Segment segment;
    private final Helper helper;
    private final long hole;
    private int blocks;
    private int instructions;

    LoneTask(Path images, long hole) {
        this.hole = hole;
        byte[] runner = NativeFiles.runner();
        ProgramBuilder task = new ProgramBuilder().reset();
        task.call(SyscallNumber.PRCTL).value(PR_SET_PDEATHSIG).value(Signals.SIGKILL);
        task.op(Op.CONFIRM).value(FORKING);
        task.op(Op.TURN);
        task.op(Op.AWAIT).value(Integer.MAX_VALUE);
        ProgramBuilder parent = new ProgramBuilder().reset();
        parent.call(SyscallNumber.PRCTL).value(PR_SET_PDEATHSIG).value(Signals.SIGKILL);
        parent.op(Op.CLONE).value(0).value(0).value(SIGCHLD);
        parent.op(Op.AWAIT).value(Integer.MAX_VALUE);
        SegmentLayout layout = SegmentLayout.of(2, 1, 8192, runner.length, task.length() + parent.length(), RING);
        segment = Segment.create(layout, hole, runner, 0);
        segment.program(0, layout.planOffset());
        int length = task.copyTo(segment.buffer(), layout.planOffset(), 0, 0);
        segment.program(1, layout.planOffset() + length);
        parent.copyTo(segment.buffer(), layout.planOffset() + length, 1, 0);
        segment.expect(FORKING, 1);
        try (Fd directory = Files.open(images.toString(), Files.O_RDONLY | Files.O_DIRECTORY | Files.O_CLOEXEC)) {
            helper = Helper.start(segment, List.of(new Helper.Inherited(directory, Restore.IMAGES_FD)));
        }
    }

    /** Restores memory, and gives the pid of the task that has it. */
    int restore(ProcessRestore process) {
        await(() -> segment.confirmed(FORKING) == 1);
        segment.handOver();
        ContextBuilder context = new ContextBuilder((block, position, flags) -> {
            blocks++;
            instructions += block.count();
            await(() -> segment.contexts().offer(block, position, flags));
        });
        context.begin(0);
        new MemoryKind().compile(process, context);
        context.end(false);
        await(() -> segment.position() == 1);
        return segment.tid(0);
    }

    int blocks() {
        return blocks;
    }

    int instructions() {
        return instructions;
    }

    long holeStart() {
        return hole;
    }

    long holeEnd() {
        return hole + segment.layout().holeLength();
    }

    private void await(BooleanSupplier done) {
        long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (true) {
            int bell = segment.bell();
            if (done.getAsBoolean()) {
                return;
            }
            assertTrue(segment.failedSlot() < 0, this::failure);
            assertTrue(System.nanoTime() < until, "nothing happens");
            segment.awaitBell(bell, until);
        }
    }

    private String failure() {
        UnsafeBuffer buffer = segment.buffer();
        int slot = segment.slot(segment.failedSlot());
        return Item.describe(buffer.getInt(slot + SlotDescriptor.TAG_OFFSET)) + ": "
                + SyscallNumber.describe(buffer.getInt(slot + SlotDescriptor.NUMBER_OFFSET)) + ": "
                + Errno.nameOf(buffer.getInt(slot + SlotDescriptor.ERROR_OFFSET)) + " result=0x"
                + Long.toHexString(buffer.getLong(slot + SlotDescriptor.VALUE_OFFSET));
    }

    @Override
    public void close() {
        int tid = segment.tid(0);
        helper.kill();
        if (tid > 0) {
            Signals.kill(tid, Signals.SIGKILL);
        }
        while (helper.poll() == null) {
            LockSupport.parkNanos(1_000_000);
        }
        if (tid > 0) {
            Wait.wait4(tid, Wait.WALL);
        }
        helper.close();
        segment.close();
    }
}
