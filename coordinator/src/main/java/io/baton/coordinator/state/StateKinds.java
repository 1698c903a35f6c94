package io.baton.coordinator.state;

import io.baton.coordinator.state.cgroups.ControlGroups;
import io.baton.coordinator.state.files.FileDescriptors;
import io.baton.coordinator.state.files.FileSystemContext;
import io.baton.coordinator.state.identity.Credentials;
import io.baton.coordinator.state.identity.Limits;
import io.baton.coordinator.state.identity.LoginUid;
import io.baton.coordinator.state.identity.MemoryBarriers;
import io.baton.coordinator.state.identity.Name;
import io.baton.coordinator.state.identity.OomScore;
import io.baton.coordinator.state.identity.Personality;
import io.baton.coordinator.state.identity.Placement;
import io.baton.coordinator.state.identity.ProcessFlags;
import io.baton.coordinator.state.identity.Scheduler;
import io.baton.coordinator.state.identity.SecurityLabel;
import io.baton.coordinator.state.identity.ThreadModes;
import io.baton.coordinator.state.memory.DumpableKind;
import io.baton.coordinator.state.memory.MemoryKind;
import io.baton.coordinator.state.memory.MemoryModes;
import io.baton.coordinator.state.namespaces.SemaphoreKind;
import io.baton.coordinator.state.registers.Registers;
import io.baton.coordinator.state.seccomp.Seccomp;
import io.baton.coordinator.state.signals.PendingSignals;
import io.baton.coordinator.state.signals.SignalActions;
import io.baton.coordinator.state.signals.SignalStack;
import io.baton.coordinator.state.thread.RestartableSequences;
import io.baton.coordinator.state.thread.RobustFutexes;
import io.baton.coordinator.state.thread.TidAddress;
import io.baton.coordinator.state.timers.IntervalTimers;
import io.baton.coordinator.state.timers.PosixTimers;
import java.util.List;

/** The registry: every kind of state, in the order in which it is restored. */
public final class StateKinds {
    /**
     * All kinds. Limits come before what they limit, files after memory, the root directory after all that is found by
     * path, and dumpable after the credentials: changing those changes it. What the kernel writes to, or wakes, when a
     * task dies comes last.
     */
    public static final List<StateKind> ALL = List.of(
            new Name(),
            new OomScore(),
            new LoginUid(),
            new Placement(),
            new Scheduler(),
            new Limits(),
            new MemoryModes(),
            new MemoryKind(),
            new FileDescriptors(),
            new SemaphoreKind(),
            new FileSystemContext(),
            new SignalActions(),
            new SignalStack(),
            new PendingSignals(),
            new MemoryBarriers(),
            new Personality(),
            new ControlGroups(),
            new Registers(),
            new ThreadModes(),
            new Seccomp(),
            new SecurityLabel(),
            new Credentials(),
            new ProcessFlags(),
            new DumpableKind(),
            new PosixTimers(),
            new IntervalTimers(),
            new RobustFutexes(),
            new TidAddress(),
            new RestartableSequences());

    private StateKinds() {}
}
