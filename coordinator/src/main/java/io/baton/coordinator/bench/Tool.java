package io.baton.coordinator.bench;

import java.io.IOException;
import java.nio.file.Path;

/** Who dumps and restores. */
interface Tool extends AutoCloseable {
    /** In results. */
    String name();

    /** Whether it makes images of its own; else it restores ours. */
    boolean dumps();

    /** Dumps a tree, which is no more afterwards. */
    Sample dump(int root, Path images) throws IOException;

    /** Restores it; it runs afterwards. */
    Sample restore(int root, Path images) throws IOException;

    @Override
    default void close() throws IOException {}
}
