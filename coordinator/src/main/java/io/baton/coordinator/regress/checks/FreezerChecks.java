package io.baton.coordinator.regress.checks;

import io.baton.coordinator.regress.Check;
import io.baton.coordinator.regress.CheckSkipped;
import io.baton.coordinator.regress.Lab;
import io.baton.coordinator.regress.Should;
import io.baton.coordinator.regress.Subject;
import io.baton.mktree.launch.GroupGuard;
import io.baton.task.linux.ControlGroupMount;
import io.baton.task.linux.Fd;
import io.baton.task.linux.Files;
import io.baton.task.linux.Ptrace;
import io.baton.task.linux.Signals;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.linux.UserRegs;
import io.baton.task.linux.Wait;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** Freezer groups of both kinds, in groups of our own. */
final class FreezerChecks {
    private static final String V1 = "kernel/cgroup/legacy_freezer.c, admin-guide/cgroup-v1/freezer-subsystem";
    private static final String V2 = "kernel/cgroup/freezer.c, cgroups(7)";
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(2);

    private FreezerChecks() {}

    static List<Check> list() {
        return List.of(
                Check.of(
                        "freezer.v1",
                        "a v1 group goes by FREEZING to FROZEN, and THAWED lets it run on",
                        V1,
                        FreezerChecks::freezeV1),
                Check.of(
                        "freezer.v1.kill",
                        "who is killed while frozen (v1) dies when thawed",
                        V1,
                        FreezerChecks::killV1),
                Check.of(
                        "freezer.v1.ptrace",
                        "who is seized while frozen (v1) stops when thawed, before it runs an instruction",
                        V1,
                        FreezerChecks::seizeV1),
                Check.of(
                        "freezer.v1.fork",
                        "a child of a frozen group's process is born into the group",
                        "kernel/cgroup/legacy_freezer.c freezer_fork()",
                        FreezerChecks::forkV1),
                Check.of(
                        "freezer.v2",
                        "cgroup.freeze freezes a group, and cgroup.events says when",
                        V2,
                        FreezerChecks::freezeV2),
                Check.of(
                        "freezer.v2.kill",
                        "who is killed while frozen (v2) dies at once",
                        "kernel/signal.c get_signal(), cgroups(7)",
                        FreezerChecks::killV2),
                Check.of(
                        "freezer.v2.ptrace",
                        "who is seized while frozen (v2) stops at once, and the group stays frozen",
                        "kernel/signal.c do_freezer_trap(), cgroups(7)",
                        FreezerChecks::seizeV2));
    }

    /** A group with one process in it; thawed and removed in the end. */
    private record Group(Lab lab, Path directory, String file, String frozen, String thawed) {
        static Group v1(Lab lab) {
            return make(lab, 1, "freezer.state", "FROZEN", "THAWED");
        }

        static Group v2(Lab lab) {
            return make(lab, 2, "cgroup.freeze", "1", "0");
        }

        private static Group make(Lab lab, int version, String file, String frozen, String thawed) {
            Path mount = ControlGroupMount.all().stream()
                    .filter(one -> one.version() == version
                            && (version == 2 || one.names().contains("freezer")))
                    .map(ControlGroupMount::point)
                    .findFirst()
                    .orElseThrow(() -> new CheckSkipped("no freezer (cgroup v" + version + ") is mounted"));
            Path directory = mount.resolve("baton-regress-" + lab.subject().pid());
            try {
                java.nio.file.Files.createDirectory(directory);
            } catch (IOException e) {
                throw new CheckSkipped("no group can be made: " + e);
            }
            lab.afterEnd(() -> remove(directory));
            Group group = new Group(lab, directory, file, frozen, thawed);
            if (!java.nio.file.Files.exists(directory.resolve(file))) {
                throw new CheckSkipped("groups have no " + file);
            }
            group.guard();
            lab.beforeEnd(group::thaw);
            return group;
        }

        /** Should we be killed meanwhile, somebody must thaw it: what is frozen (v1) does not die. */
        private void guard() {
            Fd state = lab.keep(Files.open(directory.resolve(file).toString(), Files.O_WRONLY | Files.O_CLOEXEC));
            Fd group = lab.keep(Files.open(directory.toString(), Files.O_RDONLY | Files.O_CLOEXEC));
            GroupGuard guard = GroupGuard.start(thawed, "trusted.baton-regress", state, group);
            lab.afterEnd(guard::close);
        }

