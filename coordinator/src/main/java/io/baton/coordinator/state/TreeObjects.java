package io.baton.coordinator.state;

import io.baton.coordinator.ptrace.SeizedProcess;
import io.baton.coordinator.ptrace.SeizedThread;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** All objects of a tree, as the kinds list them, for whoever asks what becomes of each. */
public final class TreeObjects {
    private final List<Found> all = new ArrayList<>();

    /**
     * An object.
     *
     * @param kind its kind's name
     * @param pid of the task that has it
     * @param name as in refusals: {@code fd 7 (/tmp/log)}
     * @param refusedPid the pid with which it is refused, if it is: that of another task where the object is shared
     * @param refusedName the name with which it is refused
     */
    public record Found(String kind, int pid, String name, int refusedPid, String refusedName) {}

    public void add(String kind, int pid, String name) {
        all.add(new Found(kind, pid, name, pid, name));
    }

    /** An object that several have, and that is refused as one's. */
    public void addShared(String kind, int pid, String name, int refusedPid, String refusedName) {
        all.add(new Found(kind, pid, name, refusedPid, refusedName));
    }

    /** What each thread has. */
    public void addThreads(String kind, SeizedProcess process) {
        for (SeizedThread thread : process.threads()) {
            add(kind, thread.tid(), kind);
        }
    }

    public List<Found> all() {
        return Collections.unmodifiableList(all);
    }
}
