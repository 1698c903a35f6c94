package io.baton.task.crac;

/** Resources that are told together; as {@code org.crac.Context}. */
public abstract class Context<R extends Resource> implements Resource {
    /** For subclasses. */
    protected Context() {}

    /** Adds a resource. */
    public abstract void register(R resource);

    @Override
    public abstract void beforeCheckpoint(Context<? extends Resource> context) throws CheckpointException;

    @Override
    public abstract void afterRestore(Context<? extends Resource> context) throws RestoreException;
}
