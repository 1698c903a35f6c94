package io.baton.coordinator.regress;

import io.baton.mktree.launch.Helper;
import io.baton.mktree.launch.NativeFiles;
import io.baton.mktree.launch.TaskKiller;
import io.baton.task.linux.Fd;
import io.baton.task.linux.ProcFs;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.linux.SystemCall;
import io.baton.task.linux.Wait;
import io.baton.task.linux.WaitStatus;
import io.baton.task.program.Op;
import io.baton.task.program.ProgramBuilder;
import io.baton.task.program.ProgramDescriptor;
import io.baton.task.segment.Segment;
import io.baton.task.segment.SegmentLayout;
import io.baton.task.segment.SlotDescriptor;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Where one check is made: bare tasks that make the system calls they are told to, memory shared with them, a deadline
 * for every wait, and the certainty that nothing of it stays. The tasks' segment is that of a restore, but for their
 * programs: those grow while they run, see {@link Subject}.
 *
 * <pre>
 *   plan part of the segment: | program of slot 0, 1, ... | words of slot 0, 1, ... | helper's program | arena |
 * </pre>
 */
public final class Lab implements AutoCloseable {
    static final int PROGRAM_LENGTH = 32 * 1024;
    static final int WORDS_LENGTH = 4096;

    private static final long HOLE = 0x2000_0000_0000L;
    private static final int OUTER_SLOTS = 14;
    private static final int INNER_SLOTS = 6;
    private static final int SLOTS = OUTER_SLOTS + INNER_SLOTS;
    private static final int LOCAL_LENGTH = 4096;
    private static final int CONTEXT_RING = 4096;
    private static final int HELPER_PROGRAM_LENGTH = 4096;
    private static final int ARENA_LENGTH = 1 << 20;
    private static final int PR_SET_PDEATHSIG = 1;
    private static final int PR_SET_CHILD_SUBREAPER = 36;
    private static final int SIGCHLD = 17;
    private static final long PAUSE_NANOS = 30_000;
    private static final long END_NANOS = TimeUnit.SECONDS.toNanos(3);

    private final long untilNanos;
    private final Deque<Runnable> beforeEnd = new ArrayDeque<>();
    private final Deque<Runnable> afterEnd = new ArrayDeque<>();
    private final ProcFs proc = new ProcFs();
    private @Nullable Segment segment;
    private @Nullable Helper helper;
    private @Nullable Arena arena;
    private @Nullable Subject root;
    private int outer = 1;
    private int inner = OUTER_SLOTS;
    private boolean ended;
    private boolean closed;

    /** A lab whose every wait ends at that time (System.nanoTime). */
    Lab(long untilNanos) {
        this.untilNanos = untilNanos;
    }

    /** The first task, made when it is first asked for; the ancestor of all others. */
    public Subject subject() {
        if (root == null) {
            root = start();
            root.arrive(0);
        }
        return root;
    }

    private synchronized Subject start() {
        if (ended) {
            throw CheckFailure.timeout("the first task");
        }
        Segment made = segment();
        Subject first = new Subject(this, 0, false, false);
        first.prepare(true);
        ProgramBuilder program = new ProgramBuilder().reset();
        program.call(SyscallNumber.GETPPID).store(0);
        program.call(SyscallNumber.PRCTL).value(PR_SET_PDEATHSIG).value(0);
        program.call(SyscallNumber.PRCTL).value(PR_SET_CHILD_SUBREAPER).value(1);
        program.op(Op.CLONE).value(0).value(0).value(SIGCHLD);
        program.op(Op.GUARD).register(0).value(Integer.MAX_VALUE).value(OUTER_SLOTS);
        program.value(OUTER_SLOTS).value(Integer.MAX_VALUE);
        int at = planOffset() + SLOTS * (PROGRAM_LENGTH + WORDS_LENGTH);
        program.copyTo(made.buffer(), at, 0, 0);
        made.program(SLOTS, at);
        helper = Helper.start(made, List.of());
        return first;
    }

    /** What the subjects have as a parent above the first one. */
    public int helperPid() {
        subject();
        return helper == null ? 0 : helper.pid();
    }

    /** Zeroes, shared with all tasks. */
    public Data data(int length) {
        return arena().data(length, 1);
    }

    /** Whole zeroed pages, shared with all tasks. */
    public Data pages(int count) {
        int page = 4096;
        return arena().data(count * page, page);
    }

    /** A NUL-terminated string, shared with all tasks. */
    public Data string(String text) {
        return arena().string(text);
    }

    /** 64-bit numbers, shared with all tasks. */
    public Data longs(long... values) {
        Data data = data(values.length * Long.BYTES);
        for (int i = 0; i < values.length; i++) {
            data.put(i * Long.BYTES, values[i]);
        }
        return data;
    }

    /** 32-bit numbers, shared with all tasks. */
    public Data ints(int... values) {
        Data data = data(values.length * Integer.BYTES);
        for (int i = 0; i < values.length; i++) {
            data.put(i * Integer.BYTES, values[i]);
        }
        return data;
    }

