package io.baton.coordinator.state.files;

import io.baton.coordinator.state.Account;
import io.baton.coordinator.state.TreeImage;
import io.baton.mktree.image.proto.FdTypes;
import io.baton.mktree.image.proto.FileEntry;
import io.baton.mktree.image.proto.TimerfdEntry;
import io.baton.task.linux.Files;
import io.baton.task.linux.Memory;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.linux.SystemCall;
import io.baton.task.program.ProgramBuilder;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * timerfd(2). A time of day stays that time of day; every other timer has as long to go as it had at the dump. Expiries that were
 * not read are there again.
 */
final class TimerDescriptor implements FileKind {
    private static final int CLOCK_REALTIME = 0;
    private static final int CLOCK_REALTIME_ALARM = 8;
    private static final int TFD_TIMER_ABSTIME = 1;
    private static final long TFD_IOC_SET_TICKS = 0x40085400L;
    private static final int OCTAL = 8;
    private static final long BILLION = 1_000_000_000;
    private static final Pattern TIME = Pattern.compile("\\((\\d+), *(\\d+)\\)");

    @Override
    public FdTypes type() {
        return FdTypes.TIMERFD;
    }

    @Override
    public Account account() {
        return new Account(
                "timerfd", "fdinfo", "timerfd_create(2), timerfd_settime(2), TFD_IOC_SET_TICKS", "TimerfdEntry");
    }

    @Override
    public boolean matches(OpenFile file) {
        return file.link().equals("anon_inode:[timerfd]");
    }

    @Override
    public void inspect(OpenFile file, FileInspection inspection) {
        // nothing it has is hidden
    }

    @Override
    public void capture(OpenFile file, FileEntry.Builder entry, TreeImage tree) {
        Matcher value = time(file, "it_value");
        Matcher interval = time(file, "it_interval");
        int clock = (int) file.info().number("clockid", 10);
        int flags = (int) file.info().number("settime flags", OCTAL);
        TimerfdEntry.Builder timer = entry.getTfdBuilder()
                .setId(entry.getId())
                .setFlags(file.flags())
                .setFown(file.owner())
                .setClockid(clock)
                .setTicks(file.info().number("ticks", 10))
                .setSettimeFlags(flags)
                .setVsec(Long.parseLong(value.group(1)))
                .setVnsec(Long.parseLong(value.group(2)))
                .setIsec(Long.parseLong(interval.group(1)))
                .setInsec(Long.parseLong(interval.group(2)));
        boolean armed = timer.getVsec() != 0 || timer.getVnsec() != 0;
        boolean timeOfDay = clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_ALARM;
        if (armed && timeOfDay && (flags & TFD_TIMER_ABSTIME) != 0) {
            long nanos = now() + timer.getVsec() * BILLION + timer.getVnsec();
            timer.setAbsoluteSec(nanos / BILLION).setAbsoluteNsec(nanos % BILLION);
        }
    }

    private static Matcher time(OpenFile file, String key) {
        Matcher found = TIME.matcher(Objects.requireNonNullElse(file.info().value(key), ""));
        if (!found.find()) {
            throw new IllegalArgumentException(
                    "not in fdinfo: key=" + key + ", lines=" + file.info().extra());
        }
        return found;
    }

    private static long now() {
        try (Memory time = Memory.allocate(2 * Long.BYTES)) {
            SystemCall.check(
                    SystemCall.call(SyscallNumber.CLOCK_GETTIME, CLOCK_REALTIME, time.address()),
                    SyscallNumber.CLOCK_GETTIME);
            return time.buffer().getLong(0) * BILLION + time.buffer().getLong(Long.BYTES);
        }
    }

    @Override
    public void validate(FileEntry entry, FileValidation validation) {
        // needs nothing
    }

    @Override
    public void compile(FileEntry entry, TaskDescriptors task) {
        TimerfdEntry timer = entry.getTfd();
        boolean close = task.targetClosesOnExec();
        int flags = (timer.getFlags() & Files.O_NONBLOCK) | (close ? Files.O_CLOEXEC : 0);
        ProgramBuilder block = task.block();
        block.call(SyscallNumber.TIMERFD_CREATE).value(timer.getClockid()).value(flags);
        Handle handle = task.expectOpened(close);
        task.bind(entry.getId(), handle);
        boolean armed = timer.getVsec() != 0 || timer.getVnsec() != 0;
        boolean repeats = timer.getIsec() != 0 || timer.getInsec() != 0;
        // One that repeats and has expired stands still until that is read: it is made to expire at once.
        boolean expired = !armed && repeats && timer.getTicks() != 0;
        if (armed || expired) {
            set(timer, task, handle, expired);
        }
        if (timer.getTicks() != 0 && !expired) {
            int ticks = block.longs(timer.getTicks());
            block.call(SyscallNumber.IOCTL)
                    .value(handle.fd())
                    .value(TFD_IOC_SET_TICKS)
                    .data(ticks);
        }
        FileFlags.settle(task, handle.fd(), flags, timer.getFlags(), timer.getFown());
    }

    private static void set(TimerfdEntry timer, TaskDescriptors task, Handle handle, boolean expired) {
        ProgramBuilder block = task.block();
        boolean absolute = timer.hasAbsoluteSec();
        int setting = block.longs(
                timer.getIsec(),
                timer.getInsec(),
                absolute ? timer.getAbsoluteSec() : timer.getVsec(),
                expired ? 1 : absolute ? timer.getAbsoluteNsec() : timer.getVnsec());
        block.call(SyscallNumber.TIMERFD_SETTIME)
                .value(handle.fd())
                .value(absolute ? timer.getSettimeFlags() : 0)
                .data(setting)
                .value(0);
    }
}
