package io.baton.task.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(5)
class ProcessTest {
    @Test
    void shouldReadAndWriteOwnMemory() {
        try (Memory theirs = Memory.cString("from there");
                Memory ours = Memory.allocate(16)) {
            assertEquals(11, ProcessMemory.read(Identity.pid(), theirs.address(), ours.address(), 11));
            assertEquals("from there", Memory.readCString(ours.buffer(), 0, 16));
            ours.buffer().putLong(0, 42);
            assertEquals(8, ProcessMemory.write(Identity.pid(), theirs.address(), ours.address(), 8));
            assertEquals(42, ProcessMemory.readLong(Identity.pid(), theirs.address()));
        }
    }

    @Test
    void shouldReadMemoryOfAChild() {
        try (Child child = Child.sleeping();
                ProcFs proc = new ProcFs();
                Memory ours = Memory.allocate(64)) {
            final long address = proc.stat(child.pid()).startArguments();
            assertEquals(10, ProcessMemory.read(child.pid(), address, ours.address(), 10));
            assertEquals("sleep", Memory.readCString(ours.buffer(), 0, 10));
            ours.buffer().putLong(16, address + 6);
            ours.buffer().putLong(24, 3);
            ours.buffer().putLong(32, address);
            ours.buffer().putLong(40, 2);
            ours.buffer().putLong(48, ours.address());
            ours.buffer().putLong(56, 5);
            assertEquals(5, ProcessMemory.readVector(child.pid(), ours.address() + 48, 1, ours.address() + 16, 2));
            assertEquals("100sl", Memory.readString(ours.buffer(), 0, 5));
            assertEquals(5, ProcessMemory.writeVector(child.pid(), ours.address() + 48, 1, ours.address() + 16, 2));
            final LinuxException e = assertThrows(LinuxException.class, () -> ProcessMemory.readLong(child.pid(), 8));
            assertEquals(Errno.EFAULT, e.errno());
        }
    }

    @Test
    void shouldReadLessAtAHole() {
        try (Mapping mapping = Mapping.anonymous(8192);
                Memory ours = Memory.allocate(8192)) {
            SystemCall.call(SyscallNumber.MPROTECT, mapping.address() + 4096, 4096, 0);
            assertEquals(4096, ProcessMemory.read(Identity.pid(), mapping.address(), ours.address(), 8192));
        }
    }

    @Test
    void shouldSayThatAProcessVanished() {
        final int pid;
        try (Child child = Child.sleeping()) {
            pid = child.pid();
        }
        assertThrows(VanishedException.class, () -> ProcessMemory.readLong(pid, 4096));
        assertThrows(VanishedException.class, () -> Limit.get(pid, 0));
        assertThrows(VanishedException.class, () -> RobustList.of(pid));
        assertThrows(VanishedException.class, () -> Scheduling.get(pid));
        assertThrows(VanishedException.class, () -> Identity.session(pid));
        assertThrows(VanishedException.class, () -> Kcmp.tasks(Kcmp.VM, pid, Identity.pid()));
        assertFalse(Signals.kill(pid, 0));
        assertFalse(Signals.killThread(pid, pid, 0));
    }

    @Test
    void shouldScheduleAChild() {
        try (Child child = Child.sleeping()) {
            final Scheduling.Attributes batch =
                    new Scheduling.Attributes(Scheduling.SCHED_BATCH, 0, 7, 0, 0, 0, 0, 0, 0);
            Scheduling.set(child.pid(), batch);
            final Scheduling.Attributes seen = Scheduling.get(child.pid());
            assertEquals(Scheduling.SCHED_BATCH, seen.policy());
            assertEquals(7, seen.nice());
            assertEquals(7, Scheduling.nice(child.pid()));
            final long[] before = Scheduling.affinity(child.pid());
            Scheduling.setAffinity(child.pid(), Long.lowestOneBit(before[0]));
            assertEquals(Long.lowestOneBit(before[0]), Scheduling.affinity(child.pid())[0]);
            assertTrue(Scheduling.ioPriority(child.pid()) >= 0);
        }
    }

