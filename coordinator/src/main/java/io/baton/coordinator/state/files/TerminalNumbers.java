package io.baton.coordinator.state.files;

import java.io.File;
import java.util.BitSet;

/** The numbers of pseudo terminals: which others have, and which the tree takes while it is restored. */
final class TerminalNumbers {
    private final BitSet others = new BitSet();
    private final BitSet ours = new BitSet();

    TerminalNumbers() {
        String[] names = new File(PseudoTerminal.SLAVES).list();
        for (String name : names == null ? new String[0] : names) {
            if (name.chars().allMatch(Character::isDigit) && name.length() < 10) {
                others.set(Integer.parseInt(name));
            }
        }
    }

    /** Whether somebody else has it. */
    boolean isTaken(int number) {
        return others.get(number);
    }

    /** Takes it; returns how many below it are free, which the kernel would give before. */
    int take(int number) {
        int free = 0;
        for (int below = 0; below < number; below++) {
            free += others.get(below) || ours.get(below) ? 0 : 1;
        }
        ours.set(number);
        return free;
    }
}
