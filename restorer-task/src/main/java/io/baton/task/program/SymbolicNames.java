package io.baton.task.program;

import java.util.ArrayList;
import java.util.List;

/**
 * Names for the numbers of one kind of argument: bits that are or-ed, or values of which it is one. Source: the kernel's
 * {@code uapi} headers for x86-64.
 */
public final class SymbolicNames {
    private static final String SEPARATOR = "|";

    /** File status flags, as {@code open(2)} takes them; the access mode is always named. */
    public static final SymbolicNames OPEN = bits("O_TMPFILE=0x410000 O_SYNC=0x101000 O_WRONLY=1 O_RDWR=2 O_CREAT=0x40"
            + " O_EXCL=0x80 O_NOCTTY=0x100 O_TRUNC=0x200 O_APPEND=0x400 O_NONBLOCK=0x800 O_DSYNC=0x1000 O_ASYNC=0x2000"
            + " O_DIRECT=0x4000 O_LARGEFILE=0x8000 O_DIRECTORY=0x10000 O_NOFOLLOW=0x20000 O_NOATIME=0x40000"
            + " O_CLOEXEC=0x80000 O_PATH=0x200000");

    /** The same bits where there is no access mode, as {@code dup3(2)} and others take them. */
    public static final SymbolicNames DESCRIPTOR = bits("O_NONBLOCK=0x800 O_DIRECT=0x4000 O_CLOEXEC=0x80000");

    public static final SymbolicNames PROTECTION =
            bits("PROT_READ=1 PROT_WRITE=2 PROT_EXEC=4 PROT_GROWSDOWN=0x1000000" + " PROT_GROWSUP=0x2000000");

    public static final SymbolicNames MAP = bits("MAP_SHARED_VALIDATE=3 MAP_SHARED=1 MAP_PRIVATE=2 MAP_FIXED=0x10"
            + " MAP_ANONYMOUS=0x20 MAP_32BIT=0x40 MAP_GROWSDOWN=0x100 MAP_DENYWRITE=0x800 MAP_EXECUTABLE=0x1000"
            + " MAP_LOCKED=0x2000 MAP_NORESERVE=0x4000 MAP_POPULATE=0x8000 MAP_NONBLOCK=0x10000 MAP_STACK=0x20000"
            + " MAP_HUGETLB=0x40000 MAP_SYNC=0x80000 MAP_FIXED_NOREPLACE=0x100000");

    public static final SymbolicNames REMAP = bits("MREMAP_MAYMOVE=1 MREMAP_FIXED=2 MREMAP_DONTUNMAP=4");

    public static final SymbolicNames CLONE = bits("CLONE_VM=0x100 CLONE_FS=0x200 CLONE_FILES=0x400"
            + " CLONE_SIGHAND=0x800 CLONE_PIDFD=0x1000 CLONE_PTRACE=0x2000 CLONE_VFORK=0x4000 CLONE_PARENT=0x8000"
            + " CLONE_THREAD=0x10000 CLONE_NEWNS=0x20000 CLONE_SYSVSEM=0x40000 CLONE_SETTLS=0x80000"
            + " CLONE_PARENT_SETTID=0x100000 CLONE_CHILD_CLEARTID=0x200000 CLONE_UNTRACED=0x800000"
            + " CLONE_CHILD_SETTID=0x1000000 CLONE_NEWCGROUP=0x2000000 CLONE_NEWUTS=0x4000000 CLONE_NEWIPC=0x8000000"
            + " CLONE_NEWUSER=0x10000000 CLONE_NEWPID=0x20000000 CLONE_NEWNET=0x40000000 CLONE_IO=0x80000000"
            + " CLONE_CLEAR_SIGHAND=0x100000000 CLONE_INTO_CGROUP=0x200000000 CLONE_NEWTIME=0x80");

