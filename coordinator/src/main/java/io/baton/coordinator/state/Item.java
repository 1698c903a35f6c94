package io.baton.coordinator.state;

import io.baton.task.linux.Signals;
import io.baton.task.program.ItemTag;
import io.baton.task.program.SymbolicNames;

/** What an instruction can be about: the kinds of item tags, in words for messages. Append only. */
public enum Item {
    NONE("its program"),
    HIERARCHY("its place in the hierarchy"),
    DESCRIPTOR("fd"),
    MAPPING("mapping"),
    PAGES("pages of mapping"),
    MEMORY_MAP("memory layout (PR_SET_MM_MAP)"),
    VDSO("vDSO"),
    EXECUTABLE("executable"),
    SIGNAL_ACTION("action of"),
    PENDING_SIGNAL("pending signal"),
    SIGNAL_STACK("alternate signal stack"),
    INTERVAL_TIMER("interval timer"),
    POSIX_TIMER("POSIX timer"),
    LIMIT("resource limit"),
    CREDENTIALS("credentials"),
    WORKING_DIRECTORY("working directory"),
    ROOT_DIRECTORY("root directory"),
    UMASK("umask"),
    NAME("name (comm)"),
    SCHEDULER("scheduler and nice"),
    OOM_SCORE("oom_score_adj"),
    PERSONALITY("personality"),
    PROCESS_FLAG("process flag (prctl)"),
    ROBUST_LIST("robust futex list"),
    TID_ADDRESS("clear_child_tid"),
    RSEQ("restartable sequence"),
    EXIT("exit status"),
    CHILD_SIGNAL("SIGCHLD of a helper"),
    PROC("/proc of the new pid namespace"),
    SECCOMP("seccomp filter"),
    NAMESPACE("namespace"),
    FILE_LOCK("file lock through fd");

    /** The number of {@link #NAMESPACE} is its CLONE_NEW flag, shifted to have room in a tag. */
    public static final int NAMESPACE_SHIFT = 16;

    private static final Item[] ALL = values();

    private final String text;

    Item(final String text) {
        this.text = text;
    }

    /** A tag about the thing with that number: the descriptor, the signal, the index in the image. */
    @SuppressWarnings("EnumOrdinal") // append only, and never outlives the process
    public int tag(final int number) {
        return ItemTag.of(ordinal(), number);
    }

    public int tag() {
        return tag(0);
    }

    /** Whether a tag is about one of these. */
    @SuppressWarnings("EnumOrdinal") // as above
    public boolean is(final int tag) {
        return ItemTag.kind(tag) == ordinal();
    }

    /** The tag in words. */
    public static String describe(final int tag) {
        final int kind = ItemTag.kind(tag);
        if (kind >= ALL.length) {
            return "item " + Integer.toHexString(tag);
        }
        return ALL[kind].describeNumber(ItemTag.number(tag));
    }

    private String describeNumber(final int number) {
        return switch (this) {
            case DESCRIPTOR, MAPPING, PAGES, POSIX_TIMER, FILE_LOCK -> text + " " + number;
            case SIGNAL_ACTION, PENDING_SIGNAL -> number == 0 ? text : text + " " + Signals.nameOf(number);
            case INTERVAL_TIMER -> text + " " + SymbolicNames.INTERVAL_TIMER.text(number);
            case LIMIT -> text + " " + SymbolicNames.LIMIT.text(number);
            case NAMESPACE -> text + " " + SymbolicNames.CLONE.text((long) number << NAMESPACE_SHIFT);
            default -> text;
        };
    }
}
