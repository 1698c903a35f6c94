package io.baton.coordinator.regress.checks;

import io.baton.coordinator.regress.Check;
import io.baton.coordinator.regress.Data;
import io.baton.coordinator.regress.Lab;
import io.baton.coordinator.regress.Need;
import io.baton.coordinator.regress.Should;
import io.baton.coordinator.regress.Subject;
import io.baton.task.linux.Errno;
import io.baton.task.linux.ProcTimer;
import io.baton.task.linux.SignalInfo;
import io.baton.task.linux.Signals;
import io.baton.task.linux.SyscallNumber;
import java.util.List;

/** Timers of all kinds. */
final class TimerChecks {
    private static final String CREATE = "kernel/time/posix-timers.c do_timer_create(), timer_create(2)";
    private static final int PR_TIMER_CREATE_RESTORE_IDS = 77;
    private static final int OFF = 0;
    private static final int ON = 1;
    private static final int GET = 2;
    private static final int CLOCK_MONOTONIC = 1;
    private static final int REAL_TIME_SIGNAL = 34;

    private TimerChecks() {}

    static List<Check> list() {
        return List.of(
                Check.of(
                                "timer.restore_ids",
                                "with PR_TIMER_CREATE_RESTORE_IDS a timer gets the id wanted",
                                CREATE,
                                TimerChecks::wantedId)
                        .neededBy(Need.SPEED, "Linux 6.15; without it timers are restored more slowly"),
                Check.of(
                        "timer.ids",
                        "otherwise ids only go up, and those of deleted timers do not come back",
                        CREATE,
                        TimerChecks::ids),
                Check.of(
                        "timer.proc",
                        "/proc/PID/timers tells clock, signal, value and target",
                        "fs/proc/base.c show_timer(), proc(5)",
                        TimerChecks::proc),
                Check.of(
                        "timer.overrun",
                        "a signal that waits is not queued again: its overruns are counted",
                        "kernel/time/posix-timers.c common_timer_get(), timer_getoverrun(2)",
                        TimerChecks::overrun),
                Check.of(
                        "timer.fork",
                        "a child has no timers of its parent",
                        "kernel/fork.c copy_signal(), fork(2)",
                        TimerChecks::fork),
                Check.of(
                        "timer.remaining",
                        "what is left of a timer, and its interval, can be read",
                        "kernel/time/posix-timers.c common_timer_get(), timer_settime(2)",
                        TimerChecks::remaining),
                Check.of(
                        "itimer",
                        "interval timers keep their interval and tell what is left",
                        "kernel/time/itimer.c, setitimer(2)",
                        TimerChecks::interval),
                Check.of(
                        "timerfd.set_ticks",
                        "TFD_IOC_SET_TICKS sets how often a timer has expired",
                        "fs/timerfd.c timerfd_ioctl()",
                        TimerChecks::setTicks),
                Check.of(
                        "timerfd.fdinfo",
                        "fdinfo of a timerfd tells clock, ticks, flags, rest and interval",
                        "fs/timerfd.c timerfd_show(), proc(5)",
                        TimerChecks::timerFdInfo));
    }

    private static Data event(Lab lab, int signal, long value) {
        return lab.data(64).put(0, value).put(8, signal);
    }

    private static int create(Lab lab, Subject subject) {
        Data id = lab.ints(-1);
        subject.call(
                        SyscallNumber.TIMER_CREATE,
                        CLOCK_MONOTONIC,
                        event(lab, REAL_TIME_SIGNAL, 7).at(),
                        id.at())
                .shouldReturn(0);
        return id.intAt(0);
    }

    private static void wantedId(Lab lab) {
        Subject subject = lab.subject();
        subject.call(SyscallNumber.PRCTL, PR_TIMER_CREATE_RESTORE_IDS, ON, 0, 0, 0)
                .skipOn(Errno.EINVAL, "a kernel before Linux 6.15")
                .shouldReturn(0);
        subject.call(SyscallNumber.PRCTL, PR_TIMER_CREATE_RESTORE_IDS, GET, 0, 0, 0)
                .shouldReturn(ON);
        for (int wanted : new int[] {1000, 3}) {
            Data id = lab.ints(wanted);
            subject.call(SyscallNumber.TIMER_CREATE, CLOCK_MONOTONIC, 0, id.at())
                    .shouldReturn(0);
            Should.be("id", wanted, id.intAt(0));
        }
        subject.call(SyscallNumber.TIMER_CREATE, CLOCK_MONOTONIC, 0, lab.ints(3).at())
                .shouldFailWith(Errno.EBUSY);
        subject.call(SyscallNumber.PRCTL, PR_TIMER_CREATE_RESTORE_IDS, OFF, 0, 0, 0)
                .shouldReturn(0);
    }

    private static void ids(Lab lab) {
        Subject subject = lab.subject();
        int first = create(lab, subject);
        Should.be("id of the first timer", 0, first);
        subject.call(SyscallNumber.TIMER_DELETE, first).shouldReturn(0);
        Should.be("id of the second timer", 1, create(lab, subject));
        Should.be("id of the child's first timer", 0, create(lab, subject.fork()));
    }