    public static final SymbolicNames AT = bits("AT_SYMLINK_NOFOLLOW=0x100 AT_REMOVEDIR=0x200 AT_SYMLINK_FOLLOW=0x400"
            + " AT_NO_AUTOMOUNT=0x800 AT_EMPTY_PATH=0x1000");

    public static final SymbolicNames WAIT = bits("WNOHANG=1 WUNTRACED=2 WEXITED=4 WCONTINUED=8 WNOWAIT=0x1000000"
            + " __WNOTHREAD=0x20000000 __WALL=0x40000000 __WCLONE=0x80000000");

    public static final SymbolicNames SIGNAL_ACTION = bits("SA_NOCLDSTOP=1 SA_NOCLDWAIT=2 SA_SIGINFO=4"
            + " SA_RESTORER=0x4000000 SA_ONSTACK=0x8000000 SA_RESTART=0x10000000 SA_NODEFER=0x40000000"
            + " SA_RESETHAND=0x80000000");

    public static final SymbolicNames CLOSE_ON_EXEC = bits("FD_CLOEXEC=1");

    public static final SymbolicNames FCNTL = values("F_DUPFD=0 F_GETFD=1 F_SETFD=2 F_GETFL=3 F_SETFL=4 F_GETLK=5"
            + " F_SETLK=6 F_SETLKW=7 F_SETOWN=8 F_GETOWN=9 F_SETSIG=10 F_GETSIG=11 F_SETOWN_EX=15 F_GETOWN_EX=16"
            + " F_OFD_GETLK=36 F_OFD_SETLK=37 F_OFD_SETLKW=38 F_SETLEASE=1024 F_GETLEASE=1025 F_DUPFD_CLOEXEC=1030"
            + " F_SETPIPE_SZ=1031 F_GETPIPE_SZ=1032 F_ADD_SEALS=1033 F_GET_SEALS=1034");

    public static final SymbolicNames PRCTL = values("PR_SET_PDEATHSIG=1 PR_GET_PDEATHSIG=2 PR_GET_DUMPABLE=3"
            + " PR_SET_DUMPABLE=4 PR_GET_KEEPCAPS=7 PR_SET_KEEPCAPS=8 PR_SET_NAME=15 PR_GET_NAME=16 PR_GET_SECCOMP=21"
            + " PR_SET_SECCOMP=22 PR_CAPBSET_READ=23 PR_CAPBSET_DROP=24 PR_GET_TSC=25 PR_SET_TSC=26"
            + " PR_GET_SECUREBITS=27 PR_SET_SECUREBITS=28 PR_SET_TIMERSLACK=29 PR_GET_TIMERSLACK=30 PR_MCE_KILL=33"
            + " PR_MCE_KILL_GET=34 PR_SET_MM=35 PR_SET_CHILD_SUBREAPER=36 PR_GET_CHILD_SUBREAPER=37"
            + " PR_SET_NO_NEW_PRIVS=38 PR_GET_NO_NEW_PRIVS=39 PR_SET_THP_DISABLE=41 PR_GET_THP_DISABLE=42"
            + " PR_CAP_AMBIENT=47 PR_GET_SPECULATION_CTRL=52 PR_SET_SPECULATION_CTRL=53 PR_SET_IO_FLUSHER=57"
            + " PR_GET_IO_FLUSHER=58 PR_SET_SYSCALL_USER_DISPATCH=59 PR_SCHED_CORE=62 PR_SET_MDWE=65 PR_GET_MDWE=66"
            + " PR_SET_MEMORY_MERGE=67 PR_GET_MEMORY_MERGE=68 PR_TIMER_CREATE_RESTORE_IDS=77"
            + " PR_SET_VMA=0x53564d41 PR_SET_PTRACER=0x59616d61");

