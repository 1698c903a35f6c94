package io.baton.coordinator.state;

/** In which order tasks restore themselves. */
public interface TaskOrder {
    /** No position. */
    int NOBODY = -1;

    /** One after the other as they were saved, so that whoever came before is whole. */
    TaskOrder SAVED = (position, task) -> NOBODY;

    /**
     * Whom a task has to wait for before it takes something from another.
     *
     * @param position of the task in the PID array
     * @param task pid or tid of the other one
     * @return the other one's position; {@link #NOBODY} if it has had its turn anyway
     */
    int awaited(int position, int task);
}
