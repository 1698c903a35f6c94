package io.baton.coordinator.regress;

import io.baton.task.linux.Errno;
import io.baton.task.linux.LinuxException;
import io.baton.task.linux.PidFd;
import io.baton.task.linux.Poll;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.linux.WaitStatus;
import io.baton.task.program.InstructionDescriptor;
import io.baton.task.program.Op;
import io.baton.task.program.ProgramBuilder;
import io.baton.task.program.ProgramDescriptor;
import java.util.Arrays;
import java.util.stream.Collectors;
import org.agrona.concurrent.UnsafeBuffer;
import org.jspecify.annotations.Nullable;

/**
 * A bare task that makes the system calls it is told to. It runs a program that always ends in {@link Op#HOLD}: there it
 * stands until we have written what comes next behind it. All its signals are blocked, all dispositions default, nothing
 * is mapped but runner, areas and segment.
 */
public final class Subject {
    private static final int PR_SET_PDEATHSIG = 1;
    private static final int SIGKILL = 9;

    /** A hold has two words: here the task is; go on. */
    private static final int HOLD_LENGTH = 8;

    private static final int LOOKS_BETWEEN = 16;

    private final Lab lab;
    private final int slot;
    private final boolean inner;
    private final boolean init;
    private final Data program;
    private final Data words;
    private final ProgramBuilder builder = new ProgramBuilder();
    private final UnsafeBuffer block = new UnsafeBuffer(new byte[1024]);
    private int count;
    private int holds;
    private int pid;
    private @Nullable PidFd handle;

    /**
     * A task to be made.
     *
     * @param inner whether its maker's pid namespace is not ours
     * @param init whether its children's are not
     */
    Subject(Lab lab, int slot, boolean inner, boolean init) {
        this.lab = lab;
        this.slot = slot;
        this.inner = inner;
        this.init = init;
        this.program = lab.programOf(slot);
        this.words = lab.wordsOf(slot);
    }

    /** A call that has been told and may not have returned. */
    public final class Pending {
        private final int hold;
        private final int instruction;
        private final String text;

        private Pending(int hold, int instruction, String text) {
            this.hold = hold;
            this.instruction = instruction;
            this.text = text;
        }

        /** Whether it has returned. */
        public boolean isDone() {
            return words.intAt(hold * HOLD_LENGTH) != 0;
        }

        /** Waits for it. */
        public Result await() {
            awaitHold(hold, text);
            int at = ProgramDescriptor.HEADER_LENGTH + instruction * InstructionDescriptor.LENGTH;
            return new Result(text, program.longAt(at + InstructionDescriptor.WANT_OFFSET));
        }
    }

    /** Its pid, or of a thread its tid, as we see it; 0 if it is in another pid namespace, and not the first one there. */
    public int pid() {
        return pid;
    }

    /** What its maker has been told at once, by CLONE_PARENT_SETTID. */
    public int storedTid() {
        return lab.tid(slot);
    }

    /** Makes a system call, and waits for what it returns. */
    public Result call(int number, long... arguments) {
        return start(number, arguments).await();
    }

    /** Makes a system call that may sleep. */
    public Pending start(int number, long... arguments) {
        builder.reset().call(number);
        for (long argument : arguments) {
            builder.value(argument);
        }
        int instruction = count + builder.result();
        hold();
        int before = holds - 2;
        append();
        goOn(before);
        return new Pending(before + 1, instruction, describe(number, arguments) + " by " + this);
    }

    /** Makes a task. */
    public Subject fork() {
        return fork(Fork.child());
    }

    /** Makes a task. */
    public Subject fork(Fork how) {
        Subject child = child(how);
        Result result = clone(child, how);
        child.arrive(result.number());
        return child;
    }

    /** Tries to make a task, where that must fail. */
    public Result tryFork(Fork how) {
        Subject child = child(how);
        Result result = clone(child, how);
        if (result.failed()) {
            lab.giveBack(child.slot);
        }
        return result;
    }

    private Subject child(Fork how) {
        boolean inside = inner || init;
        Subject child = new Subject(lab, lab.takeSlot(inside), inside, how.init());
        child.prepare(how.diesWithParent());
        return child;
    }

