package io.baton.coordinator.dump;

/** What becomes of the tree after a dump. */
public enum Finish {
    /** It is killed: only the image is left. */
    KILL,
    /** It runs on. */
    LEAVE_RUNNING,
    /** It stays, stopped as by SIGSTOP. */
    LEAVE_STOPPED
}