    @Test
    void shouldLimitAChild() {
        try (Child child = Child.sleeping()) {
            final Limit files = Limit.get(child.pid(), Limit.RLIMIT_NOFILE);
            assertTrue(files.current() > 0 && files.current() <= files.maximum());
            new Limit(100, files.maximum()).set(child.pid(), Limit.RLIMIT_NOFILE);
            assertEquals(new Limit(100, files.maximum()), Limit.get(child.pid(), Limit.RLIMIT_NOFILE));
        }
    }

    @Test
    void shouldBecomeSubreaper() {
        final boolean before = Prctl.isChildSubreaper();
        Prctl.setChildSubreaper(true);
        try {
            assertTrue(Prctl.isChildSubreaper());
            final int pid = new Spawner("/bin/sh", "sh", "-c", "(exec sleep 100) & exec true")
                    .variable("PATH", "/bin:/usr/bin")
                    .spawn();
            assertEquals(0, Wait.wait4(pid, 0).exitCode());
            try (ProcFs proc = new ProcFs()) {
                int orphan = 0;
                for (final int tid : proc.threads(Identity.pid())) {
                    for (final int child : proc.children(Identity.pid(), tid)) {
                        orphan = child;
                    }
                }
                assertEquals(Identity.pid(), proc.stat(orphan).parent());
                new Child(orphan).close();
            }
        } finally {
            Prctl.setChildSubreaper(before);
        }
    }

    @Test
    void shouldSayWhoWeAre() {
        assertEquals(ProcessHandle.current().pid(), Identity.pid());
        assertEquals(Identity.pid(), SystemCall.call(SyscallNumber.GETPID));
        assertEquals(0, Identity.personality());
        assertEquals(0, Prctl.parentDeathSignal());
        assertTrue(Prctl.dumpable() >= 0);
        final SystemInfo.Names names = SystemInfo.names();
        assertEquals("Linux", names.system());
        assertEquals("x86_64", names.machine());
        assertEquals(System.getProperty("os.version"), names.release());
        final SystemInfo.Usage usage = SystemInfo.usage();
        assertTrue(usage.freeMemory() > 0 && usage.freeMemory() < usage.totalMemory() && usage.tasks() > 0);
    }

    @Test
    void shouldKnowWhetherIdsCanBeChosen() {
        final Capabilities own = Capabilities.of(0);
        final boolean may = own.has(Capabilities.CAP_SYS_ADMIN) || own.has(Capabilities.CAP_CHECKPOINT_RESTORE);
        assertEquals(may ? Clone3.SetTid.ALLOWED : Clone3.SetTid.FORBIDDEN, Clone3.probeSetTid());
    }

    @Test
    void shouldDropCapabilitiesOfAThread() throws InterruptedException {
        final Capabilities own = Capabilities.of(0);
        final Clone3.SetTid[] answer = new Clone3.SetTid[1];
        final Thread thread = new Thread(() -> {
            new Capabilities(0, own.permitted(), own.inheritable()).apply();
            answer[0] = Clone3.probeSetTid();
        });
        thread.start();
        thread.join();
        assertEquals(Clone3.SetTid.FORBIDDEN, answer[0]);
        assertEquals(own, Capabilities.of(0));
    }

    @Test
    void shouldNameSignals() {
        assertEquals("SIGHUP", Signals.nameOf(1));
        assertEquals("SIGCHLD", Signals.nameOf(Signals.SIGCHLD));
        assertEquals("SIGSYS", Signals.nameOf(Signals.SIGSYS));
        assertEquals("SIG34", Signals.nameOf(34));
        assertEquals(1L << 63, Signals.bit(64));
    }

    @Test
    void shouldCompareTasks() {
        try (Child child = Child.sleeping()) {
            assertEquals(0, Kcmp.tasks(Kcmp.VM, Identity.pid(), Identity.tid()));
            final int order = Kcmp.tasks(Kcmp.FILES, Identity.pid(), child.pid());
            assertTrue(order != 0);
            assertEquals(-order, Kcmp.tasks(Kcmp.FILES, child.pid(), Identity.pid()));
        }
    }
}
