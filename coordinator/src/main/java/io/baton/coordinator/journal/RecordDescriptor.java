package io.baton.coordinator.journal;

/**
 * A record of the journal, in the spool and in the queue. Every type has the same head, then as many texts as it says, each
 * in UTF-8 after its length. In the spool the next record begins at a multiple of 8.
 *
 * <pre>
 *   0                   1                   2                   3
 *   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *  +-------------------------------+-------------------------------+ 0
 *  |   Length, head and texts      |             Type              |
 *  +-------------------------------+-------------------------------+ 8
 *  |                 Start (CLOCK_MONOTONIC ns)                    |
 *  +---------------------------------------------------------------+ 16
 *  |                 End (likewise), or a second number            |
 *  +---------------------------------------------------------------+ 24
 *  |                 Number, by type                               |
 *  +-------------------------------+-------------------------------+ 32
 *  |        Code, by type          |        Number of texts        |
 *  +-------------------------------+-------------------------------+ 40
 *  |  Length of a text             |  its bytes ...                |
 *  +-------------------------------+-------------------------------+
 * </pre>
 *
 * <p>A record of the spool is there when its length is: the length is stored last, with release semantics. What follows the
 * last record is zero.
 */
final class RecordDescriptor {
    static final int LENGTH_OFFSET = 0;
    static final int TYPE_OFFSET = 4;
    static final int START_OFFSET = 8;
    static final int END_OFFSET = 16;
    static final int NUMBER_OFFSET = 24;
    static final int CODE_OFFSET = 32;
    static final int TEXTS_OFFSET = 36;
    static final int HEAD_LENGTH = 40;
    static final int ALIGNMENT = 8;
    static final int MOST_TEXTS = 4;

    /** Start: the time; number: the same in ms since 1970; text: {@link io.baton.task.linux.ProcessName}. Always first. */
    static final int OPENED = 1;

    /** Number: root; texts: kind, directory of the image. */
    static final int BEGAN = 2;

    /** Number: how many {@link #TASK_ROW} follow. */
    static final int PLANNED = 3;

    /** Number: pid; texts: kind, name. */
    static final int TASK_ROW = 4;

    /** Code: pid; end: device; number: inode of the segment. */
    static final int HELPER = 5;

    /** Text: name. */
    static final int PHASE = 6;

    /** Code: stage; number: tasks. */
    static final int STAGE_STARTED = 7;

    /** Code: stage. */
    static final int STAGE_ENDED = 8;

    /** Number: pid; code: number of the event. */
    static final int TASK = 9;

    /** Number: pid; end: duration; text: the instruction. */
    static final int SLOWEST = 10;

    /** Number: done; end: total. */
    static final int BYTES = 11;

    /** Code: status; texts: point, command. */
    static final int SCRIPT = 12;

    /** Texts: code, message, remedy. */
    static final int FAILED = 13;

    /** Number: root. */
    static final int ENDED = 14;

    /** Number: how many records found no room. */
    static final int LOST = 15;

    /** Number: when, in ms since 1970; text: what was cleared. */
    static final int RECOVERED = 16;

    /** Number: 1 if the group was frozen; code: 1 if it was made; text: its directory. */
    static final int FREEZER = 17;

    private RecordDescriptor() {}

    /** Length of a record in the spool, up to the next. */
    static int aligned(final int length) {
        return length + ALIGNMENT - 1 & -ALIGNMENT;
    }
}
