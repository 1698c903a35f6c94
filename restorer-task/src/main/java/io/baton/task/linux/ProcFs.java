package io.baton.task.linux;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Reads {@code /proc}, into memory it keeps and grows. For one thread at a time.
 *
 * <p>What is not there, or no longer, is a {@link VanishedException}: a process, a thread, a descriptor, the {@code
 * exe} of a kernel thread.
 */
public final class ProcFs implements AutoCloseable {
    private static final int INITIAL_LENGTH = 64 * 1024;
    private static final int PATH_LENGTH = 512;
    /** In the kernel's {@code struct linux_dirent64}: ino 8, off 8, reclen 2, type 1, name. */
    private static final int DIRENT_RECORD_LENGTH = 16;

    private static final int DIRENT_NAME = 19;

    /** The kernel fills a page at least before it gives anything of a file that has many records. */
    private static final int PAGE = 4096;
    /** How long a record may be that is all of its file, however long: it is read as a whole. */
    private static final int ALONE = 0;
    /** Of a file of many records, whose length nobody knows. */
    private static final int ANY = PAGE;

    private static final int LONGEST_CHILD = 16;

    private final byte[] root;
    private final Memory pathMemory = Memory.allocate(PATH_LENGTH);
    private final UnsafeBuffer path = pathMemory.buffer();
    private final ProcText text = new ProcText();
    private int pathLength;
    private Memory memory = Memory.allocate(INITIAL_LENGTH);
    private byte[] bytes = new byte[INITIAL_LENGTH];

    /** Reads {@code /proc}. */
    public ProcFs() {
        this("/proc");
    }

    /** Reads a {@code proc} file system mounted elsewhere, such as that of another pid namespace. */
    public ProcFs(final String root) {
        this.root = (root + "/").getBytes(StandardCharsets.UTF_8);
    }

    public ProcStat stat(final int pid) {
        return ProcStat.parse(open(pid, "/stat", ALONE));
    }

    public ProcStat stat(final int pid, final int tid) {
        return ProcStat.parse(open(pid, tid, "/stat", ALONE));
    }

    public ProcStatus status(final int pid) {
        return ProcStatus.parse(open(pid, "/status", ALONE));
    }

    public ProcStatus status(final int pid, final int tid) {
        return ProcStatus.parse(open(pid, tid, "/status", ALONE));
    }

    /** Mappings in order of address; none of a zombie. */
    public List<ProcMap> maps(final int pid) {
        final ProcText lines = open(pid, "/maps", ANY);
        final List<ProcMap> maps = new ArrayList<>();
        while (!lines.atEnd()) {
            maps.add(ProcMap.parse(lines));
        }
        return maps;
    }

    /** Mappings with flags and usage; the kernel walks every page for it. */
    public List<ProcSmap> smaps(final int pid) {
        final ProcText lines = open(pid, "/smaps", ANY);
        final List<ProcSmap> maps = new ArrayList<>();
        while (!lines.atEnd()) {
            maps.add(ProcSmap.parse(lines));
        }
        return maps;
    }

    /** Of an open descriptor. */
    public ProcFdInfo fdInfo(final int pid, final int fd) {
        path(pid).append("/fdinfo/").append(fd);
        return ProcFdInfo.parse(parse(ALONE));
    }

    public List<ProcTimer> timers(final int pid) {
        final ProcText lines = open(pid, "/timers", ANY);
        final List<ProcTimer> timers = new ArrayList<>();
        while (!lines.atEnd()) {
            timers.add(ProcTimer.parse(lines));
        }
        return timers;
    }

    /** Children made by one thread, zombies too. Only sure if all of them, and the thread, are stopped. */
    public int[] children(final int pid, final int tid) {
        return open(pid, tid, "/children", LONGEST_CHILD).integers();
    }

    /** Threads of a process, in order of tid. */
    public int[] threads(final int pid) {
        path(pid).append("/task");
        return numbersIn();
    }

    /** Open descriptors of a process, in order. */
    public int[] descriptors(final int pid) {
        path(pid).append("/fd");
        return numbersIn();
    }

    /** All processes, in order of pid. */
    public int[] processes() {
        begin();
        return numbersIn();
    }

    /** All of a file below {@code /proc/PID}, such as {@code cgroup} or {@code auxv}. */
    public byte[] read(final int pid, final String name) {
        path(pid).append("/").append(name);
        final int length = fill(longest(name));
        return Arrays.copyOf(bytes, length);
    }

    /** All of a file below {@code /proc/PID}, as UTF-8, without a newline at its end. */
    public String readText(final int pid, final String name) {
        path(pid).append("/").append(name);
        final int length = fill(longest(name));
        final int end = length > 0 && bytes[length - 1] == '\n' ? length - 1 : length;
        return new String(bytes, 0, end, StandardCharsets.UTF_8);
    }

    /** Whether a file below {@code /proc/PID}, such as {@code maps}, has these bytes in it anywhere. */
    public boolean has(final int pid, final String name, final byte[] wanted) {
        path(pid).append("/").append(name);
        final int length = fill(ANY);
        final byte first = wanted[0];
        for (int i = 0; i <= length - wanted.length; i++) {
            if (bytes[i] == first && Arrays.equals(bytes, i, i + wanted.length, wanted, 0, wanted.length)) {
                return true;
            }
        }
        return false;
    }

