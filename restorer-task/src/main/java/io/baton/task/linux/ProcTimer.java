package io.baton.task.linux;

/**
 * One POSIX timer of {@code /proc/PID/timers}.
 *
 * @param value sent with the signal, an address or a number.
 * @param notification {@link #SIGEV_SIGNAL} and so on, {@link #SIGEV_THREAD_ID} added.
 * @param target pid, or tid under {@code SIGEV_THREAD_ID}, that is told; in the namespace of the reader.
 * @param clock {@code CLOCK_...}; negative for a process's CPU clock.
 */
public record ProcTimer(int id, int signal, long value, int notification, int target, int clock) {
    public static final int SIGEV_SIGNAL = 0;
    public static final int SIGEV_NONE = 1;
    public static final int SIGEV_THREAD = 2;
    public static final int SIGEV_THREAD_ID = 4;

    /** Parses the four lines of a timer and goes on to the next. */
    static ProcTimer parse(final ProcText text) {
        expect(text, "ID:");
        final int id = text.integer();
        text.skipLine();
        expect(text, "signal:");
        final int signal = text.integer();
        text.skip('/');
        final long value = text.hex();
        text.skipLine();
        expect(text, "notify:");
        text.skipBlanks();
        int notification = SIGEV_SIGNAL;
        if (text.skipWord("none")) {
            notification = SIGEV_NONE;
        } else if (text.skipWord("thread")) {
            notification = SIGEV_THREAD;
        }
        text.skipPast('/');
        notification |= text.skipWord("tid") ? SIGEV_THREAD_ID : 0;
        text.skipPast('.');
        final int target = text.integer();
        text.skipLine();
        expect(text, "ClockID:");
        final int clock = text.integer();
        text.skipLine();
        return new ProcTimer(id, signal, value, notification, target, clock);
    }

    private static void expect(final ProcText text, final String key) {
        if (!text.skipWord(key)) {
            throw new IllegalStateException("unknown line in /proc/PID/timers: wanted=" + key + ", is=" + text.line());
        }
    }
}
