package io.baton.task.crac;

/** Is told of checkpoint and restore; as {@code org.crac.Resource}. */
public interface Resource {
    /** The process is about to be checkpointed. */
    void beforeCheckpoint(Context<? extends Resource> context) throws Exception;

    /** The process runs on, restored or as it was. */
    void afterRestore(Context<? extends Resource> context) throws Exception;
}
