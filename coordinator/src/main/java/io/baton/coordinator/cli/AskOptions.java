package io.baton.coordinator.cli;

import io.baton.coordinator.suspend.SuspendOptions;
import io.baton.coordinator.suspend.SuspendOrder;
import java.util.Arrays;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** How the processes are asked before a dump stops them. */
final class AskOptions {
    @Option(
            names = "--no-suspend",
            description = "Do not ask the processes that have registered for it (libbaton-task, org.crac) to bring "
                    + "themselves into order before they are stopped.")
    boolean silent;

    @Option(
            names = "--suspend-timeout",
            paramLabel = "SECONDS",
            defaultValue = "" + SuspendOptions.DEFAULT_LIMIT_SECONDS,
            description = "Seconds each of them may take; then it is stopped as it is (default: ${DEFAULT-VALUE}).")
    double limitSeconds;

    @Option(
            names = "--suspend-order",
            paramLabel = "ORDER",
            defaultValue = "parents-first",
            converter = OrderConverter.class,
            description = "Who is asked before whom: parents-first, children-first, all-at-once "
                    + "(default: ${DEFAULT-VALUE}).")
    SuspendOrder order = SuspendOrder.PARENTS_FIRST;

    @Option(
            names = "--suspend-required",
            description = "Unless all who are asked do so in time, do not dump, and let the tree run on.")
    boolean required;

    SuspendOptions options() {
        long nanos = (long) (limitSeconds * TimeUnit.SECONDS.toNanos(1));
        return silent ? SuspendOptions.NONE : new SuspendOptions(true, Math.max(0, nanos), order, required);
    }

    /** Spelled as options are. */
    static final class OrderConverter implements ITypeConverter<SuspendOrder> {
        @Override
        public SuspendOrder convert(String value) {
            return Arrays.stream(SuspendOrder.values())
                    .filter(order -> order.name()
                            .replace('_', '-')
                            .toLowerCase(Locale.ROOT)
                            .equals(value))
                    .findAny()
                    .orElseThrow(() -> new TypeConversionException("no such order: " + value));
        }
    }
}
