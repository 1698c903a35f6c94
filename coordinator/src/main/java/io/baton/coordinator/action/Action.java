package io.baton.coordinator.action;

/** Something to be done at points of an operation by those who embed Baton; scripts are one kind of it. */
@FunctionalInterface
public interface Action {
    /**
     * Called at every point, on the operation's thread.
     *
     * @throws Exception fails the operation; what had been done before is undone, but after {@link
     *     ActionPoint#PRE_RESUME} the tree runs and stays
     */
    void at(ActionPoint point, ActionContext context) throws Exception;
}
