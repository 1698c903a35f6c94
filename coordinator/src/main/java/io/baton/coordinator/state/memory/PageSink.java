package io.baton.coordinator.state.memory;

/** Takes the pages of a process that an image must know of, in ascending order of addresses. */
interface PageSink {
    /**
     * Takes pages whose contents are to be written.
     *
     * @param readable whether the process itself may read them; if not, they are read by another way
     */
    void add(long start, long end, boolean readable);

    /** Takes pages that are as they were in the parent image, if that has them. */
    void addUnchanged(long start, long end, boolean readable);

    /** No more pages of the same mapping come. */
    default void endMapping() {}
}
