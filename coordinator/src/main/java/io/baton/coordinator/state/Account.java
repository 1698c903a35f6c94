package io.baton.coordinator.state;

import java.util.ArrayList;
import java.util.List;

/**
 * What there is to tell about a kind of kernel state; {@code docs/state.md} is made of it.
 *
 * @param what the kind's name, which is also what {@code baton check -t} calls its objects
 * @param captured how it is read from a live task
 * @param restored how it comes back
 * @param image messages of the image, or fields of them, by their names in CRIU's .proto files: {@code MmEntry.dumpable}
 * @param refused every reason for which a dump refuses one, {@code *} standing for any text
 */
public record Account(String what, String captured, String restored, List<String> image, List<String> refused) {
    /** So far nothing is refused. */
    public Account(String what, String captured, String restored, String... image) {
        this(what, captured, restored, List.of(image), List.of());
    }

    /** The same, with reasons for which one is refused. */
    public Account refusing(String... reasons) {
        List<String> all = new ArrayList<>(refused);
        all.addAll(List.of(reasons));
        return new Account(what, captured, restored, image, List.copyOf(all));
    }

    /** Whether a refusal with that reason is told. */
    public boolean tells(String reason) {
        for (String pattern : refused) {
            if (matches(pattern, reason)) {
                return true;
            }
        }
        return false;
    }

    private static boolean matches(String pattern, String reason) {
        String[] parts = pattern.split("\\*", -1);
        int at = parts[0].length();
        if (!reason.startsWith(parts[0])) {
            return false;
        }
        for (int i = 1; i < parts.length; i++) {
            boolean last = i == parts.length - 1;
            int found = last ? reason.length() - parts[i].length() : reason.indexOf(parts[i], at);
            if (found < at || !reason.startsWith(parts[i], found)) {
                return false;
            }
            at = found + parts[i].length();
        }
        return at == reason.length();
    }
}
