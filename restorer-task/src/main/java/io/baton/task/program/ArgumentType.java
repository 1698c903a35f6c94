package io.baton.task.program;

import io.baton.task.linux.Signals;

/** What a system call's argument means to a reader. */
enum ArgumentType {
    /** A number, decimal while small. */
    ANY,
    DECIMAL,
    HEX,
    OCTAL,
    /** A descriptor that may be {@code AT_FDCWD}. */
    DIRECTORY,
    /** A NUL-terminated string. */
    PATH,
    SIGNAL,
    /** 64 bits, one for each signal. */
    SIGNAL_SET,
    /** The kernel's {@code struct sigaction}: handler, flags, restorer, mask. */
    SIGNAL_ACTION,
    /** Pairs of address and length; the next argument counts them. */
    VECTOR,
    OPEN,
    DESCRIPTOR,
    PROTECTION,
    MAP,
    REMAP,
    CLONE,
    AT,
    WAIT,
    CLOSE_ON_EXEC,
    FCNTL,
    PRCTL,
    PRCTL_MEMORY,
    ARCH_PRCTL,
    SEEK,
    SIGNAL_MASK,
    INTERVAL_TIMER,
    CLOCK,
    LIMIT,
    ADVICE,
    SOCKET_FAMILY,
    SOCKET_TYPE,
    EPOLL,
    FUTEX,
    TERMINAL;

    /** The number as such an argument is written. */
    String text(final long value) {
        return switch (this) {
            case DECIMAL -> Long.toString(value);
            case HEX, PATH, VECTOR, SIGNAL_SET, SIGNAL_ACTION -> value == 0 ? "0" : "0x" + Long.toHexString(value);
            case OCTAL -> value == 0 ? "0" : "0" + Long.toOctalString(value);
            case DIRECTORY -> (int) value == SyscallSignature.AT_FDCWD ? "AT_FDCWD" : Integer.toString((int) value);
            case SIGNAL -> value == 0 ? "0" : Signals.nameOf((int) value);
            case ANY -> SymbolicNames.number(value);
            default -> names().text(value);
        };
    }

    private SymbolicNames names() {
        return switch (this) {
            case OPEN -> SymbolicNames.OPEN;
            case DESCRIPTOR -> SymbolicNames.DESCRIPTOR;
            case PROTECTION -> SymbolicNames.PROTECTION;
            case MAP -> SymbolicNames.MAP;
            case REMAP -> SymbolicNames.REMAP;
            case CLONE -> SymbolicNames.CLONE;
            case AT -> SymbolicNames.AT;
            case WAIT -> SymbolicNames.WAIT;
            case CLOSE_ON_EXEC -> SymbolicNames.CLOSE_ON_EXEC;
            case FCNTL -> SymbolicNames.FCNTL;
            case PRCTL -> SymbolicNames.PRCTL;
            case PRCTL_MEMORY -> SymbolicNames.PRCTL_MEMORY;
            case ARCH_PRCTL -> SymbolicNames.ARCH_PRCTL;
            case SEEK -> SymbolicNames.SEEK;
            case SIGNAL_MASK -> SymbolicNames.SIGNAL_MASK;
            case INTERVAL_TIMER -> SymbolicNames.INTERVAL_TIMER;
            case CLOCK -> SymbolicNames.CLOCK;
            case LIMIT -> SymbolicNames.LIMIT;
            case ADVICE -> SymbolicNames.ADVICE;
            case SOCKET_FAMILY -> SymbolicNames.SOCKET_FAMILY;
            case SOCKET_TYPE -> SymbolicNames.SOCKET_TYPE;
            case EPOLL -> SymbolicNames.EPOLL;
            case FUTEX -> SymbolicNames.FUTEX;
            case TERMINAL -> SymbolicNames.TERMINAL;
            default -> throw new IllegalStateException("no names: type=" + this);
        };
    }
}