    /** A system call of our own. */
    public Result own(int number, long... arguments) {
        long[] all = Arrays.copyOf(arguments, 6);
        long result = SystemCall.call(number, all[0], all[1], all[2], all[3], all[4], all[5]);
        return new Result("our " + Subject.describe(number, arguments), result);
    }

    public ProcFs proc() {
        return proc;
    }

    /** Sleeps a little, unless the check is over its time. */
    public void pause(Supplier<String> waitingFor) {
        if (System.nanoTime() - untilNanos >= 0 || Thread.currentThread().isInterrupted()) {
            throw CheckFailure.timeout(waitingFor.get());
        }
        LockSupport.parkNanos(PAUSE_NANOS);
    }

    /** Waits until something is so. */
    public void await(String what, BooleanSupplier done) {
        while (!done.getAsBoolean()) {
            pause(() -> what);
        }
    }

    /** What wait4 says of a task that is our child or that we trace. */
    public WaitStatus await(int pid, int options) {
        while (true) {
            WaitStatus status = Wait.wait4(pid, options | Wait.WNOHANG | Wait.WALL);
            if (!status.isNone()) {
                return status;
            }
            pause(() -> "news of pid " + pid);
        }
    }

    /** State letter of a task, as in {@code /proc/PID/stat}. */
    public char state(int pid) {
        return proc.stat(pid).state();
    }

    /** Something to be done while the tasks are still there; last come, first done. */
    public void beforeEnd(Runnable action) {
        beforeEnd.push(action);
    }

    /** Something to be done when the tasks are gone; last come, first done. */
    public void afterEnd(Runnable action) {
        afterEnd.push(action);
    }

    /** Closes a descriptor of ours in the end. */
    public Fd keep(Fd fd) {
        afterEnd(fd::close);
        return fd;
    }

    int takeSlot(boolean inside) {
        if ((inside ? inner : outer) == (inside ? SLOTS : OUTER_SLOTS)) {
            throw new IllegalStateException("no slot left: inside=" + inside);
        }
        return inside ? inner++ : outer++;
    }

    void giveBack(int slot) {
        if (slot < OUTER_SLOTS) {
            outer--;
        } else {
            inner--;
        }
    }

    Data programOf(int slot) {
        return arena().at(planOffset() + slot * PROGRAM_LENGTH, PROGRAM_LENGTH);
    }

    Data wordsOf(int slot) {
        return arena().at(planOffset() + SLOTS * PROGRAM_LENGTH + slot * WORDS_LENGTH, WORDS_LENGTH);
    }

    void program(int slot) {
        segment().program(slot, planOffset() + slot * PROGRAM_LENGTH);
    }

    /** What its maker calls it. */
    int tid(int slot) {
        return segment().tid(slot);
    }

    /** It is reaped: nobody may think of that id as ours any more. */
    void forget(int slot) {
        segment().buffer().putIntVolatile(segment().slot(slot) + SlotDescriptor.TID_OFFSET, 0);
    }

    private Segment segment() {
        if (segment == null) {
            byte[] runner = NativeFiles.runner();
            int plan = SLOTS * (PROGRAM_LENGTH + WORDS_LENGTH) + HELPER_PROGRAM_LENGTH + ARENA_LENGTH;
            SegmentLayout layout =
                    SegmentLayout.of(SLOTS + 1, OUTER_SLOTS, LOCAL_LENGTH, runner.length, plan, CONTEXT_RING);
            segment = Segment.create(layout, HOLE, runner, 0);
        }
        return segment;
    }

    private Arena arena() {
        if (arena == null) {
            SegmentLayout layout = segment().layout();
            int start = planOffset() + SLOTS * (PROGRAM_LENGTH + WORDS_LENGTH) + HELPER_PROGRAM_LENGTH;
            arena = new Arena(
                    segment(), layout.segmentAddress(HOLE), start, ARENA_LENGTH - ProgramDescriptor.HEADER_LENGTH);
        }
        return arena;
    }

    private int planOffset() {
        return segment().layout().planOffset();
    }

    /** Ends all tasks and undoes what is to be undone. The memory stays: another thread may be looking at it. */
    synchronized void end() {
        if (ended) {
            return;
        }
        ended = true;
        RuntimeException first = runAll(beforeEnd, null);
        boolean gone = true;
        if (helper != null && segment != null) {
            gone = TaskKiller.killAll(segment, helper, System.nanoTime() + END_NANOS);
            helper.close();
        }
        first = runAll(afterEnd, first);
        if (!gone) {
            throw CheckFailure.because("tasks are left that cannot be killed");
        }
        if (first != null) {
            throw first;
        }
    }

    /** Ends all tasks, and gives the memory back. For the check's own thread. */
    @Override
    public synchronized void close() {
        try {
            end();
        } finally {
            if (!closed) {
                closed = true;
                proc.close();
                if (segment != null) {
                    segment.close();
                }
            }
        }
    }

    private static @Nullable RuntimeException runAll(Deque<Runnable> actions, @Nullable RuntimeException before) {
        RuntimeException first = before;
        while (!actions.isEmpty()) {
            try {
                actions.pop().run();
            } catch (RuntimeException e) {
                first = first == null ? e : first;
            }
        }
        return first;
    }
}
