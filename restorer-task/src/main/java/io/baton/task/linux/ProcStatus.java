package io.baton.task.linux;

import java.util.ArrayList;
import java.util.List;

/**
 * {@code /proc/PID/status}: who a task is and what it may do. What a kernel does not print is 0 or empty.
 *
 * @param state such as R, S, T (stopped), t (traced), Z (zombie).
 * @param tracer pid of who traces it, 0 for nobody.
 * @param seccompMode 0 none, 1 strict, 2 filters.
 */
public record ProcStatus(
        String name,
        char state,
        int umask,
        int tgid,
        int pid,
        int parent,
        int tracer,
        Ids uid,
        Ids gid,
        List<Integer> groups,
        Namespaced namespaced,
        int threads,
        SignalSets signals,
        CapabilitySets capabilities,
        boolean noNewPrivileges,
        int seccompMode,
        int seccompFilters) {

    public record Ids(int real, int effective, int saved, int fileSystem) {}

    /** Its ids in every pid namespace from the reader's inwards. */
    public record Namespaced(
            List<Integer> tgid, List<Integer> pid, List<Integer> processGroup, List<Integer> session) {}

    /** Signal sets, bit 0 for signal 1; pending ones of the thread and of its process. */
    public record SignalSets(long pending, long sharedPending, long blocked, long ignored, long caught) {}

    /** Capability sets, bit n for capability n. */
    public record CapabilitySets(long inheritable, long permitted, long effective, long bounding, long ambient) {}

    static ProcStatus parse(final ProcText text) {
        final Parser parser = new Parser();
        while (!text.atEnd()) {
            parser.line(text);
            text.skipLine();
        }
        return parser.status();
    }

    /** Gathers the lines; the kernel may print them in any order and add others. */
    private static final class Parser {
        private static final Ids NOBODY = new Ids(0, 0, 0, 0);

        private String name = "";
        private char state = '?';
        private int umask;
        private int tgid;
        private int pid;
        private int parent;
        private int tracer;
        private Ids uid = NOBODY;
        private Ids gid = NOBODY;
        private List<Integer> groups = List.of();
        private List<Integer> tgids = List.of();
        private List<Integer> pids = List.of();
        private List<Integer> processGroups = List.of();
        private List<Integer> sessions = List.of();
        private int threads;
        private final long[] signals = new long[5];
        private final long[] capabilities = new long[5];
        private boolean noNewPrivileges;
        private int seccompMode;
        private int seccompFilters;

        void line(final ProcText text) {
            switch (text.peek()) {
                case 'C' -> capability(text);
                case 'G', 'U' -> owner(text);
                case 'N' -> name(text);
                case 'P' -> process(text);
                case 'S' -> signalOrState(text);
                case 'T' -> thread(text);
                default -> {}
            }
        }

        private void capability(final ProcText text) {
            if (text.skipWord("CapInh:")) {
                capabilities[0] = text.hex();
            } else if (text.skipWord("CapPrm:")) {
                capabilities[1] = text.hex();
            } else if (text.skipWord("CapEff:")) {
                capabilities[2] = text.hex();
            } else if (text.skipWord("CapBnd:")) {
                capabilities[3] = text.hex();
            } else if (text.skipWord("CapAmb:")) {
                capabilities[4] = text.hex();
            }
        }

        private void owner(final ProcText text) {
            if (text.skipWord("Uid:")) {
                uid = ids(text);
            } else if (text.skipWord("Gid:")) {
                gid = ids(text);
            } else if (text.skipWord("Groups:")) {
                groups = list(text);
            } else if (text.skipWord("Umask:")) {
                umask = (int) text.octal();
            }
        }

        private void name(final ProcText text) {
            if (text.skipWord("Name:")) {
                text.skip('\t');
                name = text.line();
            } else if (text.skipWord("NoNewPrivs:")) {
                noNewPrivileges = text.integer() != 0;
            } else if (text.skipWord("NStgid:")) {
                tgids = list(text);
            } else if (text.skipWord("NSpid:")) {
                pids = list(text);
            } else if (text.skipWord("NSpgid:")) {
                processGroups = list(text);
            } else if (text.skipWord("NSsid:")) {
                sessions = list(text);
            }
        }

        private void process(final ProcText text) {
            if (text.skipWord("Pid:")) {
                pid = text.integer();
            } else if (text.skipWord("PPid:")) {
                parent = text.integer();
            }
        }

        private void signalOrState(final ProcText text) {
            if (text.skipWord("State:")) {
                text.skipBlanks();
                state = (char) text.peek();
            } else if (text.skipWord("SigPnd:")) {
                signals[0] = text.hex();
            } else if (text.skipWord("ShdPnd:")) {
                signals[1] = text.hex();
            } else if (text.skipWord("SigBlk:")) {
                signals[2] = text.hex();
            } else if (text.skipWord("SigIgn:")) {
                signals[3] = text.hex();
            } else if (text.skipWord("SigCgt:")) {
                signals[4] = text.hex();
            } else if (text.skipWord("Seccomp:")) {
                seccompMode = text.integer();
            } else if (text.skipWord("Seccomp_filters:")) {
                seccompFilters = text.integer();
            }
        }

        private void thread(final ProcText text) {
            if (text.skipWord("Tgid:")) {
                tgid = text.integer();
            } else if (text.skipWord("TracerPid:")) {
                tracer = text.integer();
            } else if (text.skipWord("Threads:")) {
                threads = text.integer();
            }
        }

        /** Ids are unsigned: 4294967295 is -1 here, as in the system calls. */
        private static Ids ids(final ProcText text) {
            return new Ids(text.integer(), text.integer(), text.integer(), text.integer());
        }

        private static List<Integer> list(final ProcText text) {
            final List<Integer> numbers = new ArrayList<>(2);
            for (final int number : text.integers()) {
                numbers.add(number);
            }
            return numbers;
        }

        ProcStatus status() {
            return new ProcStatus(
                    name,
                    state,
                    umask,
                    tgid,
                    pid,
                    parent,
                    tracer,
                    uid,
                    gid,
                    groups,
                    new Namespaced(tgids, pids, processGroups, sessions),
                    threads,
                    new SignalSets(signals[0], signals[1], signals[2], signals[3], signals[4]),
                    new CapabilitySets(
                            capabilities[0], capabilities[1], capabilities[2], capabilities[3], capabilities[4]),
                    noNewPrivileges,
                    seccompMode,
                    seccompFilters);
        }
    }
}
