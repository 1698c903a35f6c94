package io.baton.coordinator.cli;

import io.baton.coordinator.serve.Asker;
import io.baton.mktree.launch.OwnParent;
import io.baton.mktree.launch.Parent;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Where the command that the calling thread runs says something, and how much; and whom it is run for. There is one for
 * each command: a process may run several at a time.
 *
 * @param out standard output
 * @param err standard error
 * @param logging what the command line says about it
 * @param asker whom a server runs it for; null: ourselves
 */
record Console(
        PrintWriter out,
        PrintStream err,
        LogOptions logging,
        @Nullable Asker asker) {
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
        return new Console(new PrintWriter(System.out, true, Charset.defaultCharset()), System.err, logging, null);
    }

    /** That of whoever asks a server. */
    static Console of(final Asker asker, final LogOptions logging) {
        return new Console(new PrintWriter(asker.out(), true, StandardCharsets.UTF_8), asker.err(), logging, asker);
    }

    /** Becomes the calling thread's; returns the one before, for commands may run others. */
    Console enter() {
        final Console before = CURRENT.get();
        CURRENT.set(this);
        return before;
    }

    /** The width of the terminal that standard error is; 0: it is none. */
    int columns() {
        return asker == null ? ErrorTerminal.columns() : asker.caller().columns();
    }

    /** The variables of whoever asks. */
    Map<String, String> environment() {
        return asker == null ? System.getenv() : asker.caller().environment();
    }

    /** Whose child a tree's root becomes. */
    Parent parent() {
        return asker == null ? OwnParent.SELF : asker.parent();
    }
}
