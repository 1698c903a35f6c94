package io.baton.coordinator.regress.checks;

import io.baton.coordinator.regress.Check;
import io.baton.coordinator.regress.Lab;
import io.baton.coordinator.regress.Should;
import io.baton.coordinator.regress.Subject;
import java.util.List;

/** How tasks end, and who has their children then. */
final class EndChecks {
    private EndChecks() {}

    static List<Check> list() {
        return List.of(Check.of(
                "exit.status",
                "an exit code is told in 16 bits, from 0 to 255",
                "kernel/exit.c wait_task_zombie(), wait(2)",
                EndChecks::status));
    }

    private static void status(Lab lab) {
        Subject parent = lab.subject();
        for (int code : new int[] {0, 1, 127, 200, 255}) {
            Subject child = parent.fork();
            child.exit(code);
            Should.be("wait status of exit_group(" + code + ")", code << 8, parent.reap(child, 0));
        }
    }
}