    private Result clone(Subject child, Fork how) {
        int[] wanted = how.pids().stream().mapToInt(Integer::intValue).toArray();
        builder.reset().op(Op.CLONE).value(child.slot).value(how.flags()).value(how.exitSignal());
        builder.value(wanted.length == 0 ? 0 : lab.ints(wanted).at()).value(wanted.length);
        int instruction = count + builder.result();
        hold();
        int before = holds - 2;
        append();
        goOn(before);
        String pids = wanted.length == 0 ? "" : ", set_tid=" + how.pids();
        String text = "clone3(flags=0x" + Long.toHexString(how.flags()) + pids + ") by " + this;
        return new Pending(before + 1, instruction, text).await();
    }

    /** Ends the process. */
    public void exit(int code) {
        start(SyscallNumber.EXIT_GROUP, code);
    }

    /** Ends the thread. */
    public void exitThread() {
        start(SyscallNumber.EXIT, 0);
    }

    /** Waits until the task is a zombie. */
    public Subject awaitZombie() {
        lab.await("the end of " + this, () -> lab.state(pid) == 'Z');
        return this;
    }

    /** Lets this one, the parent, reap a child, and returns the raw wait status. */
    public int reap(Subject child, long options) {
        Data status = lab.data(Integer.BYTES);
        call(SyscallNumber.WAIT4, child.pid, status.at(), options, 0).shouldReturn(child.pid);
        lab.forget(child.slot);
        return status.intAt(0);
    }

    /** Lets this one, the parent, reap a child of any kind, and says what became of that. */
    public WaitStatus reap(Subject child) {
        return new WaitStatus(child.pid, reap(child, 0x4000_0000));
    }

    @Override
    public String toString() {
        return "subject " + slot + (pid == 0 ? "" : " (pid " + pid + ")");
    }

    static String describe(int number, long... arguments) {
        return SyscallNumber.describe(number)
                + Arrays.stream(arguments)
                        .mapToObj(one -> Math.abs(one) < 65_536 ? Long.toString(one) : "0x" + Long.toHexString(one))
                        .collect(Collectors.joining(", ", "(", ")"));
    }

    void prepare(boolean diesWithParent) {
        lab.program(slot);
        program.put(ProgramDescriptor.COUNT_OFFSET, 0);
        words.clear();
        builder.reset();
        if (diesWithParent) {
            builder.call(SyscallNumber.PRCTL).value(PR_SET_PDEATHSIG).value(SIGKILL);
        }
        hold();
        append();
    }

    /** Its first steps; returns when it stands. */
    void arrive(int itsPid) {
        pid = inner ? 0 : itsPid;
        awaitHold(0, "its start");
        if (pid == 0 && !inner) {
            pid = lab.tid(slot);
        }
    }

    private void hold() {
        if ((holds + 1) * HOLD_LENGTH > Lab.WORDS_LENGTH) {
            throw new IllegalStateException("too many calls: subject=" + slot);
        }
        int at = holds++ * HOLD_LENGTH;
        builder.op(Op.HOLD)
                .value(words.at(at))
                .value(words.at(at + Integer.BYTES))
                .value(Long.MAX_VALUE);
    }

    /** Writes the instructions behind those that are there, and then says so. */
    private void append() {
        int length = builder.count() * InstructionDescriptor.LENGTH;
        int at = ProgramDescriptor.HEADER_LENGTH + count * InstructionDescriptor.LENGTH;
        if (at + length > Lab.PROGRAM_LENGTH) {
            throw new IllegalStateException("too many calls: subject=" + slot);
        }
        builder.copyTo(block, 0, 0, 0);
        byte[] bytes = new byte[length];
        block.getBytes(ProgramDescriptor.HEADER_LENGTH, bytes);
        program.put(at, bytes);
        count += builder.count();
        program.putRelease(ProgramDescriptor.COUNT_OFFSET, count);
    }

    private void goOn(int hold) {
        awaitHold(hold, "what it was told before");
        words.putRelease(hold * HOLD_LENGTH + Integer.BYTES, 1);
    }

    private void awaitHold(int hold, String what) {
        for (int look = 1; words.intAt(hold * HOLD_LENGTH) == 0; look++) {
            if (look % LOOKS_BETWEEN == 0 && pid != 0 && isDead()) {
                throw CheckFailure.because(this + " died in " + what);
            }
            lab.pause(() -> what);
        }
    }

    private boolean isDead() {
        if (handle == null) {
            try {
                PidFd opened = PidFd.open(pid);
                handle = opened;
                lab.afterEnd(opened::close);
            } catch (LinuxException e) {
                return e.errno() == Errno.ESRCH; // EINVAL, ENOENT: a thread
            }
        }
        try (Poll poll = new Poll(1)) {
            poll.add(handle.fd().number(), Poll.POLLIN);
            return poll.await(0) > 0;
        }
    }
}