    private static void proc(Lab lab) {
        Subject subject = lab.subject();
        Data id = lab.ints(-1);
        Data event = event(lab, Signals.SIGUSR2, 0x1234_5678L)
                .put(12, ProcTimer.SIGEV_THREAD_ID)
                .put(16, subject.pid());
        subject.call(SyscallNumber.TIMER_CREATE, CLOCK_MONOTONIC, event.at(), id.at())
                .shouldReturn(0);
        ProcTimer wanted = new ProcTimer(
                id.intAt(0), Signals.SIGUSR2, 0x1234_5678L, ProcTimer.SIGEV_THREAD_ID, subject.pid(), CLOCK_MONOTONIC);
        Should.be("timers", List.of(wanted), lab.proc().timers(subject.pid()));
    }

    private static void overrun(Lab lab) {
        Subject subject = lab.subject();
        int id = create(lab, subject);
        Data everyHalfMilli = lab.longs(0, 500_000, 0, 500_000);
        subject.call(SyscallNumber.TIMER_SETTIME, id, 0, everyHalfMilli.at(), 0).shouldReturn(0);
        subject.call(SyscallNumber.NANOSLEEP, lab.longs(0, 5_000_000).at(), 0).shouldReturn(0);
        Data info = lab.data(SignalInfo.LENGTH);
        subject.call(
                        SyscallNumber.RT_SIGTIMEDWAIT,
                        lab.longs(-1).at(),
                        info.at(),
                        lab.longs(0, 0).at(),
                        Steps.SIGNAL_SET)
                .shouldReturn(REAL_TIME_SIGNAL);
        int siTimer = -2;
        Should.be("si_code", siTimer, info.intAt(SignalInfo.CODE));
        Should.be("si_timerid", id, info.intAt(16));
        Should.be("si_value", 7, info.longAt(SignalInfo.VALUE));
        long count = subject.call(SyscallNumber.TIMER_GETOVERRUN, id).value();
        Should.hold("at least 8 overruns in 5 ms, seen " + count, count >= 8);
        Should.be("si_overrun", count, info.intAt(20));
    }

    private static void fork(Lab lab) {
        Subject subject = lab.subject();
        int id = create(lab, subject);
        subject.fork().call(SyscallNumber.TIMER_GETTIME, id, lab.data(32).at()).shouldFailWith(Errno.EINVAL);
    }

    private static void remaining(Lab lab) {
        Subject subject = lab.subject();
        int id = create(lab, subject);
        subject.call(
                        SyscallNumber.TIMER_SETTIME,
                        id,
                        0,
                        lab.longs(3, 5, 1000, 0).at(),
                        0)
                .shouldReturn(0);
        Data now = lab.data(32);
        subject.call(SyscallNumber.TIMER_GETTIME, id, now.at()).shouldReturn(0);
        Should.be("seconds of the interval", 3, now.longAt(0));
        Should.be("nanoseconds of the interval", 5, now.longAt(8));
        Should.hold(
                "seconds left: 900 to 1000, seen " + now.longAt(16), now.longAt(16) >= 900 && now.longAt(16) <= 1000);
    }

    private static void interval(Lab lab) {
        Subject subject = lab.subject();
        for (int which = 0; which < 3; which++) {
            subject.call(
                            SyscallNumber.SETITIMER,
                            which,
                            lab.longs(2, 250_000, 1000, 0).at(),
                            0)
                    .shouldReturn(0);
            Data now = lab.data(32);
            subject.call(SyscallNumber.GETITIMER, which, now.at()).shouldReturn(0);
            Should.be("seconds of the interval", 2, now.longAt(0));
            Should.hold(
                    "seconds left: 900 to 1000, seen " + now.longAt(16),
                    now.longAt(16) >= 900 && now.longAt(16) <= 1000);
        }
        Data none = lab.longs(9, 9, 9, 9);
        subject.fork().call(SyscallNumber.GETITIMER, 0, none.at()).shouldReturn(0);
        Should.be("seconds left to a child", 0, none.longAt(16));
    }

    private static void setTicks(Lab lab) {
        int setTicks = 0x4008_5400;
        int nonBlocking = 0x800;
        Subject subject = lab.subject();
        long fd = subject.call(SyscallNumber.TIMERFD_CREATE, CLOCK_MONOTONIC, nonBlocking)
                .value();
        subject.call(
                        SyscallNumber.TIMERFD_SETTIME,
                        fd,
                        0,
                        lab.longs(0, 0, 1000, 0).at(),
                        0)
                .shouldReturn(0);
        subject.call(SyscallNumber.IOCTL, fd, setTicks, lab.longs(5).at())
                .skipOn(Errno.ENOTTY, "a kernel without CONFIG_CHECKPOINT_RESTORE")
                .shouldReturn(0);
        Data ticks = lab.data(8);
        subject.call(SyscallNumber.READ, fd, ticks.at(), 8).shouldReturn(8);
        Should.be("ticks", 5, ticks.longAt(0));
        subject.call(SyscallNumber.READ, fd, ticks.at(), 8).shouldFailWith(Errno.EAGAIN);
    }

    private static void timerFdInfo(Lab lab) {
        Subject subject = lab.subject();
        int fd = subject.call(SyscallNumber.TIMERFD_CREATE, CLOCK_MONOTONIC, 0).number();
        subject.call(
                        SyscallNumber.TIMERFD_SETTIME,
                        fd,
                        0,
                        lab.longs(3, 5, 1000, 0).at(),
                        0)
                .shouldReturn(0);
        String info = String.join("\n", lab.proc().fdInfo(subject.pid(), fd).extra());
        for (String line :
                List.of("clockid: 1", "ticks: 0", "settime flags: 00", "it_value: (", "it_interval: (3, 5)")) {
            Should.contain("fdinfo", line, info);
        }
    }
}
