package io.baton.mktree.tree;

import io.baton.mktree.tree.TreeException.Fault;
import io.baton.task.linux.WaitStatus;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import org.agrona.collections.Int2IntHashMap;

/**
 * A tree written by hand: a line for each process, parents before children, the root first.
 *
 * <pre>
 * text    = { line "\n" }                    empty lines, and all after a "#", are nothing
 * line    = "pid=" id { " " field }
 * field   = "ppid=" id                       the root's is 0 or left out; of others left out: the root
 *         | "sid=" id                        left out: the parent's; the root's own pid
 *         | "pgid=" id                       left out: its own pid for who leads a session, else the parent's
 *         | "threads=" id { "," id }         the leader's first; left out: one thread
 *         | "comm=" name                     bytes other than letters, digits and "-_./" as "%" and two hex digits
 *         | "zombie=" status                 has exited and waits to be collected
 *         | "leader-dead=" status            its leader has exited, the other threads live
 *         | "subreaper"
 * id      = number                           that id
 *         | "+" number                       so many above the base, which whoever reads the tree chooses
 * status  = "exit:" 0..255 | "signal:" 1..64 [ "+core" ]
 * </pre>
 *
 * For example, a shell with a job in a group of its own and a zombie:
 *
 * <pre>
 * pid=+0 comm=sh
 * pid=+1 pgid=+1 comm=sleep
 * pid=+2 zombie=exit:200
 * </pre>
 */
public final class TreeSpec {
    private static final int UNSET = -1;

    private TreeSpec() {}

    /** Reads a text of absolute ids. */
    public static ProcessTree parse(String text) {
        return parse(text, 0);
    }

    /**
     * Reads a text.
     *
     * @param base what ids written with a plus are relative to
     * @throws TreeException if the text breaks the grammar (with the line), or the tree cannot be (with the row)
     */
    public static ProcessTree parse(String text, int base) {
        List<Task> tasks = new ArrayList<>();
        Int2IntHashMap rows = new Int2IntHashMap(UNSET);
        int number = 0;
        for (String whole : text.lines().toList()) {
            number++;
            int comment = whole.indexOf('#');
            String line = (comment < 0 ? whole : whole.substring(0, comment)).strip();
            if (!line.isEmpty()) {
                Task task = new Line(number, base).parse(line, tasks, rows);
                rows.put(task.pid(), tasks.size());
                tasks.add(task);
            }
        }
        return ProcessTree.of(tasks);
    }

    /** One line while it is read. */
    private static final class Line {
        private final int number;
        private final int base;
        private int pid = UNSET;
        private int ppid = UNSET;
        private int pgid = UNSET;
        private int sid = UNSET;
        private List<Integer> threads = List.of();
        private String comm = "";
        private int status = Task.ALIVE;
        private boolean leaderDead;
        private boolean subreaper;

        Line(int number, int base) {
            this.number = number;
            this.base = base;
        }

        Task parse(String line, List<Task> before, Int2IntHashMap rows) {
            for (String field : line.split("\\s+")) {
                int equals = field.indexOf('=');
                field(equals < 0 ? field : field.substring(0, equals + 1), field.substring(equals + 1));
            }
            if (pid == UNSET) {
                throw syntax("no pid", line);
            }
            if (before.isEmpty()) {
                ppid = Math.max(ppid, 0);
                sid = sid == UNSET ? pid : sid;
                pgid = pgid == UNSET ? sid : pgid;
            } else {
                ppid = ppid == UNSET ? before.get(0).pid() : ppid;
                int row = rows.get(ppid);
                // Who has no parent is refused with all the rest of the rules; until then it inherits from the root.
                Task parent = before.get(Math.max(row, 0));
                sid = sid == UNSET ? parent.sid() : sid;
                pgid = pgid != UNSET ? pgid : sid == pid ? pid : parent.pgid();
            }
            List<Integer> ids = threads.isEmpty() ? List.of(pid) : threads;
            return new Task(pid, ppid, pgid, sid, ids, comm, status, leaderDead, subreaper);
        }

        private void field(String name, String value) {
            switch (name) {
                case "pid=" -> pid = id(value);
                case "ppid=" -> ppid = id(value);
                case "pgid=" -> pgid = id(value);
                case "sid=" -> sid = id(value);
                case "threads=" -> {
                    threads = new ArrayList<>();
                    for (String thread : value.split(",", -1)) {
                        threads.add(id(thread));
                    }
                }
                case "comm=" -> comm = unescape(value);
                case "zombie=" -> status = status(value);
                case "leader-dead=" -> {
                    status = status(value);
                    leaderDead = true;
                }
                case "subreaper" -> subreaper = true;
                default -> throw syntax("no such field", name);
            }
        }

