package io.baton.coordinator.ptrace;

import java.util.List;

/**
 * What keeps a tree from running beside ptrace: a freezer. Nobody who stands still because of it can be stopped by ptrace, or
 * make a call for us; so it is lifted as soon as all have been asked to stop, and each goes from one halt straight into the
 * other. It is put back before they are let go.
 */
public interface Standstill {
    /** Nothing does. */
    Standstill NONE = new Standstill() {};

    /** Whether nobody runs now. */
    default boolean isOn() {
        return false;
    }

    /** Processes beside the tree that stand still likewise, and may not run while it is lifted. */
    default List<Integer> bystanders() {
        return List.of();
    }

    /** All have been asked to stop, or are stopped: lets them come to it. */
    default void lift() {}

    /** What was put into the tree is to be taken out: lets it run that, whoever else wants what. */
    default void insist() {}

    /** All are stopped and are about to be let go: puts it back if it was on before. */
    default void putBack() {}
}
