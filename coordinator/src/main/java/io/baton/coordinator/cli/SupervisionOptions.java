package io.baton.coordinator.cli;

import io.baton.coordinator.action.Action;
import io.baton.coordinator.action.ActionScript;
import io.baton.coordinator.progress.Listeners;
import io.baton.coordinator.progress.OperationListener;
import io.baton.coordinator.supervision.Supervision;
import io.baton.coordinator.supervision.TimeLimits;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Option;

/** What every operation on a tree takes: limits, actions, and how its end is told. */
final class SupervisionOptions {
    static final String DEFAULT_TIMEOUT = "" + TimeLimits.DEFAULT_TOTAL_SECONDS;

    @Option(
            names = "--timeout",
            defaultValue = DEFAULT_TIMEOUT,
            paramLabel = "SECONDS",
            description = "Seconds for the whole operation; 0: no limit (default: ${DEFAULT-VALUE}).")
    private int timeoutSeconds;

    @Option(
            names = "--action-script",
            paramLabel = "COMMAND",
            description = "Run this shell command at CRIU's points of the operation, with CRIU's variables "
                    + "CRTOOLS_SCRIPT_ACTION, CRTOOLS_IMAGE_DIR, CRTOOLS_INIT_PID; if it fails, so does the "
                    + "operation. May be given several times.")
    private List<String> actionScripts = new ArrayList<>();

    @Option(names = "--json", description = "Tell the outcome, and an error too, as JSON on standard output.")
    private boolean json;

    /** Whether the outcome is told as JSON. */
    boolean json() {
        return json;
    }

    /** What they ask for; stageSeconds: for each stage and action, 0: no limit. */
    Supervision supervision(final Interruption interruption, final int stageSeconds, final OperationListener listener) {
        final List<Action> actions = new ArrayList<>();
        actionScripts.forEach(command -> actions.add(new ActionScript(command)));
        final OperationListener all =
                Listeners.of(List.of(listener, Console.current().logging().progress()));
        return new Supervision(TimeLimits.ofSeconds(timeoutSeconds, stageSeconds), interruption::isAsked, all, actions);
    }
}
