package io.baton.coordinator.state;

import org.agrona.DirectBuffer;

/** What a task left in the block of its ask. */
public interface Answers {
    /** Result of the instruction with that index, as {@code ProgramBuilder.result()} gave it; errors are -errno. */
    long result(int index);

    /** The block's data; offsets as {@code ProgramBuilder.reserve()} gave them, plus {@link #dataOffset()}. */
    DirectBuffer data();

    /** Where the data begins in {@link #data()}. */
    int dataOffset();

    default long getLong(final int offset) {
        return data().getLong(dataOffset() + offset);
    }

    default int getInt(final int offset) {
        return data().getInt(dataOffset() + offset);
    }
}
