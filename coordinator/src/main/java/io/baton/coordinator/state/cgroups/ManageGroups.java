package io.baton.coordinator.state.cgroups;

import java.util.Locale;

/** What is done about control groups; CRIU's modes of {@code --manage-cgroups}, of the same meaning. */
public enum ManageGroups {
    /** Tasks go back into their groups, which must be there; their properties are left alone. */
    NONE,
    /** Likewise, and properties are set. */
    PROPS,
    /** What is not there is made, and gets its properties. */
    SOFT,
    /** What is not there is made, and all get their properties. */
    FULL,
    /** All groups are made and get their properties; none may be there. */
    STRICT,
    /** Groups are neither saved nor put back: the tree comes back where restore is called from. */
    IGNORE;

    /** Whether a group may be made. */
    boolean makes() {
        return this == SOFT || this == FULL || this == STRICT;
    }

    /** Whether a group gets its properties. */
    boolean setsProperties(boolean made) {
        return this == PROPS || this == FULL || (made && makes());
    }

    /** As on the command line. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
