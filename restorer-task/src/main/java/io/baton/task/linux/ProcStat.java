package io.baton.task.linux;

/**
 * {@code /proc/PID/stat}: one task's numbers, as the kernel prints them. Addresses are 0 to a reader that may not
 * trace the task. Source: {@code proc_pid_stat(5)}.
 */
public final class ProcStat {
    private static final int FIELDS = 53;

    private final String comm;
    private final char state;
    /** By the manual's numbering, from 1; those of pid, comm and state are not used. */
    private final long[] fields = new long[FIELDS];

    private ProcStat(final int pid, final String comm, final char state) {
        fields[1] = pid;
        this.comm = comm;
        this.state = state;
    }

    static ProcStat parse(final ProcText text) {
        final int pid = text.integer();
        text.skipPast('(');
        final int start = text.position();
        // The name may hold anything, also ") R (" and newlines; what follows it holds no parenthesis.
        final int end = text.lastIndexOf(')');
        text.position(end + 2);
        final ProcStat stat = new ProcStat(pid, text.string(start, end), (char) text.next());
        for (int field = 4; field < FIELDS; field++) {
            stat.fields[field] = text.decimal();
        }
        return stat;
    }

    /** A field by the manual's number, from 4 to 52. */
    public long field(final int number) {
        return fields[number];
    }

    public int pid() {
        return (int) fields[1];
    }

    /** Name of the task, at most 15 bytes. */
    public String comm() {
        return comm;
    }

    /** Such as R, S, D, T (stopped), t (traced), Z (zombie), X (dead). */
    public char state() {
        return state;
    }

    public boolean isZombie() {
        return state == 'Z' || state == 'X';
    }

    public int parent() {
        return (int) fields[4];
    }

    public int processGroup() {
        return (int) fields[5];
    }

    public int session() {
        return (int) fields[6];
    }

    /** Device number of the controlling terminal, 0 for none. */
    public int terminal() {
        return (int) fields[7];
    }

    /** The terminal's foreground group, -1 for none. */
    public int terminalGroup() {
        return (int) fields[8];
    }

    /** {@code PF_...} of the kernel. */
    public int flags() {
        return (int) fields[9];
    }

    public int priority() {
        return (int) fields[18];
    }

    public int nice() {
        return (int) fields[19];
    }

    public int threads() {
        return (int) fields[20];
    }

    /** When it started, in clock ticks since boot; with the pid it names a task for good. */
    public long startTime() {
        return fields[22];
    }

    public long startCode() {
        return fields[26];
    }

    public long endCode() {
        return fields[27];
    }

    public long startStack() {
        return fields[28];
    }

    /** The signal its parent gets at its death. */
    public int exitSignal() {
        return (int) fields[38];
    }

    public int schedulingPriority() {
        return (int) fields[40];
    }

    public int policy() {
        return (int) fields[41];
    }

    public long startData() {
        return fields[45];
    }

    public long endData() {
        return fields[46];
    }

    public long startBrk() {
        return fields[47];
    }

    public long startArguments() {
        return fields[48];
    }

    public long endArguments() {
        return fields[49];
    }

    public long startEnvironment() {
        return fields[50];
    }

    public long endEnvironment() {
        return fields[51];
    }

    /** A zombie's wait status, see {@link WaitStatus}. */
    public int exitCode() {
        return (int) fields[52];
    }

    @Override
    public String toString() {
        return pid() + " (" + comm + ") " + state;
    }
}