        /** What was in it may not be quite gone. */
        private static void remove(Path directory) {
            long until = System.nanoTime() + PATIENCE_NANOS;
            while (true) {
                try {
                    java.nio.file.Files.delete(directory);
                    return;
                } catch (IOException e) {
                    if (System.nanoTime() - until > 0) {
                        throw new UncheckedIOException(e);
                    }
                    LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
                }
            }
        }

        Subject member() {
            Subject child = lab.subject().fork();
            Steps.text(directory.resolve("cgroup.procs"), Integer.toString(child.pid()));
            return child;
        }

        void freeze() {
            Steps.text(directory.resolve(file), frozen);
            lab.await("the group to be frozen", this::isFrozen);
        }

        void thaw() {
            Steps.text(directory.resolve(file), thawed);
        }

        boolean isFrozen() {
            return file.equals("freezer.state")
                    ? state().equals("FROZEN")
                    : Steps.text(directory.resolve("cgroup.events")).contains("frozen 1");
        }

        String state() {
            return Steps.text(directory.resolve(file)).strip();
        }
    }

    private static void stands(Lab lab, Group group, Subject child) {
        Subject.Pending call = child.start(SyscallNumber.GETPID);
        // It looks every 0.1 ms whether there is something to do.
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(3));
        Should.hold("a frozen process makes no call", !call.isDone());
        group.thaw();
        call.await().shouldReturn(child.pid());
        lab.await("the group to be thawed", () -> !group.isFrozen());
    }

    private static void freezeV1(Lab lab) {
        Group group = Group.v1(lab);
        Subject child = group.member();
        Should.be("state before", "THAWED", group.state());
        group.freeze();
        Should.be(
                "own state",
                "1",
                Steps.text(group.directory().resolve("freezer.self_freezing")).strip());
        stands(lab, group, child);
        Should.be("state after", "THAWED", group.state());
    }

    private static void killV1(Lab lab) {
        Group group = Group.v1(lab);
        Subject child = group.member();
        group.freeze();
        Signals.kill(child.pid(), Signals.SIGKILL);
        lab.subject().call(SyscallNumber.WAIT4, child.pid(), 0, Wait.WNOHANG, 0).shouldReturn(0);
        group.thaw();
        Should.be("wait status", Signals.SIGKILL, lab.subject().reap(child, 0));
    }

    private static void seizeV1(Lab lab) {
        Group group = Group.v1(lab);
        Subject child = group.member();
        group.freeze();
        Subject.Pending call = child.start(SyscallNumber.GETPID);
        Ptrace.seize(child.pid(), 0);
        Ptrace.interrupt(child.pid());
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
        Should.hold(
                "it has not stopped while frozen",
                Wait.wait4(child.pid(), Wait.WNOHANG | Wait.WALL).isNone());
        group.thaw();
        Should.be("ptrace event", Ptrace.EVENT_STOP, lab.await(child.pid(), 0).event());
        Should.hold("it has made no call", !call.isDone());
        try (UserRegs registers = new UserRegs()) {
            Ptrace.getRegisters(child.pid(), registers);
            Should.be("system call it is in", SyscallNumber.PPOLL, registers.origRax());
        }
        Ptrace.resume(child.pid(), 0);
        call.await().shouldReturn(child.pid());
    }

    private static void forkV1(Lab lab) {
        Group group = Group.v1(lab);
        Subject child = group.member().fork();
        String own = lab.proc().readText(child.pid(), "cgroup");
        Should.contain("/proc/PID/cgroup", group.directory().getFileName().toString(), own);
        group.freeze();
        stands(lab, group, child);
    }

    private static void freezeV2(Lab lab) {
        Group group = Group.v2(lab);
        Subject child = group.member();
        Should.hold("it is not frozen before", !group.isFrozen());
        group.freeze();
        stands(lab, group, child);
    }

    private static void killV2(Lab lab) {
        Group group = Group.v2(lab);
        Subject child = group.member();
        group.freeze();
        Signals.kill(child.pid(), Signals.SIGKILL);
        Should.be("wait status", Signals.SIGKILL, lab.subject().reap(child, 0));
        Should.be("the group's order", "1", group.state());
    }

    private static void seizeV2(Lab lab) {
        Group group = Group.v2(lab);
        Subject child = group.member();
        group.freeze();
        Ptrace.seize(child.pid(), 0);
        Ptrace.interrupt(child.pid());
        Should.be("ptrace event", Ptrace.EVENT_STOP, lab.await(child.pid(), 0).event());
        Ptrace.detach(child.pid(), 0);
        lab.await("the group to be frozen again", group::isFrozen);
        stands(lab, group, child);
    }
}
