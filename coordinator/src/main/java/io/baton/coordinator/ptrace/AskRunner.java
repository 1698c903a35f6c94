package io.baton.coordinator.ptrace;

import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.error.ErrorCode;
import io.baton.task.linux.Futex;
import io.baton.task.linux.ProcFs;
import io.baton.task.linux.Ptrace;
import io.baton.task.linux.Signals;
import io.baton.task.linux.UserRegs;
import io.baton.task.linux.WaitStatus;
import io.baton.task.program.Expect;
import io.baton.task.program.InstructionDescriptor;
import io.baton.task.program.Op;
import io.baton.task.program.ProgramBuilder;
import io.baton.task.program.ProgramDescriptor;
import io.baton.task.segment.LocalDescriptor;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.agrona.BitUtil;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Runs programs in stopped threads, many at once. Each process gets a {@link Foothold}, which stays until the tree is let
 * go; each thread in it an area:
 *
 * <pre>
 *  +---------------------------+ 0
 *  |  Stack, scratch           |      as LocalDescriptor has it
 *  +---------------------------+ 2560
 *  |  Done word                |      a futex
 *  +---------------------------+ 2624
 *  |  Signal frame             |
 *  +---------------------------+
 *  |  Program                  |
 *  +---------------------------+
 * </pre>
 *
 * <p>The last instruction of a program sets the done word and sleeps; then we stop the thread and give it back what it
 * had. Should we be gone by then, it wakes by itself after {@link #PATIENCE} and gives itself back, out of the signal
 * frame, what it had. So a tree outlives us, whatever happens to us.
 */
public final class AskRunner implements AutoCloseable {
    /** How long a thread that has run its program waits for us (ns). */
    static final long PATIENCE = TimeUnit.SECONDS.toNanos(3);

    private static final int DONE_OFFSET = LocalDescriptor.KEPT_OFFSET;
    private static final int FRAME_OFFSET = BitUtil.align(DONE_OFFSET + Integer.BYTES, SignalFrame.ALIGNMENT);
    private static final int PAGE = 4096;
    /** Between two looks at a thread that does not answer (ns). */
    private static final long GLANCE = TimeUnit.MILLISECONDS.toNanos(2);

    private final byte[] text;
    private final int door;
    private final Deadline deadline;
    private final Stops stops;
    private final RemoteCalls calls;
    private final WayBack wayBack = new WayBack();
    private final UserRegs registers = new UserRegs();
    private final List<Running> running = new ArrayList<>();
    private final List<Foothold> open = new ArrayList<>();

    /**
     * @param text the runner's, position independent
     * @param door offset in it of the entry for asks
     */
    public AskRunner(ProcFs proc, byte[] text, int door, Deadline deadline) {
        this.text = text.clone();
        this.door = door;
        this.deadline = deadline;
        this.stops = new Stops(proc, deadline);
        this.calls = new RemoteCalls(proc);
    }

    /** A thread that is not as it was. */
    private static final class Running {
        final Ask ask;
        final Foothold foothold;
        final int area;
        final UnsafeBuffer memory;
        /** Whether it runs, or may do so. */
        boolean loose;
        /** Whether it is as it was. */
        boolean home;

        Running(Ask ask, Foothold foothold, int area, UnsafeBuffer memory) {
            this.ask = ask;
            this.foothold = foothold;
            this.area = area;
            this.memory = memory;
        }

        int frame() {
            return area + FRAME_OFFSET;
        }

        int program() {
            return frame() + SignalFrame.length(ask.thread().extendedState());
        }
    }

    /**
     * Runs programs and waits until all have answered; then all threads stand as before.
     *
     * @param asks those of a process next to each other; at most one for each thread
     * @throws BatonException TASK_DIED, TASK_FAILED, TIMEOUT, NOT_PERMITTED; threads stand as before all the same
     */
    public void run(List<Ask> asks) {
        run(asks, () -> {});
    }

    /**
     * As {@link #run(List)}, for programs that {@linkplain Op#HOLD stand still} for us.
     *
     * @param meanwhile done when all are running
     */
    public void run(List<Ask> asks, Runnable meanwhile) {
        try {
            for (int from = 0; from < asks.size(); ) {
                int to = from + 1;
                while (to < asks.size() && processOf(asks, to) == processOf(asks, from)) {
                    to++;
                }
                start(asks.subList(from, to));
                from = to;
            }
            meanwhile.run();
            for (Running thread : running) {
                awaitAnswer(thread);
            }
            for (Running thread : running) {
                Ptrace.interrupt(thread.ask.thread().tid());
            }
            for (Running thread : running) {
                regain(thread, stops);
            }
            running.clear();
        } catch (RuntimeException | Error e) {
            undo(e);
            throw e;
        }
    }

    private static SeizedProcess processOf(List<Ask> asks, int index) {
        return asks.get(index).thread().process();
    }

    /** Sets all threads of one process going. */
    private void start(List<Ask> asks) {
        deadline.check("a task to answer");
        SeizedThread first = asks.get(0).thread();
        int length = BitUtil.align(text.length, SignalFrame.ALIGNMENT);
        for (Ask ask : asks) {
            SeizedThread thread = ask.thread();
            // Read now: what is kept must be what it was before us.
            thread.resumeRegisters();
            thread.blockedSignals();
            int program = SignalFrame.length(thread.extendedState()) + programLength(ask.program());
            length += FRAME_OFFSET + BitUtil.align(program, SignalFrame.ALIGNMENT);
        }
        Foothold foothold = grab(first, BitUtil.align(length, PAGE));
        UnsafeBuffer memory = open(foothold, first);
        memory.putBytes(0, text);
        int area = BitUtil.align(text.length, SignalFrame.ALIGNMENT);
        for (Ask ask : asks) {
            Running thread = new Running(ask, foothold, area, memory);
            // Before prepare, which ends the program: the room above was counted for what it was.
            int next = thread.program() + programLength(ask.program());
            prepare(thread);
            area = BitUtil.align(next, SignalFrame.ALIGNMENT);
            running.add(thread);
            letLoose(thread);
        }
    }

    private Foothold grab(SeizedThread first, int length) {
        CallSite site = wayBack.callSite(first);
        try {
            Foothold foothold = Foothold.make(calls, first, site, length);
            first.process().foothold(foothold);
            return foothold;
        } catch (RuntimeException e) {
            putBack(first, e);
            throw e;
        }
    }

    private UnsafeBuffer open(Foothold foothold, SeizedThread first) {
        open.add(foothold);
        try {
            return foothold.open();
        } catch (RuntimeException e) {
            putBack(first, e);
            throw e;
        }
    }

    private static int programLength(ProgramBuilder program) {
        return program.length() + InstructionDescriptor.LENGTH; // and RETIRE
    }

    private static void prepare(Running running) {
        SeizedThread thread = running.ask.thread();
        long base = running.foothold.address();
        WayBack.write(running.memory, running.frame(), base + running.frame(), thread);
        ProgramBuilder program = running.ask.program();
        int count = program.count();
        program.op(Op.RETIRE)
                .value(base + running.area + DONE_OFFSET)
                .value(base + running.frame() + SignalFrame.STACK_POINTER_OFFSET)
                .value(System.nanoTime() + PATIENCE + thread.process().clockAhead());
        int at = running.program();
        int length = program.copyTo(running.memory, at, 0, 0);
        for (int i = 0; i < count; i++) {
            // The runner ends a task whose instruction fails. Not here: it is only being asked.
            int instruction = at + ProgramDescriptor.HEADER_LENGTH + i * InstructionDescriptor.LENGTH;
            running.memory.putByte(instruction + InstructionDescriptor.EXPECT_OFFSET, (byte) Expect.ANY);
        }
        running.ask.answered(running.memory.addressOffset() + at, length, program.blockOffset(0));
    }

    private void letLoose(Running running) {
        SeizedThread thread = running.ask.thread();
        long base = running.foothold.address();
        registers.buffer().putBytes(0, thread.registers(), 0, UserRegs.LENGTH);
        registers
                .set(UserRegs.RIP, running.foothold.text() + door)
                .set(UserRegs.RDI, base + running.program())
                .set(UserRegs.RSI, base + running.area)
                // As after a call: the compiler expects the stack to be 8 off 16.
                .set(UserRegs.RSP, base + running.area + LocalDescriptor.STACK_LENGTH - Long.BYTES)
                .set(UserRegs.ORIG_RAX, -1);
        Ptrace.setRegisters(thread.tid(), registers);
        Ptrace.setSignalMask(thread.tid(), RemoteCalls.ALL_SIGNALS);
        running.loose = true;
        Ptrace.resume(thread.tid(), 0);
    }

    private void awaitAnswer(Running running) {
        SeizedThread thread = running.ask.thread();
        int done = running.area + DONE_OFFSET;
        long word = running.memory.addressOffset() + done;
        while (running.memory.getIntVolatile(done) == 0) {
            if (Futex.wait(word, 0, GLANCE) != Futex.WaitResult.TIMED_OUT) {
                continue;
            }
            if (deadline.passed()) {
                deadline.check(thread + " to answer");
            }
            deadline.check(thread);
            WaitStatus status = Stops.poll(thread.tid());
            if (status.isDead()) {
                throw RemoteCalls.died(thread.pid(), thread.tid());
            } else if (status.event() == Ptrace.EVENT_STOP) {
                Stops.resumed(thread.tid(), 0); // somebody sent it SIGSTOP or SIGCONT
            } else if (RemoteCalls.isStopSignal(status)) {
                Stops.resumed(thread.tid(), Signals.SIGSTOP);
            } else if (status.isStopped()) {
                running.loose = false;
                throw new BatonException(
                        ErrorCode.TASK_FAILED, thread + ": signal " + status.stopSignal() + " while it was asked", "");
            }
        }
    }

    /** Waits for the interrupted thread to stop and gives it back what it had. */
    private void regain(Running running, Stops patience) {
        SeizedThread thread = running.ask.thread();
        if (running.loose && patience.awaitInterrupted(thread.pid(), thread.tid()) == Stops.GONE) {
            throw RemoteCalls.died(thread.pid(), thread.tid());
        }
        if (running.loose && !running.foothold.contains(Ptrace.peekUser(thread.tid(), UserRegs.RIP))) {
            thread.lost();
            throw new BatonException(
                    ErrorCode.TIMEOUT, thread + " has run on, we were too slow to take its answer", "try again");
        }
        running.loose = false;
        running.home = true;
        calls.putBack(thread.tid(), thread.resumeRegisters(), thread.blockedSignals());
    }

    /** After a failure: everybody stands as before, as far as he lives. */
    private void undo(Throwable cause) {
        Stops patience = new Stops(stops.proc(), Deadline.after(1));
        for (Running thread : running) {
            if (thread.home || thread.ask.thread().isLost()) {
                continue;
            }
            try {
                if (thread.loose) {
                    Ptrace.interrupt(thread.ask.thread().tid());
                }
                regain(thread, patience);
            } catch (RuntimeException e) {
                cause.addSuppressed(e);
            }
        }
        running.clear();
        finish();
    }

    private void putBack(SeizedThread thread, Throwable cause) {
        try {
            calls.putBack(thread.tid(), thread.resumeRegisters(), thread.blockedSignals());
        } catch (RuntimeException e) {
            cause.addSuppressed(e);
        }
    }

    /** Forgets the answers and unmaps their memory here. */
    public void finish() {
        for (Foothold foothold : open) {
            foothold.close();
        }
        open.clear();
    }

    @Override
    public void close() {
        finish();
        calls.close();
        wayBack.close();
        registers.close();
    }
}
