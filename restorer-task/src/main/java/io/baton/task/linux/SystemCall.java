package io.baton.task.linux;

import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;

/**
 * Makes raw system calls through the C library's {@code syscall(2)}, by JNA direct mapping.
 *
 * <p>{@code call} gives what the kernel gives: the result, or {@code -errno}. {@code check} gives the result or
 * throws. Arguments are integers or addresses; what an address points to must be off-heap, see {@link Memory}.
 */
public final class SystemCall {
    private static final String SEARCH_PATH = "jna.platform.library.path";

    static {
        Platform.require(System.getProperty("os.name"), System.getProperty("os.arch"));
        // Unless told where libraries are, JNA runs "ldconfig -p" to find out. We need none but those already loaded.
        if (System.getProperty(SEARCH_PATH) == null) {
            System.setProperty(SEARCH_PATH, "/lib64");
        }
        Native.register(SystemCall.class, NativeLibrary.getProcess());
    }

    private SystemCall() {}

    private static native long syscall(long number, long a, long b, long c, long d, long e, long f);

    /**
     * Makes a system call.
     *
     * @return the result, or {@code -errno}.
     */
    public static long call(
            final int number, final long a, final long b, final long c, final long d, final long e, final long f) {
        final long result = syscall(number, a, b, c, d, e, f);
        // JNA keeps errno per thread right after the call, before the JVM can disturb it.
        return result == -1 ? -Native.getLastError() : result;
    }

    public static long call(final int number, final long a, final long b, final long c, final long d, final long e) {
        return call(number, a, b, c, d, e, 0);
    }

    public static long call(final int number, final long a, final long b, final long c, final long d) {
        return call(number, a, b, c, d, 0, 0);
    }

    public static long call(final int number, final long a, final long b, final long c) {
        return call(number, a, b, c, 0, 0, 0);
    }

    public static long call(final int number, final long a, final long b) {
        return call(number, a, b, 0, 0, 0, 0);
    }

    public static long call(final int number, final long a) {
        return call(number, a, 0, 0, 0, 0, 0);
    }

    public static long call(final int number) {
        return call(number, 0, 0, 0, 0, 0, 0);
    }

    /**
     * Passes a result on, or throws what it says.
     *
     * @param result what {@code call} gave.
     * @param number of the call made, for the error's text.
     * @throws LinuxException if the result is {@code -errno}.
     */
    public static long check(final long result, final int number) {
        return check(result, number, "");
    }

    /**
     * Passes a result on, or throws what it says.
     *
     * @param subject what the call was about, such as a path; must be at hand without being built.
     * @throws LinuxException if the result is {@code -errno}.
     */
    public static long check(final long result, final int number, final String subject) {
        if (result < 0 && result >= -4095) {
            throw LinuxException.of(number, result, subject);
        }
        return result;
    }

    /**
     * Passes a result on, or throws what it says.
     *
     * @param name of the number the call was about, such as {@code pid} or {@code fd}.
     * @throws LinuxException if the result is {@code -errno}.
     */
    public static long check(final long result, final int number, final String name, final long value) {
        if (result < 0 && result >= -4095) {
            throw LinuxException.of(number, result, name.concat("=").concat(Long.toString(value)));
        }
        return result;
    }
}
