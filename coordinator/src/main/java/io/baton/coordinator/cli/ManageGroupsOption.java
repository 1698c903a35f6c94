package io.baton.coordinator.cli;

import io.baton.coordinator.state.cgroups.ManageGroups;
import java.util.Locale;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** What is done about control groups. */
final class ManageGroupsOption {
    @Option(
            names = "--manage-cgroups",
            arity = "0..1",
            defaultValue = "soft",
            fallbackValue = "soft",
            paramLabel = "MODE",
            converter = Converter.class,
            description = "Control groups: none (tasks go back into theirs, which must be there), props (and their"
                    + " properties are set), soft (what is not there is made, with its properties), full (all get their"
                    + " properties), strict (none may be there), ignore (neither saved nor put back). Default:"
                    + " ${DEFAULT-VALUE}.")
    ManageGroups mode = ManageGroups.SOFT;

    /** Lower case, as CRIU has them. */
    static final class Converter implements ITypeConverter<ManageGroups> {
        @Override
        public ManageGroups convert(String value) {
            for (ManageGroups mode : ManageGroups.values()) {
                if (mode.toString().equals(value.toLowerCase(Locale.ROOT))) {
                    return mode;
                }
            }
            throw new TypeConversionException("none, props, soft, full, strict or ignore, not " + value);
        }
    }
}
