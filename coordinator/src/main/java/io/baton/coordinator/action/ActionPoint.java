package io.baton.coordinator.action;

import java.util.Locale;

/** The points at which actions are run, in CRIU's words; {@code CRTOOLS_SCRIPT_ACTION} is one of them. */
public enum ActionPoint {
    /** Before the tree is stopped, by a pre-dump too. */
    PRE_DUMP,

    /** The tree is stopped: nothing may reach its sockets any more. */
    NETWORK_LOCK,

    /** The tree will run on, or runs again in a moment: its sockets may be reached again. */
    NETWORK_UNLOCK,

    /** The image is complete, the tree still stopped but for a pre-dump. A failure lets the tree run on and takes the image back. */
    POST_DUMP,

    /** The image has been read and found good; nothing has been made. */
    PRE_RESTORE,

    /** The root is there (stage ROOT_TASK) and has no namespaces of its own yet. */
    SETUP_NAMESPACES,

    /** Its namespaces are ready (stage PREPARE_NAMESPACES), its descendants do not exist yet. */
    POST_SETUP_NAMESPACES,

    /** All tasks are restored, but for their credentials. */
    POST_RESTORE,

    /** All tasks stand at the gate. The last point at which a failure undoes the restore. */
    PRE_RESUME,

    /** The tree runs. */
    POST_RESUME;

    /** As scripts see it: {@code post-setup-namespaces}. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
