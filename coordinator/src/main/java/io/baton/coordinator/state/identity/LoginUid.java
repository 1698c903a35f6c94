package io.baton.coordinator.state.identity;

import io.baton.coordinator.error.Refusals;
import io.baton.coordinator.ptrace.SeizedProcess;
import io.baton.coordinator.state.Account;
import io.baton.coordinator.state.ContextBuilder;
import io.baton.coordinator.state.Item;
import io.baton.coordinator.state.OwnState;
import io.baton.coordinator.state.ProcessCapture;
import io.baton.coordinator.state.ProcessRestore;
import io.baton.coordinator.state.StateKind;
import io.baton.coordinator.state.namespaces.TreeNamespaces;
import io.baton.mktree.image.proto.TaskCoreEntry;

/**
 * The user the audit system holds responsible, {@code /proc/PID/loginuid}. A session without one cannot be had
 * back once there is one, so that is let be.
 */
public final class LoginUid implements StateKind {
    private static final String FILE = "loginuid";
    private static final int CAP_AUDIT_CONTROL = 30;
    private static final int NONE = -1;

    @Override
    public String name() {
        return FILE;
    }

    @Override
    public Account account() {
        return new Account(
                name(),
                "/proc/PID/loginuid",
                "written to the same file where it differs from ours",
                "TaskCoreEntry.loginuid");
    }

    @Override
    public void capture(ProcessCapture capture) {
        SeizedProcess process = capture.process();
        int uid = OwnState.loginUid(process.proc(), process.pid());
        int inside =
                uid == NONE ? NONE : TreeNamespaces.of(capture.tree()).ids().userInside(uid);
        capture.core().getTcBuilder().setLoginuid(inside);
    }

    @Override
    public void validate(ProcessRestore process, Refusals refusals) {
        if (differs(process)
                && process.own().loginUid() != NONE
                && !process.own().has(CAP_AUDIT_CONTROL)) {
            String reason = "needs CAP_AUDIT_CONTROL to be changed";
            refusals.add(process.pstree().getPid(), FILE, reason, "restore as root");
        }
    }

    @Override
    public void compile(ProcessRestore process, ContextBuilder context) {
        if (differs(process)) {
            String uid = Integer.toUnsignedString(outside(process));
            OwnProcFile.write(FILE, uid, context.item(Item.CREDENTIALS.tag()));
        }
    }

    private static boolean differs(ProcessRestore process) {
        TaskCoreEntry task = process.core().getTc();
        return task.hasLoginuid()
                && task.getLoginuid() != NONE
                && outside(process) != process.own().loginUid();
    }

    /** As the task says it, which is not in its user namespace yet. */
    private static int outside(ProcessRestore process) {
        return process.namespaces()
                .workingIds()
                .userOutside(process.core().getTc().getLoginuid());
    }
}
