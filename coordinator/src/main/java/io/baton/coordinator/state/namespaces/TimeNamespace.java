package io.baton.coordinator.state.namespaces;

import io.baton.coordinator.error.Refusals;
import io.baton.coordinator.state.Account;
import io.baton.mktree.image.ImageDirectory;
import io.baton.mktree.image.ImageKind;
import io.baton.mktree.image.proto.TimensEntry;
import io.baton.mktree.image.proto.Timespec;
import io.baton.task.linux.ClockOffsets;
import io.baton.task.linux.Files;
import io.baton.task.linux.Identity;
import io.baton.task.linux.Memory;
import io.baton.task.linux.ProcFs;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.linux.SystemCall;
import io.baton.task.program.ProgramBuilder;
import java.io.IOException;
import java.math.BigInteger;

/**
 * The clocks that count from the start of the system, which in a time namespace go on from where they were: CRIU brings
 * back every tree in one. Source: {@code time_namespaces(7)}.
 */
final class TimeNamespace implements NamespaceKind {
    private static final int CLOCK_MONOTONIC = 1;
    private static final int CLOCK_BOOTTIME = 7;
    private static final String OFFSETS = "timens_offsets";
    private static final String BORN_INTO = "/proc/self/ns/time_for_children";
    private static final long SECOND = 1_000_000_000;
    private static final int OPENED = 0;

    @Override
    public Namespace namespace() {
        return Namespace.TIME;
    }

    @Override
    public Account account() {
        return new Account(
                "time namespace",
                "/proc/PID/timens_offsets, clocks",
                "unshare(2), offsets so that its clocks go on",
                "TimensEntry");
    }

    @Override
    public void inspect(int root, int task, Refusals refusals) {}

    @Override
    public void capture(TreeNamespaces tree, int task, int id, ImageDirectory image) throws IOException {
        image.write(
                ImageKind.TIMENS,
                id,
                TimensEntry.newBuilder()
                        .setMonotonic(time(now(CLOCK_MONOTONIC) + ahead(task, ClockOffsets.MONOTONIC)))
                        .setBoottime(time(now(CLOCK_BOOTTIME) + ahead(task, ClockOffsets.BOOTTIME)))
                        .build());
    }

    private static long ahead(int task, String clock) {
        try (ProcFs proc = new ProcFs()) {
            return ClockOffsets.of(proc, task, clock) - ClockOffsets.of(proc, Identity.pid(), clock);
        }
    }

    private static Timespec time(long nanos) {
        return Timespec.newBuilder()
                .setTvSec(Math.floorDiv(nanos, SECOND))
                .setTvNsec(Math.floorMod(nanos, SECOND))
                .build();
    }

    private static long now(int clock) {
        try (Memory time = Memory.allocate(2 * Long.BYTES)) {
            SystemCall.check(
                    SystemCall.call(SyscallNumber.CLOCK_GETTIME, clock, time.address()), SyscallNumber.CLOCK_GETTIME);
            return time.buffer().getLong(0) * SECOND + time.buffer().getLong(Long.BYTES);
        }
    }

    @Override
    public void validate(Saved saved, Refusals refusals) throws IOException {
        if (saved.isSaved()) {
            check(saved, "monotonic", read(saved).getMonotonic(), refusals);
            check(saved, "boottime", read(saved).getBoottime(), refusals);
        }
    }

    /** Half of what 64 bits hold is what the kernel takes. */
    private static void check(Saved saved, String clock, Timespec time, Refusals refusals) {
        BigInteger nanos = BigInteger.valueOf(time.getTvSec())
                .multiply(BigInteger.valueOf(SECOND))
                .add(BigInteger.valueOf(time.getTvNsec()));
        if (nanos.signum() < 0 || nanos.bitLength() >= Long.SIZE - 2) {
            refusals.add(saved.root(), "time namespace: " + clock, "is no time: " + nanos + " ns", "");
        }
    }

    /** Clocks are set before anybody is in it; and its maker is not, but his children would be. */
    @Override
    public void compile(Saved saved, ProgramBuilder program) throws IOException {
        program.call(SyscallNumber.UNSHARE).value(Namespace.TIME.flag());
        if (saved.isSaved()) {
            TimensEntry times = read(saved);
            write(CLOCK_MONOTONIC, times.getMonotonic(), program);
            write(CLOCK_BOOTTIME, times.getBoottime(), program);
        }
        int path = program.string(BORN_INTO);
        program.call(SyscallNumber.OPENAT)
                .value(Files.AT_FDCWD)
                .data(path)
                .value(Files.O_RDONLY)
                .value(0)
                .store(OPENED);
        program.call(SyscallNumber.SETNS).register(OPENED).value(Namespace.TIME.flag());
        program.call(SyscallNumber.CLOSE).register(OPENED);
    }

    private static void write(int clock, Timespec saved, ProgramBuilder program) {
        long offset = saved.getTvSec() * SECOND + saved.getTvNsec() - now(clock) + ours(clock);
        String text = clock + " " + Math.floorDiv(offset, SECOND) + " " + Math.floorMod(offset, SECOND);
        int path = program.string("/proc/self/" + OFFSETS);
        int line = program.string(text);
        program.call(SyscallNumber.OPENAT)
                .value(Files.AT_FDCWD)
                .data(path)
                .value(Files.O_WRONLY)
                .value(0)
                .store(OPENED);
        program.call(SyscallNumber.WRITE)
                .register(OPENED)
                .data(line)
                .value(text.length())
                .expect(text.length());
        program.call(SyscallNumber.CLOSE).register(OPENED);
    }

    /** What is written counts from the first time namespace. */
    private static long ours(int clock) {
        try (ProcFs proc = new ProcFs()) {
            String name = clock == CLOCK_MONOTONIC ? ClockOffsets.MONOTONIC : ClockOffsets.BOOTTIME;
            return ClockOffsets.of(proc, Identity.pid(), name);
        }
    }

    private static TimensEntry read(Saved saved) throws IOException {
        return saved.image().one(ImageKind.TIMENS, saved.id(), TimensEntry.class);
    }
}
