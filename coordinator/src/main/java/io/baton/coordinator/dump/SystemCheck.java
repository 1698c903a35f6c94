package io.baton.coordinator.dump;

import io.baton.coordinator.ptrace.Ask;
import io.baton.coordinator.ptrace.AskRunner;
import io.baton.coordinator.ptrace.Deadline;
import io.baton.coordinator.ptrace.SeizedTree;
import io.baton.coordinator.ptrace.TreeSeizer;
import io.baton.coordinator.tracking.WatchMethod;
import io.baton.mktree.launch.NativeFiles;
import io.baton.task.linux.Capabilities;
import io.baton.task.linux.Errno;
import io.baton.task.linux.Kcmp;
import io.baton.task.linux.LinuxException;
import io.baton.task.linux.MemFd;
import io.baton.task.linux.Memory;
import io.baton.task.linux.PageMap;
import io.baton.task.linux.PidFd;
import io.baton.task.linux.ProcFs;
import io.baton.task.linux.ProcMap;
import io.baton.task.linux.Signals;
import io.baton.task.linux.Spawner;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.linux.SystemCall;
import io.baton.task.linux.Wait;
import io.baton.task.program.ProgramBuilder;
import java.util.ArrayList;
import java.util.List;

/** Whether this system, and what we may do on it, will do: tried out, not guessed from versions, where that is possible. */
public final class SystemCheck {
    private static final int PR_SET_MM = 35;
    private static final int PR_SET_MM_MAP_SIZE = 15;
    private static final int PR_TIMER_CREATE_RESTORE_IDS = 77;
    private static final int TIMER_RESTORE_GET = 2;
    private static final int ARCH_MAP_VDSO_64 = 0x2003;
    private static final long PATIENCE_SECONDS = 5;
    private static final String PREY = "/bin/sleep";
    private static final String RIGHTS = "run as root, or with the capabilities named";

    private final List<Finding> findings = new ArrayList<>();

    private SystemCheck() {}

    /**
     * One thing tried.
     *
     * @param name of it
     * @param needed whether nothing works without it
     * @param problem what is wrong, empty if nothing
     * @param remedy what the user can do
     */
    public record Finding(String name, boolean needed, String problem, String remedy) {
        /** Whether it is there. */
        public boolean good() {
            return problem.isEmpty();
        }

        @Override
        public String toString() {
            if (good()) {
                return "ok       " + name;
            }
            return (needed ? "MISSING  " : "lacking  ") + name + ": " + problem
                    + (remedy.isEmpty() ? "" : " (" + remedy + ")");
        }
    }

    /** Something that throws when it does not work. */
    private interface Trial {
        void run();
    }

    /** Tries everything. */
    public static List<Finding> run() {
        SystemCheck check = new SystemCheck();
        check.checkRestore();
        check.checkRights();
        check.checkDump();
        return check.findings;
    }

    private void checkRestore() {
        attempt(
                "memfd_create",
                true,
                "Linux 3.17",
                () -> MemFd.create("baton-check", PageMap.PAGE_SIZE).close());
        attempt("prctl PR_SET_MM_MAP", true, "a kernel with CONFIG_CHECKPOINT_RESTORE", () -> {
            try (Memory size = Memory.allocate(Integer.BYTES)) {
                prctl(PR_SET_MM, PR_SET_MM_MAP_SIZE, size.address());
            }
        });
        attempt("arch_prctl ARCH_MAP_VDSO_64", true, "a kernel with CONFIG_CHECKPOINT_RESTORE", () -> {
            // We have a vDSO, so a kernel that knows the request says that there is one.
            long result = SystemCall.call(SyscallNumber.ARCH_PRCTL, ARCH_MAP_VDSO_64, 0);
            if (result != -Errno.EEXIST) {
                SystemCall.check(result, SyscallNumber.ARCH_PRCTL);
            }
        });
        attempt(
                "prctl PR_TIMER_CREATE_RESTORE_IDS",
                false,
                "Linux 6.15; without it timers are restored more slowly",
                () -> prctl(PR_TIMER_CREATE_RESTORE_IDS, TIMER_RESTORE_GET, 0));
    }