    public static final SymbolicNames PRCTL_MEMORY = values("PR_SET_MM_START_CODE=1 PR_SET_MM_END_CODE=2"
            + " PR_SET_MM_START_DATA=3 PR_SET_MM_END_DATA=4 PR_SET_MM_START_STACK=5 PR_SET_MM_START_BRK=6"
            + " PR_SET_MM_BRK=7 PR_SET_MM_ARG_START=8 PR_SET_MM_ARG_END=9 PR_SET_MM_ENV_START=10"
            + " PR_SET_MM_ENV_END=11 PR_SET_MM_AUXV=12 PR_SET_MM_EXE_FILE=13 PR_SET_MM_MAP=14 PR_SET_MM_MAP_SIZE=15");

    public static final SymbolicNames ARCH_PRCTL = values("ARCH_SET_GS=0x1001 ARCH_SET_FS=0x1002 ARCH_GET_FS=0x1003"
            + " ARCH_GET_GS=0x1004 ARCH_GET_CPUID=0x1011 ARCH_SET_CPUID=0x1012 ARCH_GET_XCOMP_SUPP=0x1021"
            + " ARCH_GET_XCOMP_PERM=0x1022 ARCH_REQ_XCOMP_PERM=0x1023 ARCH_MAP_VDSO_X32=0x2001"
            + " ARCH_MAP_VDSO_32=0x2002 ARCH_MAP_VDSO_64=0x2003 ARCH_SHSTK_ENABLE=0x5001 ARCH_SHSTK_DISABLE=0x5002");

    public static final SymbolicNames SEEK = values("SEEK_SET=0 SEEK_CUR=1 SEEK_END=2 SEEK_DATA=3 SEEK_HOLE=4");

    public static final SymbolicNames SIGNAL_MASK = values("SIG_BLOCK=0 SIG_UNBLOCK=1 SIG_SETMASK=2");

    public static final SymbolicNames INTERVAL_TIMER = values("ITIMER_REAL=0 ITIMER_VIRTUAL=1 ITIMER_PROF=2");

    public static final SymbolicNames CLOCK = values("CLOCK_REALTIME=0 CLOCK_MONOTONIC=1 CLOCK_PROCESS_CPUTIME_ID=2"
            + " CLOCK_THREAD_CPUTIME_ID=3 CLOCK_MONOTONIC_RAW=4 CLOCK_REALTIME_COARSE=5 CLOCK_MONOTONIC_COARSE=6"
            + " CLOCK_BOOTTIME=7 CLOCK_REALTIME_ALARM=8 CLOCK_BOOTTIME_ALARM=9 CLOCK_TAI=11");

    public static final SymbolicNames LIMIT = values("RLIMIT_CPU=0 RLIMIT_FSIZE=1 RLIMIT_DATA=2 RLIMIT_STACK=3"
            + " RLIMIT_CORE=4 RLIMIT_RSS=5 RLIMIT_NPROC=6 RLIMIT_NOFILE=7 RLIMIT_MEMLOCK=8 RLIMIT_AS=9"
            + " RLIMIT_LOCKS=10 RLIMIT_SIGPENDING=11 RLIMIT_MSGQUEUE=12 RLIMIT_NICE=13 RLIMIT_RTPRIO=14"
            + " RLIMIT_RTTIME=15");

    public static final SymbolicNames ADVICE = values("MADV_NORMAL=0 MADV_RANDOM=1 MADV_SEQUENTIAL=2 MADV_WILLNEED=3"
            + " MADV_DONTNEED=4 MADV_FREE=8 MADV_REMOVE=9 MADV_DONTFORK=10 MADV_DOFORK=11 MADV_MERGEABLE=12"
            + " MADV_UNMERGEABLE=13 MADV_HUGEPAGE=14 MADV_NOHUGEPAGE=15 MADV_DONTDUMP=16 MADV_DODUMP=17"
            + " MADV_WIPEONFORK=18 MADV_KEEPONFORK=19 MADV_COLD=20 MADV_PAGEOUT=21 MADV_POPULATE_READ=22"
            + " MADV_POPULATE_WRITE=23 MADV_COLLAPSE=25 MADV_GUARD_INSTALL=102 MADV_GUARD_REMOVE=103");

