package io.baton.task.suspend;

import com.sun.jna.Native;

/**
 * Lets this JVM be asked before {@code baton dump} stops it, so that it can bring itself into order: close what cannot be
 * saved, finish what it is writing. It says that it has done so by {@link #complete}, and stands still inside that call
 * until it may run on, here or wherever it was restored.
 *
 * <pre>{@code
 * Suspend.register(() -> {
 *     pool.close();
 *     Suspend.complete();
 *     pool.open();
 *     return true;
 * });
 * }</pre>
 */
public final class Suspend {
    /** As in {@code baton_task.h}, as are the other numbers here. */
    private static final int HOUSEKEEPING = 1;

    private static final int POSTPONE = 0;
    private static final int CONTINUED = 1;
    private static final int RESTORED = 2;
    private static final int ASKED = 1;
    private static final int FOR_EVER = -1;
    private static final int MOST_REASON_BYTES = 255;

    private static Callback callback = () -> false;
    private static boolean listening;

    private Suspend() {}

    /** START SUSPEND. */
    @FunctionalInterface
    public interface Callback {
        /**
         * Called on a daemon thread of its own, once for each suspend.
         *
         * @return true: wait until somebody, maybe this very call, has called {@link Suspend#complete}; false: halt me with
         *     those who are not asked
         * @throws Exception as if it returned false, and said why
         */
        boolean start() throws Exception;
    }

    /** How {@link #complete} has ended. */
    public enum Completion {
        /** Nobody had asked, or it came too late. */
        IGNORED,
        /** The JVM was halted, and runs on. */
        CONTINUED,
        /** The JVM was halted, and has been restored from an image since. */
        RESTORED
    }

    /**
     * From now on this JVM is asked.
     *
     * @throws IllegalStateException if it is registered already, or the kernel has no memory files
     */
    public static synchronized void register(Callback start) {
        int result = TaskLibrary.baton_open();
        if (result < 0) {
            throw new IllegalStateException("cannot be registered: errno=" + -result);
        }
        callback = start;
        if (!listening) {
            listening = true;
            Thread thread = new Thread(Suspend::listen, "baton-suspend");
            thread.setDaemon(true);
            thread.start();
        }
    }

    /** Nobody asks any more. A callback that runs is not waited for. */
    public static void unregister() {
        TaskLibrary.baton_unregister();
    }

    /** COMPLETE: the housekeeping is done. Returns at once if no suspend waits for it; else when this JVM may run on. */
    public static Completion complete() {
        int result = TaskLibrary.baton_complete();
        return switch (result) {
            case CONTINUED -> Completion.CONTINUED;
            case RESTORED -> Completion.RESTORED;
            default -> Completion.IGNORED;
        };
    }

    /** Says why the suspend is to be postponed, for the report; to be called before the callback returns false. */
    public static void reason(String text) {
        int end = text.length();
        while (Native.toByteArray(text.substring(0, end), "UTF-8").length - 1 > MOST_REASON_BYTES) {
            end--;
        }
        TaskLibrary.baton_reason(text.substring(0, end));
    }

    private static synchronized Callback callback() {
        return callback;
    }

    private static void listen() {
        while (true) {
            // Sleeps in the kernel; no thread of this JVM waits for it.
            if (TaskLibrary.baton_asked(FOR_EVER) == ASKED) {
                TaskLibrary.baton_answer(start() ? HOUSEKEEPING : POSTPONE);
            }
        }
    }

    @SuppressWarnings("CatchAndPrintStackTrace") // an application's own handler would see no thread of its own
    private static boolean start() {
        try {
            return callback().start();
        } catch (Throwable e) {
            e.printStackTrace();
            reason(e.toString());
            return false;
        }
    }
}