        private int id(String value) {
            boolean relative = value.startsWith("+");
            return Math.addExact(
                    number(relative ? value.substring(1) : value, Integer.MAX_VALUE - base), relative ? base : 0);
        }

        private int status(String value) {
            if (value.startsWith("exit:")) {
                return number(value.substring(5), 255) << 8;
            } else if (value.startsWith("signal:")) {
                boolean core = value.endsWith("+core");
                String signal = value.substring(7, value.length() - (core ? 5 : 0));
                return number(signal, 64) | (core ? 0x80 : 0);
            }
            throw syntax("no such status", value);
        }

        private int number(String digits, int most) {
            if (!digits.matches("[0-9]{1,10}") || Long.parseLong(digits) > most) {
                throw syntax("no number up to " + most, digits);
            }
            return Integer.parseInt(digits);
        }

        private String unescape(String value) {
            byte[] bytes = new byte[value.length()];
            int length = 0;
            for (int i = 0; i < value.length(); i++) {
                char c = value.charAt(i);
                if (c == '%') {
                    String hex = value.substring(i + 1, Math.min(i + 3, value.length()));
                    if (!hex.matches("[0-9a-fA-F]{2}")) {
                        throw syntax("no two hex digits after %", value);
                    }
                    bytes[length++] = (byte) Integer.parseInt(hex, 16);
                    i += 2;
                } else if (c > ' ' && c < 0x7f) {
                    bytes[length++] = (byte) c;
                } else {
                    throw syntax("not ASCII", value);
                }
            }
            return new String(bytes, 0, length, StandardCharsets.UTF_8);
        }

        private TreeException syntax(String reason, String value) {
            return new TreeException(Fault.SYNTAX, number, reason + ": " + value);
        }
    }

    /** The tree as text, with absolute ids; what {@link #parse} makes the same tree of. */
    public static String print(ProcessTree tree) {
        return print(tree, Integer::toString);
    }

    /** The tree as text, with ids relative to the root's pid; what is below that stays absolute. */
    public static String printRelative(ProcessTree tree) {
        int base = tree.root().pid();
        return print(tree, id -> id < base ? Integer.toString(id) : "+" + (id - base));
    }

    private static String print(ProcessTree tree, IntFunction<String> id) {
        StringBuilder text = new StringBuilder(32 * tree.size());
        for (int row = 0; row < tree.size(); row++) {
            Task task = tree.task(row);
            Task parent = row == 0 ? Task.of(task.pid(), 0, task.sid(), task.pid()) : tree.task(tree.parent(row));
            text.append("pid=").append(id.apply(task.pid()));
            if (row > 0) {
                text.append(" ppid=").append(id.apply(task.ppid()));
            }
            if (task.sid() != parent.sid()) {
                text.append(" sid=").append(id.apply(task.sid()));
            }
            if (task.pgid() != (task.sessionLeader() ? task.pid() : parent.pgid())) {
                text.append(" pgid=").append(id.apply(task.pgid()));
            }
            if (task.threads().size() > 1) {
                text.append(" threads=")
                        .append(task.threads().stream().map(id::apply).collect(Collectors.joining(",")));
            }
            state(task, text);
            text.append('\n');
        }
        return text.toString();
    }

    private static void state(Task task, StringBuilder text) {
        if (!task.comm().isEmpty()) {
            text.append(" comm=");
            for (byte b : task.comm().getBytes(StandardCharsets.UTF_8)) {
                boolean plain = Character.isLetterOrDigit(b) || "-_./".indexOf(b) >= 0;
                text.append(plain ? Character.toString(b) : String.format("%%%02x", b));
            }
        }
        if (task.exitStatus() != Task.ALIVE) {
            WaitStatus status = task.waitStatus();
            text.append(task.leaderDead() ? " leader-dead=" : " zombie=");
            text.append(status.isExited() ? "exit:" + status.exitCode() : "signal:" + status.termSignal());
            text.append(status.isCoreDumped() ? "+core" : "");
        }
        text.append(task.subreaper() ? " subreaper" : "");
    }
}