    private static void prctl(int option, long a, long b) {
        SystemCall.check(SystemCall.call(SyscallNumber.PRCTL, option, a, b, 0, 0), SyscallNumber.PRCTL);
    }

    private void checkRights() {
        Capabilities own = Capabilities.of(0);
        boolean admin = own.has(Capabilities.CAP_SYS_ADMIN);
        right(
                "clone3 with chosen pids, map_files: CAP_CHECKPOINT_RESTORE or CAP_SYS_ADMIN",
                true,
                admin || own.has(Capabilities.CAP_CHECKPOINT_RESTORE));
        right("tasks of other users: CAP_SYS_PTRACE", false, own.has(Capabilities.CAP_SYS_PTRACE));
        right("raising limits: CAP_SYS_RESOURCE", false, own.has(Capabilities.CAP_SYS_RESOURCE));
    }

    private void right(String name, boolean needed, boolean held) {
        findings.add(new Finding(name, needed, held ? "" : "not held", RIGHTS));
    }

    /** On a program of our own. */
    private void checkDump() {
        int pid;
        try {
            pid = new Spawner(PREY, PREY, Long.toString(2 * PATIENCE_SECONDS))
                    .newSession()
                    .spawn();
        } catch (LinuxException e) {
            findings.add(new Finding("ptrace", true, "cannot be tried: " + e.getMessage(), "install coreutils"));
            return;
        }
        try {
            attempt("ptrace, runner in a stopped task", true, RIGHTS, () -> ask(pid));
            attempt("/proc/PID/task/TID/children", true, "a kernel with CONFIG_PROC_CHILDREN", () -> {
                try (var proc = new ProcFs()) {
                    proc.children(pid, pid);
                }
            });
            attempt("kcmp", true, "a kernel with CONFIG_KCMP", () -> Kcmp.tasks(Kcmp.VM, pid, pid));
            attempt("PAGEMAP_SCAN", false, "Linux 6.7; without it memory is dumped more slowly", () -> scan(pid));
            attempt("pre-dump, --track-mem", false, WatchMethod.REMEDY, WatchMethod::find);
            attempt("pidfd_getfd", true, "Linux 5.6", () -> {
                try (var handle = PidFd.open(pid)) {
                    handle.fetch(0).close();
                }
            });
        } finally {
            Signals.kill(pid, Signals.SIGKILL);
            Wait.wait4(pid, 0);
        }
    }

    private static void ask(int pid) {
        Deadline deadline = Deadline.after(PATIENCE_SECONDS);
        try (SeizedTree tree = TreeSeizer.seize(pid, deadline);
                AskRunner runner = new AskRunner(tree.proc(), NativeFiles.runner(), NativeFiles.ASK_OFFSET, deadline)) {
            ProgramBuilder program = new ProgramBuilder();
            int result = program.call(SyscallNumber.GETPID).result();
            Ask ask = new Ask(tree.root().firstThread(), program);
            runner.run(List.of(ask));
            if (ask.block().getLong(ProgramBuilder.resultOffset(result)) != pid) {
                throw new IllegalStateException("a wrong answer");
            }
        }
    }

    private static void scan(int pid) {
        try (var proc = new ProcFs();
                PageMap pages = PageMap.open(pid)) {
            ProcMap first = proc.maps(pid).get(0);
            pages.scan(first.start(), first.end(), PageMap.Selection.POPULATED, (start, end, kinds) -> {});
        }
    }

    private void attempt(String name, boolean needed, String remedy, Trial trial) {
        String problem = "";
        try {
            trial.run();
        } catch (RuntimeException e) {
            problem = String.valueOf(e.getMessage());
        }
        findings.add(new Finding(name, needed, problem, remedy));
    }
}
