package io.baton.coordinator.state.identity;

import io.baton.coordinator.state.Account;
import io.baton.coordinator.state.Item;
import io.baton.coordinator.state.ProcessCapture;
import io.baton.coordinator.state.StateKind;
import io.baton.coordinator.state.ThreadCapture;
import io.baton.coordinator.state.ThreadRestore;
import io.baton.mktree.image.proto.TaskCoreEntry;
import io.baton.mktree.image.proto.ThreadCoreEntry;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.program.ProgramBuilder;

/**
 * The execution domain of personality(2). Set late: READ_IMPLIES_EXEC would change what mmap does while memory is
 * restored.
 */
public final class Personality implements StateKind {
    private static final long QUERY = 0xffff_ffffL;
    private static final int DOMAIN_MASK = 0xffff;
    private static final int PER_LINUX = 0;
    private static final int PER_LINUX32 = 8;
    private static final int FLAGS = 0x0ffe_0000;
    private static final int MOST_DIGITS = 8;
    private static final int HEXADECIMAL = 16;

    @Override
    public String name() {
        return "personality";
    }

    @Override
    public Account account() {
        return new Account(
                name(),
                "asked: personality(2)",
                "personality(2)",
                "TaskCoreEntry.personality",
                "ThreadCoreEntry.personality");
    }

    @Override
    public void capture(ProcessCapture capture) {
        int result = capture.ask().call(SyscallNumber.PERSONALITY).value(QUERY).result();
        TaskCoreEntry.Builder task = capture.core().getTcBuilder();
        capture.then(answers -> task.setPersonality((int) answers.result(result)));
    }

    /** To the kernel it is the thread's; CRIU's image has one for all. */
    @Override
    public void captureThread(ThreadCapture capture) {
        if (capture.thread().isLeader()) {
            return;
        }
        int result = capture.ask().call(SyscallNumber.PERSONALITY).value(QUERY).result();
        ThreadCoreEntry.Builder thread = capture.core().getThreadCoreBuilder();
        TaskCoreEntry.Builder task = capture.process().core().getTcBuilder();
        capture.then(answers -> {
            if ((int) answers.result(result) != task.getPersonality()) {
                thread.setPersonality((int) answers.result(result));
            }
        });
    }

    @Override
    public void compileCredentials(ThreadRestore thread, ProgramBuilder kept) {
        ThreadCoreEntry own = thread.core().getThreadCore();
        int saved = own.hasPersonality()
                ? own.getPersonality()
                : repair(thread.process().core().getTc().getPersonality());
        if (saved != thread.process().own().personality()) {
            kept.tag(Item.PERSONALITY.tag());
            kept.call(SyscallNumber.PERSONALITY).value(Integer.toUnsignedLong(saved));
        }
    }

    /** CRIU 4.2 reads the kernel's hexadecimal 00040000 as forty thousand: what is no personality is taken for that. */
    static int repair(int saved) {
        if (isKnown(saved)) {
            return saved;
        }
        String digits = Integer.toUnsignedString(saved);
        int meant = digits.length() > MOST_DIGITS ? saved : Integer.parseUnsignedInt(digits, HEXADECIMAL);
        return isKnown(meant) ? meant : saved;
    }

    /** Of the domains, only Linux's and its 32-bit one are left; the flags are those of {@code uapi/linux/personality.h}. */
    private static boolean isKnown(int value) {
        int domain = value & DOMAIN_MASK;
        return (value & ~(FLAGS | DOMAIN_MASK)) == 0 && (domain == PER_LINUX || domain == PER_LINUX32);
    }
}
