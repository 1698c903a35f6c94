package io.baton.coordinator.state.identity;

import io.baton.coordinator.error.Refusals;
import io.baton.coordinator.ptrace.SeizedProcess;
import io.baton.coordinator.state.Account;
import io.baton.coordinator.state.DumpOptions;
import io.baton.coordinator.state.ProcessRestore;
import io.baton.coordinator.state.StateKind;
import io.baton.mktree.image.proto.CoreEntry;
import io.baton.task.linux.Identity;
import io.baton.task.linux.LinuxException;
import io.baton.task.linux.ProcFs;

/**
 * The label a security module (SELinux, AppArmor) has put on a process. A restored one gets ours, so one with another is
 * refused: it would run less confined than it did.
 */
public final class SecurityLabel implements StateKind {
    private static final String FILE = "attr/current";

    @Override
    public String name() {
        return "security label";
    }

    @Override
    public Account account() {
        return new Account(name(), "/proc/PID/attr/current", "not at all: it gets ours", "CredsEntry.lsm_profile")
                .refusing("is not ours and cannot be saved yet: *");
    }

    @Override
    public void inspect(SeizedProcess process, DumpOptions options, Refusals refusals) {
        if (Ours.LABEL.isEmpty()) {
            return; // nobody labels processes
        }
        String label = label(process.proc(), process.procId());
        if (!label.equals(Ours.LABEL)) {
            refusals.add(process.pid(), name(), "is not ours and cannot be saved yet: " + label, "");
        }
    }

    @Override
    public void validate(ProcessRestore process, Refusals refusals) {
        for (CoreEntry core : process.cores()) {
            String label = core.getThreadCore().getCreds().getLsmProfile();
            if (!label.isEmpty()
                    && !label.equals(process.shared(Own.class, Own::read).label())) {
                refusals.add(process.pstree().getPid(), name(), "is not ours: " + label, "");
                return;
            }
        }
    }

    private record Own(String label) {
        static Own read() {
            try (ProcFs proc = new ProcFs()) {
                return new Own(SecurityLabel.label(proc, Identity.pid()));
            }
        }
    }

    /** The label of whoever dumps, which nobody changes. */
    private static final class Ours {
        private static final String LABEL = Own.read().label();
    }

    /** Empty without a security module that labels processes. */
    private static String label(ProcFs proc, int pid) {
        try {
            return proc.readText(pid, FILE).replace("\0", "");
        } catch (LinuxException e) {
            return "";
        }
    }
}
