package io.baton.task.linux;

/** An open file descriptor of this process, closed once. */
public final class Fd implements AutoCloseable {
    private int number;

    private Fd(final int number) {
        this.number = number;
    }

    /** Takes over a descriptor: it is now this object's to close. */
    public static Fd own(final int number) {
        if (number < 0) {
            throw new IllegalArgumentException("not a descriptor: fd=" + number);
        }
        return new Fd(number);
    }

    /**
     * The descriptor's number.
     *
     * @throws IllegalStateException if closed or released.
     */
    public int number() {
        if (number < 0) {
            throw new IllegalStateException("descriptor is closed");
        }
        return number;
    }

    public boolean isOpen() {
        return number >= 0;
    }

    /** Gives the descriptor up without closing it. */
    public int release() {
        final int released = number();
        number = -1;
        return released;
    }

    /** Closes the descriptor. Its errors are those of earlier writes, and the descriptor is gone all the same. */
    @Override
    public void close() {
        if (number >= 0) {
            SystemCall.call(SyscallNumber.CLOSE, release());
        }
    }

    @Override
    public String toString() {
        return "fd ".concat(Integer.toString(number));
    }
}
