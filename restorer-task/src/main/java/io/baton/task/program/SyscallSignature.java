package io.baton.task.program;

import io.baton.task.linux.SyscallNumber;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * How a system call's arguments are to be read.
 *
 * @param types one for each argument
 * @param required how many of them are always shown; those after them only where one is not 0
 */
record SyscallSignature(List<ArgumentType> types, int required) {
    static final int AT_FDCWD = -100;

    private static final int PR_SET_PDEATHSIG = 1;
    private static final int PR_SET_NAME = 15;
    private static final int PR_SET_MM = 35;
    private static final int F_SETFD = 2;
    private static final int F_SETFL = 4;
    private static final int F_SETSIG = 10;

    private static final SyscallSignature UNKNOWN = new SyscallSignature(List.of(), 0);

    /** Name and types; a question mark follows the types that may be left out. */
    private static final String TEXT = """
            read any hex decimal
            write any path decimal
            close any
            fstat any hex
            lseek any decimal seek
            mmap hex hex protection map decimal hex
            mprotect hex hex protection
            munmap hex hex
            mremap hex hex hex remap hex?
            madvise hex hex advice
            mlock hex hex
            mlock2 hex hex any
            msync hex hex any
            brk hex
            rt_sigaction signal signal_action signal_action decimal
            rt_sigprocmask signal_mask signal_set signal_set decimal
            rt_sigtimedwait signal_set hex hex decimal
            rt_sigpending signal_set decimal
            rt_sigqueueinfo decimal signal hex
            rt_tgsigqueueinfo decimal decimal signal hex
            ioctl any terminal hex
            pread64 any hex decimal decimal
            pwrite64 any path decimal decimal
            readv any vector decimal
            writev any vector decimal
            preadv any vector decimal decimal
            preadv2 any vector decimal decimal any any
            pipe2 hex descriptor
            dup any
            dup2 any any
            dup3 any any descriptor
            nanosleep hex hex
            clock_nanosleep clock any hex hex
            getitimer interval_timer hex
            setitimer interval_timer hex hex
            getpid
            gettid
            getppid
            getpgid decimal
            getsid decimal
            setsid
            setpgid decimal decimal
            socket socket_family socket_type any
            socketpair socket_family socket_type any hex
            connect any hex decimal
            bind any hex decimal
            listen any decimal
            exit decimal
            exit_group decimal
            wait4 decimal hex wait hex
            waitid any decimal hex wait hex
            kill decimal signal
            tkill decimal signal
            tgkill decimal decimal signal
            fcntl any fcntl any
            ftruncate any decimal
            chdir path
            fchdir any
            chroot path
            umask octal
            unlink path
            unlinkat directory path at
            mkdirat directory path octal
            mknodat directory path octal hex
            linkat directory path directory path at
            fchmod any octal
            personality hex
            setpriority any decimal decimal
            getpriority any decimal
            sched_setscheduler decimal any hex
            sched_setattr decimal hex any
            sched_setaffinity decimal decimal hex
            prctl prctl any any? any any
            arch_prctl arch_prctl hex
            setrlimit limit hex
            prlimit64 decimal limit hex hex
            sigaltstack hex hex
            setuid decimal
            setgid decimal
            setresuid decimal decimal decimal
            setresgid decimal decimal decimal
            setfsuid decimal
            setfsgid decimal
            setgroups decimal hex
            capset hex hex
            capget hex hex
            futex hex futex any hex hex? any
            set_tid_address hex
            set_robust_list hex decimal
            rseq hex decimal any hex
            timer_create clock hex hex
            timer_settime decimal any hex hex
            timer_delete decimal
            clone3 hex decimal
            openat directory path open octal?
            open path open octal?
            eventfd2 decimal descriptor
            epoll_create1 descriptor
            epoll_ctl any epoll any hex
            signalfd4 any signal_set decimal descriptor
            timerfd_create clock descriptor
            timerfd_settime any any hex hex
            memfd_create path hex
            inotify_init1 descriptor
            inotify_add_watch any path hex
            flock any any
            ppoll hex decimal hex signal_set decimal
            pidfd_open decimal any
            pidfd_getfd any any any
            close_range any any any
            unshare clone
            setns any clone
            mount path path path hex path
            umount2 path hex
            sethostname path decimal
            setdomainname path decimal
            """;

    /** The signature of that call; none of it where the table lacks it. */
    static SyscallSignature of(final int number) {
        return Table.BY_NAME.getOrDefault(SyscallNumber.describe(number), UNKNOWN);
    }

    /** Names of the calls in the table. */
    static Set<String> names() {
        return Table.BY_NAME.keySet();
    }

    /**
     * Type of an argument.
     *
     * @param number of the system call
     * @param command for the calls that do many things, the argument that says which
     */
    ArgumentType type(final int argument, final int number, final long command) {
        if (argument == 1 && number == SyscallNumber.PRCTL) {
            return prctlType((int) command);
        }
        if (argument == 2 && number == SyscallNumber.FCNTL) {
            return fcntlType((int) command);
        }
        return argument < types.size() ? types.get(argument) : ArgumentType.ANY;
    }

    private static ArgumentType prctlType(final int command) {
        return switch (command) {
            case PR_SET_PDEATHSIG -> ArgumentType.SIGNAL;
            case PR_SET_NAME -> ArgumentType.PATH;
            case PR_SET_MM -> ArgumentType.PRCTL_MEMORY;
            default -> ArgumentType.ANY;
        };
    }

    private static ArgumentType fcntlType(final int command) {
        return switch (command) {
            case F_SETFD -> ArgumentType.CLOSE_ON_EXEC;
            case F_SETFL -> ArgumentType.OPEN;
            case F_SETSIG -> ArgumentType.SIGNAL;
            default -> ArgumentType.ANY;
        };
    }

    private static final class Table {
        private static final Map<String, SyscallSignature> BY_NAME = parse();

        private static Map<String, SyscallSignature> parse() {
            final Map<String, SyscallSignature> table = new HashMap<>();
            for (final String line : TEXT.split("\n")) {
                final String[] words = line.split(" ");
                final List<ArgumentType> types = new ArrayList<>();
                int required = words.length - 1;
                for (int i = 1; i < words.length; i++) {
                    final boolean optional = words[i].endsWith("?");
                    if (optional) {
                        required = i - 1;
                    }
                    final String name = optional ? words[i].substring(0, words[i].length() - 1) : words[i];
                    types.add(ArgumentType.valueOf(name.toUpperCase(Locale.ROOT)));
                }
                table.put(words[0], new SyscallSignature(List.copyOf(types), required));
            }
            return table;
        }
    }
}