    public static final SymbolicNames SOCKET_FAMILY =
            values("AF_UNSPEC=0 AF_UNIX=1 AF_INET=2 AF_INET6=10 AF_NETLINK=16" + " AF_PACKET=17 AF_VSOCK=40");

    public static final SymbolicNames SOCKET_TYPE = bits(
            "SOCK_SEQPACKET=5 SOCK_RAW=3 SOCK_STREAM=1 SOCK_DGRAM=2" + " SOCK_NONBLOCK=0x800 SOCK_CLOEXEC=0x80000");

    public static final SymbolicNames EPOLL = values("EPOLL_CTL_ADD=1 EPOLL_CTL_DEL=2 EPOLL_CTL_MOD=3");

    public static final SymbolicNames FUTEX =
            values("FUTEX_WAIT=0 FUTEX_WAKE=1 FUTEX_WAIT_BITSET=9 FUTEX_WAKE_BITSET=10"
                    + " FUTEX_WAIT_PRIVATE=128 FUTEX_WAKE_PRIVATE=129");

    public static final SymbolicNames TERMINAL = values("TCGETS=0x5401 TCSETS=0x5402 TCSETSW=0x5403 TCSETSF=0x5404"
            + " TIOCEXCL=0x540c TIOCSCTTY=0x540e TIOCGPGRP=0x540f TIOCSPGRP=0x5410 TIOCGWINSZ=0x5413 TIOCSWINSZ=0x5414"
            + " FIONREAD=0x541b TIOCPKT=0x5420 FIONBIO=0x5421 TIOCNOTTY=0x5422 TIOCGSID=0x5429 TIOCGPTN=0x80045430"
            + " TIOCSPTLCK=0x40045431 TFD_IOC_SET_TICKS=0x40085400");

    private final List<Symbol> symbols;
    private final boolean bits;

    private record Symbol(String name, long value) {}

    private SymbolicNames(final String table, final boolean bits) {
        this.bits = bits;
        this.symbols = new ArrayList<>();
        for (final String entry : table.split(" ")) {
            final int equals = entry.indexOf('=');
            symbols.add(new Symbol(entry.substring(0, equals), Long.decode(entry.substring(equals + 1))));
        }
    }

    /** Bits; a name of several bits stands before those of single ones. */
    private static SymbolicNames bits(final String table) {
        return new SymbolicNames(table, true);
    }

    private static SymbolicNames values(final String table) {
        return new SymbolicNames(table, false);
    }

    /** The number in names: {@code MAP_PRIVATE|MAP_FIXED}; what has none stays a number. */
    public String text(final long value) {
        return bits ? bitsText(value) : valueText(value);
    }

    private String valueText(final long value) {
        for (final Symbol symbol : symbols) {
            if (symbol.value == value) {
                return symbol.name;
            }
        }
        return number(value);
    }

    private String bitsText(final long value) {
        final StringBuilder text = new StringBuilder();
        if (this == OPEN && (value & 3) == 0) {
            text.append("O_RDONLY");
        }
        long rest = value;
        for (final Symbol symbol : symbols) {
            if ((rest & symbol.value) == symbol.value) {
                rest &= ~symbol.value;
                text.append(text.isEmpty() ? "" : SEPARATOR).append(symbol.name);
            }
        }
        if (rest != 0) {
            text.append(text.isEmpty() ? "" : SEPARATOR).append("0x").append(Long.toHexString(rest));
        }
        if (text.isEmpty()) {
            return this == PROTECTION ? "PROT_NONE" : "0";
        }
        return text.toString();
    }

    /** A number as a reader would write it: small ones in decimal, others in hexadecimal. */
    static String number(final long value) {
        return Math.abs(value) < 4096 ? Long.toString(value) : "0x" + Long.toHexString(value);
    }
}
