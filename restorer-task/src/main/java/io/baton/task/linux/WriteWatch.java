package io.baton.task.linux;

/** Notices that somebody writes to a file. Source: {@code inotify(7)}. */
public final class WriteWatch implements AutoCloseable {
    private static final int IN_MODIFY = 2;
    private static final int ROOM = 4096;

    private final Fd events;
    private final Memory memory = Memory.allocate(ROOM);

    private WriteWatch(final Fd events) {
        this.events = events;
    }

    /** Of this file, from now on. */
    public static WriteWatch of(final String path) {
        final Fd events = Fd.own((int) SystemCall.check(
                SystemCall.call(SyscallNumber.INOTIFY_INIT1, Files.O_NONBLOCK | Files.O_CLOEXEC),
                SyscallNumber.INOTIFY_INIT1));
        final long result = SystemCall.call(
                SyscallNumber.INOTIFY_ADD_WATCH, events.number(), Scratch.get().path(path), IN_MODIFY);
        if (result < 0) {
            events.close();
        }
        SystemCall.check(result, SyscallNumber.INOTIFY_ADD_WATCH, path);
        return new WriteWatch(events);
    }

    /** Whether there was a write since the last question; several may look like one. */
    public boolean seen() {
        boolean any = false;
        while (true) {
            final long result = SystemCall.call(SyscallNumber.READ, events.number(), memory.address(), ROOM);
            if (result == -Errno.EAGAIN) {
                return any;
            }
            SystemCall.check(result, SyscallNumber.READ);
            any = true;
        }
    }

    @Override
    public void close() {
        events.close();
        memory.close();
    }
}
