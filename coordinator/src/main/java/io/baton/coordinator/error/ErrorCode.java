package io.baton.coordinator.error;

/**
 * Every way in which an operation can end badly. Append only: programs rely on names and exit statuses, which
 * {@code docs/errors.md} lists from here. 1 and 2 stay free for the JVM and for usage errors; 128 and above mean the
 * restored root died by a signal.
 */
public enum ErrorCode {
    UNSUPPORTED(
            3,
            "The state of a task cannot be saved or restored yet. On a dump the tree runs on; on a "
                    + "restore nothing was made.",
            "Each reason names the task, the thing and, where there is one, a way round it."),
    NO_SUCH_PROCESS(
            4,
            "No such process, or it went away.",
            "Look for its pid again; baton show -t PID shows a live tree, baton show -D DIR a saved one."),
    NOT_PERMITTED(
            5,
            "A right or a kernel feature is missing.",
            "baton check says which; root has all rights that are needed."),
    BAD_IMAGE(
            6,
            "The image is missing, damaged, incomplete or contradicts itself. Nothing was made.",
            "Check -D; dump again, or take a good copy."),
    PID_TAKEN(
            7,
            "A pid that the tree needs is taken. Nothing was made.",
            "End who has it, or restore into a new pid namespace with --pidns."),
    MISSING_RESOURCE(
            8,
            "Something the image refers to (a file, a directory) is missing or different. Nothing was " + "made.",
            "Put it back where it was; the message names it."),
    TASK_FAILED(
            9,
            "A system call failed while a task was captured or restored. A dump lets the tree run on, a "
                    + "restore has taken everything down.",
            "The message names the task, the thing, the call and the error; baton explain shows the call "
                    + "among its neighbours."),
    TASK_DIED(
            10,
            "A task or the helper died on the way: killed from outside, or for want of memory.",
            "Look at the kernel log, make room, try again."),
    TIMEOUT(
            11,
            "The deadline passed. A dump lets the tree run on, a restore has taken everything down.",
            "The message says who had not come so far; --timeout gives more time."),
    IMAGE_IO(
            12,
            "Reading or writing image files failed: full disk, no permission.",
            "Make room, or choose another directory with -D."),
    INTERRUPTED(13, "Interrupted by the user or another program. What had been begun was undone.", "Nothing to do."),
    SCRIPT_FAILED(
            14,
            "An action script failed, and so did the operation. What had been begun was undone.",
            "The message names the script and its exit status."),
    INTERNAL(15, "A defect of Baton.", "Run again with -v, and report what it prints."),
    NOT_STOPPED(
            16,
            "baton cont found nothing to continue, or only part of a stopped tree. Nothing has changed.",
            "Give the root's pid; --all continues what others have stopped too."),
    FREEZER(
            17,
            "A freezer group cannot be used, or its state was changed by others meanwhile. A dump lets the tree be as it "
                    + "was, a restore has taken everything down.",
            "The message names the group; leave its state alone until the operation is over."),
    NOT_SUSPENDED(
            18,
            "A process that has registered did not suspend itself when it was asked. The tree runs on.",
            "The message says who, and why if it said so; without --suspend-required it is stopped as it is."),
    KERNEL_DIFFERS(
            19,
            "baton regress found a kernel that does not do what Baton relies on.",
            "Each check that is not ok says what was expected and what was seen, and docs/regress.md what needs it."),
    BENCH_FAILED(
            20,
            "baton bench: a program or a command that was to be measured failed, or a result misses its bar. All that it "
                    + "had started has been ended.",
            "The message has what the command said; docs/bench.md says what it must do.");

    private final int exitStatus;
    private final String meaning;
    private final String advice;

    ErrorCode(final int exitStatus, final String meaning, final String advice) {
        this.exitStatus = exitStatus;
        this.meaning = meaning;
        this.advice = advice;
    }

    /** The exit status of the command line. */
    public int exitStatus() {
        return exitStatus;
    }

    /** What it means, in a sentence or two. */
    public String meaning() {
        return meaning;
    }

    /** What the user can do about it, as far as can be said in general. */
    public String advice() {
        return advice;
    }
}
