package io.baton.coordinator.dump;

import io.baton.coordinator.error.Refusal;
import io.baton.coordinator.state.TreeObjects;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What becomes of one object of a tree.
 *
 * @param object what it is, and whose
 * @param reasons why it is refused; none if it can be restored
 */
public record Verdict(TreeObjects.Found object, List<Refusal> reasons) {
    private static final Pattern OPTION = Pattern.compile("--[a-z][a-z-]+");

    /** The three there are. */
    public enum Sort {
        RESTORABLE,
        NEEDS_OPTION,
        REFUSED
    }

    public Sort sort() {
        if (reasons.isEmpty()) {
            return Sort.RESTORABLE;
        }
        return reasons.stream().noneMatch(reason -> option(reason).isEmpty()) ? Sort.NEEDS_OPTION : Sort.REFUSED;
    }

    /** The option of dump that takes a reason away, or an empty string: its remedy names it. */
    public static String option(Refusal reason) {
        Matcher option = OPTION.matcher(reason.remedy());
        return option.find() ? option.group() : "";
    }
}
