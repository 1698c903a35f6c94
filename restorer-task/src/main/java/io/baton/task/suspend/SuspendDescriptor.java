package io.baton.task.suspend;

/**
 * The page by which a process and a coordinator speak of a suspend: a memory file called {@link #NAME}, mapped shared by the
 * process and, while it asks, by the coordinator. Each word that one side changes and the other waits for is a futex with
 * a cache line of its own. The coordinator trusts nothing it reads there.
 *
 * <pre>
 *   0                   1                   2                   3
 *   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *  +---------------------------------------------------------------+ 0
 *  |                             Magic                             |
 *  +-------------------------------+-------------------------------+ 8
 *  |            Version            |  Owner: pid as it sees itself |
 *  +-------------------------------+-------------------------------+ 64
 *  |    Round (futex), 28 bits     |                               |
 *  +-------------------------------+-------------------------------+ 128
 *  |   Hold (futex): IN SUSPEND    |                               |
 *  +-------------------------------+-------------------------------+ 192
 *  |         State (futex)         |                               |
 *  +-------------------------------+-------------------------------+ 256
 *  |  Reason[256]: why it postpones, UTF-8, ends with NUL          |
 *  +---------------------------------------------------------------+ 512
 * </pre>
 *
 * <p>To ask, the coordinator stores the hold word and then, with release, a new round; so who sees the round sees the
 * hold. The process answers by the state word, which has the round it answers to. The hold word is a robust futex of the
 * coordinator's: should it die, the kernel takes the mark away and wakes the process.
 */
public final class SuspendDescriptor {
    /** Of the memory file. */
    public static final String NAME = "baton-suspend";

    public static final long MAGIC = 0x0050_5355_534e_5442L;
    public static final int VERSION = 1;
    public static final int LENGTH = 4096;

    /** F_SEAL_SEAL, F_SEAL_SHRINK and F_SEAL_GROW: nobody can take the page from under the other. */
    public static final int SEALS = 7;

    public static final int MAGIC_OFFSET = 0;
    public static final int VERSION_OFFSET = 8;
    public static final int OWNER_OFFSET = 12;
    public static final int ROUND_OFFSET = 64;
    public static final int HOLD_OFFSET = 128;
    public static final int STATE_OFFSET = 192;
    public static final int REASON_OFFSET = 256;
    public static final int REASON_LENGTH = 256;

    /** The low bits of the state word are one of the states, the others the round. */
    public static final int STATE_BITS = 4;

    /** It has never been asked. */
    public static final int IDLE = 0;

    /** It is in its START SUSPEND callback. */
    public static final int ENTERED = 1;

    /** It has said that it will call COMPLETE. */
    public static final int HOUSEKEEPING = 2;

    /** It wants to be halted with those who are not asked. */
    public static final int POSTPONED = 3;

    /** It sleeps in COMPLETE. */
    public static final int COMPLETED = 4;

    /** It is back from COMPLETE. */
    public static final int RETURNED = 5;

    /** In the hold word: somebody may sleep on it. */
    public static final int HOLD_WAITERS = 0x8000_0000;

    /** In the hold word: who held it is dead. */
    public static final int HOLD_DIED = 0x4000_0000;

    /** In the hold word: the coordinator's thread. */
    public static final int HOLD_TID_MASK = 0x3fff_ffff;

    private SuspendDescriptor() {}

    /** The state word of a process that is in a state of a round. */
    public static int stateWord(final int round, final int state) {
        return round << STATE_BITS | state;
    }

    /** The state in a state word. */
    public static int state(final int word) {
        return word & ((1 << STATE_BITS) - 1);
    }

    /** Whether a state word answers to a round. */
    public static boolean isOf(final int word, final int round) {
        return (word ^ round << STATE_BITS) >>> STATE_BITS == 0;
    }
}
