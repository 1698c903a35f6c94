package io.baton.coordinator.state.identity;

import io.baton.coordinator.error.Refusals;
import io.baton.coordinator.ptrace.SeizedProcess;
import io.baton.coordinator.state.Account;
import io.baton.coordinator.state.Item;
import io.baton.coordinator.state.OwnState;
import io.baton.coordinator.state.ProcessRestore;
import io.baton.coordinator.state.StateKind;
import io.baton.coordinator.state.ThreadCapture;
import io.baton.coordinator.state.ThreadRestore;
import io.baton.coordinator.state.TreeImage;
import io.baton.coordinator.state.TreeObjects;
import io.baton.coordinator.state.namespaces.SavedNamespaces;
import io.baton.coordinator.state.namespaces.TreeNamespaces;
import io.baton.coordinator.state.namespaces.UserIds;
import io.baton.mktree.image.proto.CoreEntry;
import io.baton.mktree.image.proto.CredsEntry;
import io.baton.mktree.image.proto.ThreadCoreEntry;
import io.baton.task.linux.ProcStatus;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.program.ProgramBuilder;

/**
 * Users, groups, capabilities, securebits and no_new_privs of each thread (to the kernel they are the thread's). A task
 * that has what the coordinator has needs no instruction.
 */
public final class Credentials implements StateKind {
    private static final int PR_GET_SECUREBITS = 27;
    private static final String NAME = "credentials";

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public Account account() {
        return new Account(
                name(),
                "/proc/PID/task/TID/status; asked: PR_GET_SECUREBITS",
                "setgroups(2), setresuid(2) and so on, capset(2), prctl(2): last of all, capabilities at the end",
                "CredsEntry");
    }

    @Override
    public void list(SeizedProcess process, TreeImage tree, TreeObjects objects) {
        objects.addThreads(NAME, process);
    }

    @Override
    public void captureThread(ThreadCapture capture) {
        ProcStatus status = capture.thread().status();
        int secureBits =
                capture.ask().call(SyscallNumber.PRCTL).value(PR_GET_SECUREBITS).result();
        ThreadCoreEntry.Builder thread = capture.core().getThreadCoreBuilder();
        UserIds ids = TreeNamespaces.of(capture.process().tree()).ids();
        capture.then(answers -> thread.setCreds(
                ids.inside(OwnState.credentials(status, (int) Math.max(0, answers.result(secureBits))))));
    }

    @Override
    public void validate(ProcessRestore process, Refusals refusals) {
        CredsEntry own = process.own().credentials();
        for (int i = 0; i < process.cores().size(); i++) {
            CoreEntry core = process.cores().get(i);
            int tid = process.pstree().getThreads(i);
            if (!core.hasThreadCore()) {
                continue;
            }
            if (core.getThreadCore().hasCreds()) {
                CredsEntry wanted = core.getThreadCore().getCreds();
                String reason = process.namespaces().hasUsers()
                        ? JoinedCredentials.forbidden(own, wanted, process.namespaces())
                        : CredentialProgram.forbidden(own, wanted);
                if (!reason.isEmpty()) {
                    refusals.add(tid, NAME, reason, "restore as root, or as the user the image was made of");
                }
            }
        }
    }

    @Override
    public void compileCredentials(ThreadRestore thread, ProgramBuilder kept) {
        if (thread.core().getThreadCore().hasCreds()) {
            kept.tag(Item.CREDENTIALS.tag());
            CredsEntry own = thread.process().own().credentials();
            CredsEntry wanted = thread.core().getThreadCore().getCreds();
            SavedNamespaces namespaces = thread.process().namespaces();
            if (namespaces.hasUsers()) {
                JoinedCredentials.emit(own, wanted, namespaces, kept);
            } else {
                CredentialProgram.emit(own, wanted, kept);
            }
        }
    }
}
