package io.baton.coordinator.state.cgroups;

import io.baton.coordinator.ptrace.SeizedThread;
import io.baton.coordinator.state.Account;
import io.baton.coordinator.state.StateKind;
import io.baton.coordinator.state.ThreadCapture;
import io.baton.coordinator.state.TreeImage;
import io.baton.task.linux.ProcFs;

/**
 * The control groups a thread is in. Only their number goes into its core entry: the coordinator puts tasks into groups
 * itself, from outside, and only those that are not where they should be ({@code restore.TaskGroups}).
 */
public final class ControlGroups implements StateKind {
    @Override
    public String name() {
        return "control groups";
    }

    @Override
    public Account account() {
        return new Account(
                name(),
                "/proc/PID/task/TID/cgroup; properties of the groups",
                "the coordinator writes cgroup.procs and cgroup.threads, of those who are elsewhere than we; see --manage-cgroups",
                "CgroupEntry",
                "ThreadCoreEntry.cg_set");
    }

    @Override
    public void captureThread(ThreadCapture capture) {
        int id = GroupSets.OWN;
        if (capture.process().options().groups() != ManageGroups.IGNORE) {
            TreeImage tree = capture.process().tree();
            SeizedThread thread = capture.thread();
            ProcFs proc = thread.process().proc();
            String text = thread.isLeader()
                    ? proc.readText(thread.pid(), "cgroup")
                    : proc.readText(thread.pid(), "task/" + thread.tid() + "/cgroup");
            id = tree.shared(GroupSets.class, GroupSets::new).id(text);
        }
        capture.core().getThreadCoreBuilder().setCgSet(id);
    }
}
