package io.baton.mktree.tree;

import java.util.List;

/**
 * What {@code /proc/PID/stat} says of a process, as far as the tree shows it. Source: {@code proc_pid_stat(5)}.
 *
 * @param state     a letter: Z for one that has exited, X for one that is going
 * @param threads   number of threads, a leader that has exited included
 * @param startTime clock ticks after boot
 * @param exitCode  16-bit wait status; 0 to whoever may not trace the process
 */
record ProcStat(
        int pid, String comm, char state, int ppid, int pgid, int sid, int threads, long startTime, int exitCode) {
    private static final int STATE = 0;
    private static final int PPID = 1;
    private static final int PGID = 2;
    private static final int SID = 3;
    private static final int THREADS = 17;
    private static final int START_TIME = 19;
    private static final int EXIT_CODE = 49;

    static ProcStat parse(String line) {
        // The name may hold blanks and brackets; nothing after it does.
        int open = line.indexOf('(');
        int close = line.lastIndexOf(')');
        String[] fields = line.substring(close + 2).stripTrailing().split(" ");
        return new ProcStat(
                Integer.parseInt(line.substring(0, open - 1)),
                line.substring(open + 1, close),
                fields[STATE].charAt(0),
                Integer.parseInt(fields[PPID]),
                Integer.parseInt(fields[PGID]),
                Integer.parseInt(fields[SID]),
                Integer.parseInt(fields[THREADS]),
                Long.parseLong(fields[START_TIME]),
                Integer.parseInt(fields[EXIT_CODE]));
    }

    Task task(int parent, List<Integer> ids) {
        Task task = Task.of(pid, parent, pgid, sid).withThreads(ids).withComm(comm);
        if (state != 'Z' && state != 'X') {
            return task;
        }
        return ids.size() > 1 ? task.withDeadLeader(exitCode) : task.asZombie(exitCode);
    }
}
