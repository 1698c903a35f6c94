package io.baton.coordinator.regress.checks;

import io.baton.coordinator.regress.CheckSkipped;
import io.baton.coordinator.regress.Data;
import io.baton.coordinator.regress.Lab;
import io.baton.coordinator.regress.Subject;
import io.baton.task.linux.Capabilities;
import io.baton.task.linux.Mapping;
import io.baton.task.linux.Memory;
import io.baton.task.linux.ProcessMemory;
import io.baton.task.linux.Signals;
import io.baton.task.linux.SyscallNumber;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What many checks do. */
final class Steps {
    static final int PAGE = 4096;

    /** A user who is nobody in particular. */
    static final int NOBODY = 65_534;

    static final int PR_SET_PDEATHSIG = 1;
    static final int PR_GET_PDEATHSIG = 2;
    static final int PR_SET_CHILD_SUBREAPER = 36;
    static final int PR_GET_CHILD_SUBREAPER = 37;
    static final int SIGNAL_SET = 8;
    static final int SIG_BLOCK = 0;
    static final int SIG_UNBLOCK = 1;

    private Steps() {}

    /** Skips the check unless we have a capability. */
    static void need(int capability, String name) {
        if (!Capabilities.of(0).has(capability)) {
            throw new CheckSkipped("needs " + name);
        }
    }

    /** Skips the check unless we may choose pids. */
    static void needChosenPids() {
        Capabilities own = Capabilities.of(0);
        if (!own.has(Capabilities.CAP_SYS_ADMIN) && !own.has(Capabilities.CAP_CHECKPOINT_RESTORE)) {
            throw new CheckSkipped("needs CAP_CHECKPOINT_RESTORE or CAP_SYS_ADMIN");
        }
    }

    /** Skips the check unless we are root with all that this takes. */
    static void needAdmin() {
        need(Capabilities.CAP_SYS_ADMIN, "CAP_SYS_ADMIN");
    }

    /** Maps private memory of zeros, and returns its address. */
    static long map(Subject subject, int pages) {
        return map(subject, pages, Mapping.MAP_PRIVATE);
    }

    /** Maps anonymous memory, and returns its address. */
    static long map(Subject subject, int pages, int sharing) {
        return subject.call(
                        SyscallNumber.MMAP,
                        0,
                        (long) pages * PAGE,
                        Mapping.PROT_READ | Mapping.PROT_WRITE,
                        sharing | Mapping.MAP_ANONYMOUS,
                        -1,
                        0)
                .value();
    }

    /** Writes into a process as its owner would. */
    static void write(Subject subject, long address, long value) {
        try (Memory memory = Memory.allocate(Long.BYTES)) {
            memory.buffer().putLong(0, value);
            ProcessMemory.write(subject.pid(), address, memory.address(), Long.BYTES);
        }
    }

    static long read(Subject subject, long address) {
        return ProcessMemory.readLong(subject.pid(), address);
    }

    /** Puts a handler into a process that returns at once, on a stack of its own; returns its action. */
    static Data handler(Lab lab, Subject subject, long flags) {
        byte[] code = {
            (byte) 0xc3, // ret: to the restorer
            (byte) 0xb8,
            0x0f,
            0,
            0,
            0, // mov $15 (rt_sigreturn), %eax
            0x0f,
            0x05, // syscall
        };
        int onStack = 0x0800_0000;
        int restorer = 0x0400_0000;
        long page = map(subject, 1);
        try (Memory memory = Memory.allocate(Long.BYTES)) {
            memory.buffer().putBytes(0, code);
            ProcessMemory.write(subject.pid(), page, memory.address(), code.length);
        }
        subject.call(SyscallNumber.MPROTECT, page, PAGE, Mapping.PROT_READ | Mapping.PROT_EXEC)
                .shouldReturn(0);
        int stackPages = 16;
        long stack = map(subject, stackPages);
        subject.call(
                        SyscallNumber.SIGALTSTACK,
                        lab.longs(stack, 0, (long) stackPages * PAGE).at(),
                        0)
                .shouldReturn(0);
        return lab.longs(page, flags | onStack | restorer, page + 1, 0);
    }

    static void unblock(Lab lab, Subject subject, int signal) {
        subject.call(
                        SyscallNumber.RT_SIGPROCMASK,
                        SIG_UNBLOCK,
                        lab.longs(Signals.bit(signal)).at(),
                        0,
                        SIGNAL_SET)
                .shouldReturn(0);
    }

    /** Signals that are pending for a process or this thread of it, as the process sees it. */
    static long pending(Lab lab, Subject subject) {
        Data set = lab.data(SIGNAL_SET);
        subject.call(SyscallNumber.RT_SIGPENDING, set.at(), SIGNAL_SET).shouldReturn(0);
        return set.longAt(0);
    }

    static boolean has(long set, int signal) {
        return (set & Signals.bit(signal)) != 0;
    }

    /** A file's text. */
    static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Writes into a file that is there. */
    static void text(Path file, String text) {
        try {
            Files.writeString(file, text);
        } catch (IOException e) {
            throw new UncheckedIOException(file + ": " + e.getMessage(), e);
        }
    }
}
