package io.baton.coordinator.state.timers;

import io.baton.coordinator.error.Refusals;
import io.baton.coordinator.ptrace.SeizedProcess;
import io.baton.coordinator.state.Account;
import io.baton.coordinator.state.ContextBuilder;
import io.baton.coordinator.state.DumpOptions;
import io.baton.coordinator.state.Item;
import io.baton.coordinator.state.ProcessCapture;
import io.baton.coordinator.state.ProcessRestore;
import io.baton.coordinator.state.StateKind;
import io.baton.coordinator.state.ThreadRestore;
import io.baton.coordinator.state.TreeImage;
import io.baton.coordinator.state.TreeObjects;
import io.baton.coordinator.state.namespaces.TreeNamespaces;
import io.baton.mktree.image.proto.PosixTimerEntry;
import io.baton.mktree.image.proto.TaskTimersEntry;
import io.baton.task.linux.ProcTimer;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.linux.SystemCall;
import io.baton.task.program.ProgramBuilder;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Timers of timer_create(2), each under the number it had. Since Linux 6.15 a task may ask for a number; before, numbers
 * count up from 0, so that the ones in between are made and deleted.
 *
 * <p>The overrun count goes into the image and is not restored: the kernel has no way to set it. Nor does it tell whether
 * a time was given as an absolute one.
 */
public final class PosixTimers implements StateKind {
    private static final int PR_TIMER_CREATE_RESTORE_IDS = 77;
    private static final int OFF = 0;
    private static final int ON = 1;
    private static final int GET = 2;

    private static final int CLOCK_THREAD_CPUTIME_ID = 3;

    /** The kernel's {@code struct itimerspec}: interval and value, each seconds and nanoseconds. */
    private static final int TIMER_LENGTH = 32;

    /** The kernel's {@code struct sigevent}: value, signal (32), notification (32), tid (32), padding. */
    private static final int EVENT_LONGS = 8;

    /** Without the prctl, so many numbers are tried at most. */
    private static final int MOST_TRIES = 10_000;

    private static final long INT_MASK = 0xffff_ffffL;

    @Override
    public String name() {
        return "POSIX timers";
    }

    @Override
    public Account account() {
        return new Account(
                        name(),
                        "/proc/PID/timers; asked: timer_gettime(2)",
                        "timer_create(2) under the same number; what was left starts at the end",
                        "PosixTimerEntry")
                .refusing("counts the CPU time of one of several threads, and the kernel does not tell of which");
    }

    @Override
    public void list(SeizedProcess process, TreeImage tree, TreeObjects objects) {
        for (ProcTimer timer : process.proc().timers(process.pid())) {
            objects.add(name(), process.pid(), "POSIX timer " + timer.id());
        }
    }

    @Override
    public void inspect(SeizedProcess process, DumpOptions options, Refusals refusals) {
        if (process.threads().size() < 2) {
            return;
        }
        for (ProcTimer timer : process.proc().timers(process.pid())) {
            if (timer.clock() == CLOCK_THREAD_CPUTIME_ID) {
                String reason = "counts the CPU time of one of several threads, and the kernel does not tell of which";
                refusals.add(process.pid(), "POSIX timer " + timer.id(), reason, "");
            }
        }
    }

    @Override
    public void capture(ProcessCapture capture) {
        ProgramBuilder ask = capture.ask();
        TaskTimersEntry.Builder entry = capture.core().getTcBuilder().getTimersBuilder();
        SeizedProcess process = capture.process();
        for (ProcTimer timer : process.proc().timers(process.pid())) {
            int time = ask.reserve(TIMER_LENGTH);
            ask.call(SyscallNumber.TIMER_GETTIME).value(timer.id()).data(time);
            int overrun =
                    ask.call(SyscallNumber.TIMER_GETOVERRUN).value(timer.id()).result();
            PosixTimerEntry.Builder saved = entry.addPosixBuilder()
                    .setItId(timer.id())
                    .setClockId(timer.clock())
                    .setSiSigno(timer.signal())
                    .setItSigevNotify(timer.notification())
                    .setSivalPtr(timer.value());
            if ((timer.notification() & ProcTimer.SIGEV_THREAD_ID) != 0) {
                saved.setNotifyThreadId(TreeNamespaces.of(capture.tree()).pidInside(timer.target()));
            }
            capture.then(answers -> saved.setOverrun((int) Math.max(0, answers.result(overrun)))
                    .setIsec(answers.getLong(time))
                    .setInsec(answers.getLong(time + 8))
                    .setVsec(answers.getLong(time + 16))
                    .setVnsec(answers.getLong(time + 24)));
        }
    }