    /** A decimal number in a file below {@code /proc/PID}, such as {@code oom_score_adj}. */
    public long readNumber(final int pid, final String name) {
        path(pid).append("/").append(name);
        return parse(ALONE).decimal();
    }

    private static int longest(final String name) {
        return switch (name) {
            case "attr/current", "auxv", "cgroup", "comm", "wchan" -> ALONE;
            default -> ANY;
        };
    }

    /** Target of a link below {@code /proc/PID}, such as {@code exe}, {@code fd/3} or {@code ns/pid}. */
    public String readLink(final int pid, final String name) {
        path(pid).append("/").append(name);
        final long result =
                SystemCall.call(SyscallNumber.READLINKAT, Files.AT_FDCWD, endPath(), memory.address(), memory.length());
        final int length = (int) check(result, SyscallNumber.READLINKAT);
        return Memory.readString(memory.buffer(), 0, length);
    }

    private ProcText open(final int pid, final String name, final int longest) {
        path(pid).append(name);
        return parse(longest);
    }

    private ProcText open(final int pid, final int tid, final String name, final int longest) {
        path(pid).append("/task/").append(tid).append(name);
        return parse(longest);
    }

    private ProcText parse(final int longest) {
        // In this order: filling may make the array a larger one.
        final int length = fill(longest);
        text.reset(bytes, length);
        return text;
    }

    /**
     * Reads the whole file into {@code bytes} and gives its length.
     *
     * @param longest that a record of it may be: if the kernel had room for one more, there is none.
     */
    private int fill(final int longest) {
        final int fd = openPath(Files.O_RDONLY);
        try {
            int length = 0;
            while (true) {
                if (memory.length() - length < Scratch.PATH_LENGTH) {
                    grow(length);
                }
                // Many of these files come a page at a time, however much is asked for; only 0 is the end.
                final long result =
                        SystemCall.call(SyscallNumber.READ, fd, memory.address() + length, memory.length() - length);
                final int count = (int) check(result, SyscallNumber.READ);
                if (count == 0) {
                    break;
                }
                length += count;
                if (count + longest < PAGE || (longest == ALONE && length < memory.length())) {
                    break;
                }
            }
            memory.buffer().getBytes(0, bytes, 0, length);
            return length;
        } finally {
            SystemCall.call(SyscallNumber.CLOSE, fd);
        }
    }

    private int[] numbersIn() {
        final int fd = openPath(Files.O_RDONLY | Files.O_DIRECTORY);
        int[] numbers = new int[16];
        int count = 0;
        try {
            while (true) {
                final long result = SystemCall.call(SyscallNumber.GETDENTS64, fd, memory.address(), memory.length());
                final int length = (int) check(result, SyscallNumber.GETDENTS64);
                if (length == 0) {
                    break;
                }
                final UnsafeBuffer entries = memory.buffer();
                for (int at = 0; at < length; at += entries.getShort(at + DIRENT_RECORD_LENGTH)) {
                    final int number = number(entries, at + DIRENT_NAME);
                    if (number >= 0) {
                        if (count == numbers.length) {
                            numbers = Arrays.copyOf(numbers, 2 * count);
                        }
                        numbers[count++] = number;
                    }
                }
            }
        } finally {
            SystemCall.call(SyscallNumber.CLOSE, fd);
        }
        return Arrays.copyOf(numbers, count);
    }

    /** The decimal number that is a name, or -1. */
    private static int number(final UnsafeBuffer buffer, final int offset) {
        int number = 0;
        int at = offset;
        for (byte c = buffer.getByte(at); c != 0; c = buffer.getByte(++at)) {
            if (c < '0' || c > '9') {
                return -1;
            }
            number = number * 10 + c - '0';
        }
        return number;
    }

    private int openPath(final int flags) {
        final long result =
                SystemCall.call(SyscallNumber.OPENAT, Files.AT_FDCWD, endPath(), flags | Files.O_CLOEXEC, 0);
        return (int) check(result, SyscallNumber.OPENAT);
    }

    private long check(final long result, final int number) {
        if (result == -Errno.ESRCH || result == -Errno.ENOENT) {
            throw new VanishedException(SyscallNumber.describe(number), (int) -result, pathText());
        } else if (result < 0) {
            throw LinuxException.of(number, result, pathText());
        }
        return result;
    }

    private void grow(final int length) {
        final Memory larger = Memory.allocate(2 * memory.length());
        larger.buffer().putBytes(0, memory.buffer(), 0, length);
        memory.close();
        memory = larger;
        bytes = new byte[larger.length()];
    }

    private ProcFs path(final int pid) {
        return begin().append(pid);
    }

    private ProcFs begin() {
        path.putBytes(0, root);
        pathLength = root.length;
        return this;
    }

    private ProcFs append(final String name) {
        for (int i = 0; i < name.length(); i++) {
            path.putByte(pathLength++, (byte) name.charAt(i));
        }
        return this;
    }

    private ProcFs append(final int number) {
        pathLength += path.putIntAscii(pathLength, number);
        return this;
    }

    private long endPath() {
        path.putByte(pathLength, (byte) 0);
        return pathMemory.address();
    }

    private String pathText() {
        return Memory.readString(path, 0, pathLength);
    }

    @Override
    public void close() {
        pathMemory.close();
        memory.close();
    }
}
