package io.baton.task.linux;

import org.agrona.concurrent.UnsafeBuffer;

/** Duplicates, closes and examines descriptors. Source: {@code dup(2)}, {@code fcntl(2)}, {@code close_range(2)}. */
public final class Descriptors {
    /** The descriptor flag of {@link #flags}. */
    public static final int FD_CLOEXEC = 1;

    public static final int F_OWNER_TID = 0;
    public static final int F_OWNER_PID = 1;
    public static final int F_OWNER_PGRP = 2;

    private static final int F_DUPFD = 0;
    private static final int F_GETFD = 1;
    private static final int F_SETFD = 2;
    private static final int F_GETFL = 3;
    private static final int F_SETFL = 4;
    private static final int F_GETSIG = 11;
    private static final int F_GETOWN_EX = 16;
    private static final int F_DUPFD_CLOEXEC = 1030;
    private static final int F_SETPIPE_SZ = 1031;
    private static final int F_GETPIPE_SZ = 1032;
    private static final int F_GET_SEALS = 1034;

    private Descriptors() {}

    /**
     * Who gets a file description's signals.
     *
     * @param type one of {@code F_OWNER_...}.
     * @param id of the thread, process or group; 0 for nobody.
     */
    public record Owner(int type, int id) {}

    /** Any {@code fcntl}; the argument is a number or an address as the command says. */
    public static int control(final int fd, final int command, final long argument) {
        final long result = SystemCall.call(SyscallNumber.FCNTL, fd, command, argument);
        return (int) SystemCall.check(result, SyscallNumber.FCNTL, "fd", fd);
    }

    /** The lowest free descriptor from {@code least} on, made a duplicate. */
    public static Fd duplicate(final int fd, final int least, final boolean closeOnExec) {
        return Fd.own(control(fd, closeOnExec ? F_DUPFD_CLOEXEC : F_DUPFD, least));
    }

    /**
     * Makes {@code wanted} a duplicate, closing what it was.
     *
     * @param flags {@link Files#O_CLOEXEC} or 0.
     */
    public static Fd duplicateTo(final int fd, final int wanted, final int flags) {
        final long result = SystemCall.call(SyscallNumber.DUP3, fd, wanted, flags);
        return Fd.own((int) SystemCall.check(result, SyscallNumber.DUP3, "fd", wanted));
    }

    /** Closes every descriptor from {@code first} to {@code last}, that one included. */
    public static void closeRange(final int first, final int last) {
        final long result = SystemCall.call(SyscallNumber.CLOSE_RANGE, first, last, 0);
        SystemCall.check(result, SyscallNumber.CLOSE_RANGE, "first", first);
    }

    /** The descriptor's own flags: {@link #FD_CLOEXEC} or 0. */
    public static int flags(final int fd) {
        return control(fd, F_GETFD, 0);
    }

    public static void setFlags(final int fd, final int flags) {
        control(fd, F_SETFD, flags);
    }

    /** Access mode and status flags of the file description, {@code O_...}. */
    public static int statusFlags(final int fd) {
        return control(fd, F_GETFL, 0);
    }

    /**
     * Sets what may be set: {@code O_APPEND}, {@code O_NONBLOCK}, {@code FASYNC}, {@code O_DIRECT}, {@code
     * O_NOATIME}.
     */
    public static void setStatusFlags(final int fd, final int flags) {
        control(fd, F_SETFL, flags);
    }

    public static Owner owner(final int fd) {
        final Scratch scratch = Scratch.get();
        control(fd, F_GETOWN_EX, scratch.address());
        final UnsafeBuffer owner = scratch.structure();
        return new Owner(owner.getInt(0), owner.getInt(4));
    }

    /** The signal sent when input comes; 0 for SIGIO. */
    public static int signal(final int fd) {
        return control(fd, F_GETSIG, 0);
    }

    /** Capacity of a pipe in bytes. */
    public static int pipeSize(final int fd) {
        return control(fd, F_GETPIPE_SZ, 0);
    }

    /** Sets the capacity of a pipe; it may become more than asked for. */
    public static int setPipeSize(final int fd, final int bytes) {
        return control(fd, F_SETPIPE_SZ, bytes);
    }

    public static int seals(final int fd) {
        return control(fd, F_GET_SEALS, 0);
    }
}