    @Override
    public void validate(ProcessRestore process, Refusals refusals) {
        for (PosixTimerEntry timer : timers(process)) {
            String name = "POSIX timer " + timer.getItId();
            int pid = process.pstree().getPid();
            if ((timer.getItSigevNotify() & ProcTimer.SIGEV_THREAD_ID) != 0
                    && !process.pstree().getThreadsList().contains(timer.getNotifyThreadId())) {
                refusals.add(pid, name, "signals thread " + timer.getNotifyThreadId() + ", which is not there", "");
            }
            if (timer.getItId() > MOST_TRIES && !canChooseNumbers()) {
                refusals.add(pid, name, "its number is too high for this kernel", "Linux 6.15 or newer");
            }
        }
    }

    @Override
    public void compile(ProcessRestore process, ContextBuilder context) {
        List<PosixTimerEntry> timers = timers(process);
        if (timers.isEmpty()) {
            return;
        }
        if (canChooseNumbers()) {
            choose(context.item(Item.POSIX_TIMER.tag()), ON);
            for (PosixTimerEntry timer : timers) {
                create(timer, timer.getItId(), context.item(Item.POSIX_TIMER.tag(timer.getItId())));
            }
            choose(context.item(Item.POSIX_TIMER.tag()), OFF);
            return;
        }
        int next = 0;
        for (PosixTimerEntry timer : timers) {
            for (; next < timer.getItId(); next++) {
                ProgramBuilder program = context.item(Item.POSIX_TIMER.tag(timer.getItId()));
                create(timer, next, program);
                program.call(SyscallNumber.TIMER_DELETE).value(next);
            }
            create(timer, next++, context.item(Item.POSIX_TIMER.tag(timer.getItId())));
        }
    }

    private static void choose(ProgramBuilder program, int onOrOff) {
        program.call(SyscallNumber.PRCTL)
                .value(PR_TIMER_CREATE_RESTORE_IDS)
                .value(onOrOff)
                .value(0)
                .value(0)
                .value(0);
    }

    private static void create(PosixTimerEntry timer, int number, ProgramBuilder program) {
        long[] event = new long[EVENT_LONGS];
        event[0] = timer.getSivalPtr();
        event[1] = (timer.getSiSigno() & INT_MASK) | ((long) timer.getItSigevNotify() << Integer.SIZE);
        event[2] = timer.getNotifyThreadId() & INT_MASK;
        int at = program.longs(event);
        int id = program.ints(number);
        program.call(SyscallNumber.TIMER_CREATE)
                .value(timer.getClockId())
                .data(at)
                .data(id);
    }

    @Override
    public void compileCredentials(ThreadRestore thread, ProgramBuilder kept) {
        if (!thread.isFirst()) {
            return;
        }
        for (PosixTimerEntry timer : timers(thread.process())) {
            if (timer.getVsec() != 0 || timer.getVnsec() != 0) {
                kept.tag(Item.POSIX_TIMER.tag(timer.getItId()));
                int at = kept.longs(timer.getIsec(), timer.getInsec(), timer.getVsec(), timer.getVnsec());
                kept.call(SyscallNumber.TIMER_SETTIME)
                        .value(timer.getItId())
                        .value(0)
                        .data(at)
                        .value(0);
            }
        }
    }

    /** In ascending order of their numbers. */
    private static List<PosixTimerEntry> timers(ProcessRestore process) {
        List<PosixTimerEntry> timers =
                new ArrayList<>(process.core().getTc().getTimers().getPosixList());
        timers.sort(Comparator.comparingInt(PosixTimerEntry::getItId));
        return timers;
    }

    private static boolean canChooseNumbers() {
        return SystemCall.call(SyscallNumber.PRCTL, PR_TIMER_CREATE_RESTORE_IDS, GET, 0, 0, 0) >= 0;
    }
}
