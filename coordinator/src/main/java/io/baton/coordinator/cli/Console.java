package io.baton.coordinator.cli;

import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.Charset;

/**
 * Where the command that the calling thread runs says something, and how much. There is one for each command: a process
 * may run several at a time.
 *
 * @param out standard output
 * @param err standard error
 * @param logging what the command line says about it
 */
record Console(PrintWriter out, PrintStream err, LogOptions logging) {
    // Not a lambda: the first one in a JVM costs milliseconds.
    private static final ThreadLocal<Console> CURRENT = new ThreadLocal<>() {
        @Override
        protected Console initialValue() {
            return ofProcess();
        }
    };

    /** Of the calling thread. */
    static Console current() {
        return CURRENT.get();
    }

    /** This process's own, for a command without options. */
    static Console ofProcess() {
        return ofProcess(new LogOptions());
    }

    /** This process's own. */
    static Console ofProcess(final LogOptions logging) {
        return new Console(new PrintWriter(System.out, true, Charset.defaultCharset()), System.err, logging);
    }

    /** Becomes the calling thread's; returns the one before, for commands may run others. */
    Console enter() {
        final Console before = CURRENT.get();
        CURRENT.set(this);
        return before;
    }
}
