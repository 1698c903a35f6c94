package io.baton.coordinator.state.timers;

import io.baton.coordinator.state.Account;
import io.baton.coordinator.state.Answers;
import io.baton.coordinator.state.Item;
import io.baton.coordinator.state.ProcessCapture;
import io.baton.coordinator.state.StateKind;
import io.baton.coordinator.state.ThreadRestore;
import io.baton.mktree.image.proto.ItimerEntry;
import io.baton.mktree.image.proto.TaskTimersEntry;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.program.ProgramBuilder;

/**
 * The three timers of setitimer(2), which alarm(2) shares: what is left and the interval. Time stands still for them
 * while there is only the image; they are started last.
 */
public final class IntervalTimers implements StateKind {
    private static final int REAL = 0;
    private static final int VIRTUAL = 1;
    private static final int PROFILE = 2;

    /** The kernel's {@code struct itimerval}: interval and value, each seconds and microseconds. */
    private static final int TIMER_LENGTH = 32;

    @Override
    public String name() {
        return "interval timers";
    }

    @Override
    public Account account() {
        return new Account(name(), "asked: getitimer(2)", "setitimer(2) with what was left, at the end", "ItimerEntry");
    }

    @Override
    public void capture(ProcessCapture capture) {
        ProgramBuilder ask = capture.ask();
        int timers = ask.reserve((PROFILE + 1) * TIMER_LENGTH);
        for (int which = REAL; which <= PROFILE; which++) {
            ask.call(SyscallNumber.GETITIMER).value(which).data(timers + which * TIMER_LENGTH);
        }
        TaskTimersEntry.Builder entry = capture.core().getTcBuilder().getTimersBuilder();
        capture.then(answers -> entry.setReal(read(answers, timers, REAL))
                .setVirt(read(answers, timers, VIRTUAL))
                .setProf(read(answers, timers, PROFILE)));
    }

    private static ItimerEntry read(Answers answers, int timers, int which) {
        int at = timers + which * TIMER_LENGTH;
        return ItimerEntry.newBuilder()
                .setIsec(answers.getLong(at))
                .setIusec(answers.getLong(at + 8))
                .setVsec(answers.getLong(at + 16))
                .setVusec(answers.getLong(at + 24))
                .build();
    }

    @Override
    public void compileCredentials(ThreadRestore thread, ProgramBuilder kept) {
        if (thread.isFirst()) {
            TaskTimersEntry timers = thread.process().core().getTc().getTimers();
            start(REAL, timers.getReal(), kept);
            start(VIRTUAL, timers.getVirt(), kept);
            start(PROFILE, timers.getProf(), kept);
        }
    }

    /**
     * While its SIGALRM is pending, a real timer that repeats has nothing left and does not run: the kernel starts it when
     * the signal is taken. A restored signal does not do that, so the timer starts with its interval. The other two are
     * off when nothing is left, whatever their interval.
     */
    private static void start(int which, ItimerEntry timer, ProgramBuilder kept) {
        boolean isOver = timer.getVsec() == 0 && timer.getVusec() == 0;
        boolean repeats = timer.getIsec() != 0 || timer.getIusec() != 0;
        if (isOver && !(which == REAL && repeats)) {
            return;
        }
        kept.tag(Item.INTERVAL_TIMER.tag(which));
        long seconds = isOver ? timer.getIsec() : timer.getVsec();
        long micros = isOver ? timer.getIusec() : timer.getVusec();
        int at = kept.longs(timer.getIsec(), timer.getIusec(), seconds, micros);
        kept.call(SyscallNumber.SETITIMER).value(which).data(at).value(0);
    }
}
