package io.baton.coordinator.serve;

import io.baton.mktree.launch.Parent;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.function.BooleanSupplier;

/** Who a command is run for, when it is not run for ourselves: where it says something, and whether it is still wanted. */
public final class Asker {
    private final Connection connection;
    private final Caller caller;
    private final BooleanSupplier ending;
    private int awaited;

    Asker(final Connection connection, final Caller caller, final BooleanSupplier ending) {
        this.connection = connection;
        this.caller = caller;
        this.ending = ending;
    }

    /** What it asks for. */
    public Caller caller() {
        return caller;
    }

    /** Whose child the tree's root becomes. */
    public Parent parent() {
        return connection;
    }

    /** Whether the operation should give up. */
    public boolean isCancelled() {
        return ending.getAsBoolean() || connection.isCancelled();
    }

    /** Its standard output. */
    public PrintStream out() {
        return stream(ClientDescriptor.OUT);
    }

    /** Its standard error. */
    public PrintStream err() {
        return stream(ClientDescriptor.ERR);
    }

    private PrintStream stream(final byte type) {
        final OutputStream stream = new OutputStream() {
            @Override
            public void write(final int oneByte) {
                write(new byte[] {(byte) oneByte}, 0, 1);
            }

            @Override
            public void write(final byte[] bytes, final int offset, final int length) {
                connection.print(type, bytes, offset, length);
            }
        };
        return new PrintStream(stream, true, StandardCharsets.UTF_8);
    }

    /** The client is to wait for the end of this child of its, and to end as it does. */
    public void awaitEnd(final int child) {
        awaited = child;
    }

    /** The child that it is to wait for; 0: none. */
    int awaited() {
        return awaited;
    }
}
