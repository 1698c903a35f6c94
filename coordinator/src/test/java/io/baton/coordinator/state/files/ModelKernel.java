package io.baton.coordinator.state.files;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.baton.task.linux.Errno;
import io.baton.task.linux.Files;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.program.Expect;
import io.baton.task.program.InstructionDescriptor;
import io.baton.task.program.OperandKind;
import io.baton.task.program.ProgramBuilder;
import io.baton.task.program.ProgramDescriptor;
import java.util.HashMap;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.TreeMap;
import org.agrona.ExpandableArrayBuffer;

/**
 * The descriptor tables of a tree as the kernel would have them: runs the programs, and holds each instruction to what
 * it expects. Real runs prove that the kernel agrees; this one allows any number of strange trees.
 */
final class ModelKernel {
    private static final int F_SETFD = 2;
    private static final int F_SETFL = 4;
    private static final int F_DUPFD_CLOEXEC = 1030;
    private static final int F_SETPIPE_SZ = 1031;

    private final Map<Integer, NavigableMap<Integer, Row>> tables = new HashMap<>();
    private final ExpandableArrayBuffer block = new ExpandableArrayBuffer();
    private int descriptions;

    /** A description: its identity, and what it is of. */
    record Description(int identity, String name) {}

    record Row(Description description, boolean closeOnExec) {}

    /** A fresh process with one descriptor from its maker. */
    void begin(int pid, int inherited) {
        NavigableMap<Integer, Row> table = new TreeMap<>();
        table.put(inherited, new Row(new Description(0, "inherited"), true));
        tables.put(pid, table);
    }

    NavigableMap<Integer, Row> table(int pid) {
        return Objects.requireNonNull(tables.get(pid));
    }

    void run(int pid, ProgramBuilder program) {
        program.copyTo(block, 0, 0, 0);
        int count = block.getInt(ProgramDescriptor.COUNT_OFFSET);
        for (int i = 0; i < count; i++) {
            int at = ProgramDescriptor.HEADER_LENGTH + i * InstructionDescriptor.LENGTH;
            long result = call(pid, at);
            long want = block.getLong(at + InstructionDescriptor.WANT_OFFSET);
            String what = "pid " + pid + ": " + SyscallNumber.describe(number(at)) + "(" + argument(at, 0) + ", "
                    + argument(at, 1) + ", " + argument(at, 2) + ")";
            if (block.getByte(at + InstructionDescriptor.EXPECT_OFFSET) == Expect.EQUAL) {
                assertEquals(want, result, what);
            } else {
                assertEquals(true, result >= 0, what + " = " + result);
            }
        }
    }

    private int number(int at) {
        return block.getInt(at + InstructionDescriptor.NUMBER_OFFSET);
    }

    private long argument(int at, int index) {
        return block.getLong(at + InstructionDescriptor.ARGS_OFFSET + index * Long.BYTES);
    }

    private String string(int at, int index) {
        int kinds = block.getInt(at + InstructionDescriptor.KINDS_OFFSET);
        assertEquals(OperandKind.DATA, (kinds >>> (4 * index)) & 15);
        int start = (int) argument(at, index);
        int end = start;
        while (block.getByte(end) != 0) {
            end++;
        }
        return block.getStringWithoutLengthUtf8(start, end - start);
    }

    private long call(int pid, int at) {
        NavigableMap<Integer, Row> table = table(pid);
        int first = (int) argument(at, 0);
        return switch (number(at)) {
            case SyscallNumber.OPENAT -> open(table, string(at, 1), (int) argument(at, 2));
            case SyscallNumber.EVENTFD2 -> fresh(table, "eventfd", (int) argument(at, 1));
            case SyscallNumber.PIPE2 -> pipe(table, (int) argument(at, 1));
            case SyscallNumber.PIDFD_OPEN -> fresh(table, "pidfd " + first, Files.O_CLOEXEC);
            case SyscallNumber.PIDFD_GETFD -> fetch(table, first, (int) argument(at, 1));
            case SyscallNumber.DUP3 -> duplicate(table, first, (int) argument(at, 1), (int) argument(at, 2));
            case SyscallNumber.CLOSE -> table.remove(first) == null ? -Errno.EBADF : 0;
            case SyscallNumber.CLOSE_RANGE -> closeRange(table, first, (int) argument(at, 1));
            case SyscallNumber.FCNTL -> control(table, first, (int) argument(at, 1), argument(at, 2));
            case SyscallNumber.WRITE, SyscallNumber.LSEEK -> table.containsKey(first) ? argument(at, 2) : -Errno.EBADF;
            default -> throw new AssertionError("unknown call: " + SyscallNumber.describe(number(at)));
        };
    }

    private long open(NavigableMap<Integer, Row> table, String path, int flags) {
        String name = path;
        if (path.startsWith("/proc/self/fd/")) {
            Row row = table.get(Integer.parseInt(path.substring("/proc/self/fd/".length())));
            if (row == null) {
                return -Errno.ENOENT;
            }
            name = row.description().name().replaceAll(" .*", "");
            name += " reopened";
        }
        return fresh(table, name, flags);
    }

    private long pipe(NavigableMap<Integer, Row> table, int flags) {
        String name = "pipe" + descriptions;
        fresh(table, name + " reader", flags);
        fresh(table, name + " writer", flags);
        return 0;
    }

    private long fetch(NavigableMap<Integer, Row> table, int pidFd, int theirs) {
        Row handle = table.get(pidFd);
        if (handle == null) {
            return -Errno.EBADF;
        }
        String[] words = handle.description().name().split(" ");
        assertEquals("pidfd", words[0]);
        Row row = table(Integer.parseInt(words[1])).get(theirs);
        return row == null ? -Errno.EBADF : add(table, new Row(row.description(), true), 0);
    }

    private static long duplicate(NavigableMap<Integer, Row> table, int from, int to, int flags) {
        Row row = table.get(from);
        if (row == null || from == to) {
            return row == null ? -Errno.EBADF : -Errno.EINVAL;
        }
        table.put(to, new Row(row.description(), (flags & Files.O_CLOEXEC) != 0));
        return to;
    }

    private static long closeRange(NavigableMap<Integer, Row> table, int first, int last) {
        table.subMap(first, true, last, true).clear();
        return 0;
    }

    private long control(NavigableMap<Integer, Row> table, int fd, int command, long argument) {
        Row row = table.get(fd);
        if (row == null) {
            return -Errno.EBADF;
        }
        return switch (command) {
            case F_SETFD -> {
                table.put(fd, new Row(row.description(), argument != 0));
                yield 0;
            }
            case F_DUPFD_CLOEXEC -> add(table, new Row(row.description(), true), (int) argument);
            case F_SETPIPE_SZ -> argument;
            case F_SETFL -> 0;
            default -> throw new AssertionError("unknown command: " + command);
        };
    }

    private long fresh(NavigableMap<Integer, Row> table, String name, int flags) {
        Description description = new Description(++descriptions, name);
        return add(table, new Row(description, (flags & Files.O_CLOEXEC) != 0), 0);
    }

    private static long add(NavigableMap<Integer, Row> table, Row row, int least) {
        int fd = least;
        while (table.containsKey(fd)) {
            fd++;
        }
        table.put(fd, row);
        return fd;
    }
}
