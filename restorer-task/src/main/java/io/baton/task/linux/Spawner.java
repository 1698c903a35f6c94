package io.baton.task.linux;

import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Starts a program with exactly the descriptors it is to have, by {@code posix_spawn(3)}: what a JVM may not do is
 * fork.
 *
 * <p>The child starts with no signal blocked and every signal at its default. Descriptors are those inherited (not
 * closed on exec) until {@link #closeFrom} is given; {@link #dup} onto the same number keeps a close-on-exec
 * descriptor open in the child. A parent-death signal is the child's own to ask for: the "parent" is the
 * <em>thread</em> that called {@link #spawn}, which therefore should live as long as the child.
 */
public final class Spawner {
    private static final int FILE_ACTIONS_LENGTH = 80;
    private static final int ATTRIBUTES_LENGTH = 336;
    private static final int SIGNAL_SET_LENGTH = 128;

    private static final short SETPGROUP = 0x02;
    private static final short SETSIGDEF = 0x04;
    private static final short SETSIGMASK = 0x08;
    private static final short SETSID = 0x80;

    static {
        Native.register(Spawner.class, NativeLibrary.getProcess());
    }

    private final String path;
    private final List<String> arguments = new ArrayList<>();
    private final List<String> environment = new ArrayList<>();
    private final List<int[]> dups = new ArrayList<>();
    private int closeFrom = -1;
    private int processGroup = -1;
    private boolean newSession;

    /**
     * A program to start.
     *
     * @param path of the executable; not searched for. {@code /proc/self/fd/N} works for an inherited descriptor.
     * @param argv its arguments, its own name first.
     */
    public Spawner(final String path, final String... argv) {
        this.path = path;
        arguments.addAll(List.of(argv));
    }

    /** Adds a variable to the environment, which is empty to begin with. */
    public Spawner variable(final String name, final String value) {
        environment.add(name + "=" + value);
        return this;
    }

    /** Adds the environment of this JVM. */
    public Spawner inheritEnvironment() {
        for (final Map.Entry<String, String> entry : System.getenv().entrySet()) {
            variable(entry.getKey(), entry.getValue());
        }
        return this;
    }

    /** Gives the child our descriptor under a number; in the order asked for, before {@link #closeFrom}. */
    public Spawner dup(final int ours, final int theirs) {
        dups.add(new int[] {ours, theirs});
        return this;
    }

    /** Closes all the child's descriptors from this number on. */
    public Spawner closeFrom(final int first) {
        closeFrom = first;
        return this;
    }

    /** Puts the child into a process group; 0 makes it the leader of its own. */
    public Spawner processGroup(final int group) {
        processGroup = group;
        return this;
    }

    /** Makes the child the leader of a new session. */
    public Spawner newSession() {
        newSession = true;
        return this;
    }

    /**
     * Starts the program.
     *
     * @return the child's pid; it is the caller's to wait for.
     * @throws LinuxException if a step failed, also in the child up to and including its exec.
     */
    public int spawn() {
        final Arena arena = new Arena();
        try {
            final long actions = arena.allocate(FILE_ACTIONS_LENGTH).address();
            final long attributes = arena.allocate(ATTRIBUTES_LENGTH).address();
            check("posix_spawn_file_actions_init", posix_spawn_file_actions_init(actions));
            check("posix_spawnattr_init", posix_spawnattr_init(attributes));
            try {
                addFileActions(actions);
                setAttributes(attributes, arena);
                final Memory pid = arena.allocate(16);
                final long argv = arena.strings(arguments);
                final long envp = arena.strings(environment);
                final long executable = arena.string(path);
                check("posix_spawn", posix_spawn(pid.address(), executable, actions, attributes, argv, envp));
                return pid.buffer().getInt(0);
            } finally {
                posix_spawnattr_destroy(attributes);
                posix_spawn_file_actions_destroy(actions);
            }
        } finally {
            arena.close();
        }
    }

    private void addFileActions(final long actions) {
        for (final int[] dup : dups) {
            check("posix_spawn_file_actions_adddup2", posix_spawn_file_actions_adddup2(actions, dup[0], dup[1]));
        }
        if (closeFrom >= 0) {
            check(
                    "posix_spawn_file_actions_addclosefrom_np",
                    posix_spawn_file_actions_addclosefrom_np(actions, closeFrom));
        }
    }

    private void setAttributes(final long attributes, final Arena arena) {
        final Memory signals = arena.allocate(SIGNAL_SET_LENGTH);
        check("posix_spawnattr_setsigmask", posix_spawnattr_setsigmask(attributes, signals.address()));
        signals.buffer().setMemory(0, SIGNAL_SET_LENGTH, (byte) 0xff);
        check("posix_spawnattr_setsigdefault", posix_spawnattr_setsigdefault(attributes, signals.address()));
        int flags = SETSIGMASK | SETSIGDEF;
        if (processGroup >= 0) {
            check("posix_spawnattr_setpgroup", posix_spawnattr_setpgroup(attributes, processGroup));
            flags |= SETPGROUP;
        }
        if (newSession) {
            flags |= SETSID;
        }
        check("posix_spawnattr_setflags", posix_spawnattr_setflags(attributes, (short) flags));
    }

    /** These functions give an errno, not -1. */
    private void check(final String function, final int errno) {
        if (errno != 0) {
            throw new LinuxException(function, errno, path);
        }
    }

    private static native int posix_spawn(long pid, long path, long fileActions, long attributes, long argv, long envp);

    private static native int posix_spawn_file_actions_init(long actions);

    private static native int posix_spawn_file_actions_destroy(long actions);

    private static native int posix_spawn_file_actions_adddup2(long actions, int from, int to);

    private static native int posix_spawn_file_actions_addclosefrom_np(long actions, int from);

    private static native int posix_spawnattr_init(long attributes);

    private static native int posix_spawnattr_destroy(long attributes);

    private static native int posix_spawnattr_setflags(long attributes, short flags);

    private static native int posix_spawnattr_setsigmask(long attributes, long signals);

    private static native int posix_spawnattr_setsigdefault(long attributes, long signals);

    private static native int posix_spawnattr_setpgroup(long attributes, int group);

    /** The memory of one call. */
    private static final class Arena implements AutoCloseable {
        private final List<Memory> blocks = new ArrayList<>();

        Memory allocate(final int length) {
            final Memory memory = Memory.allocate(length);
            blocks.add(memory);
            return memory;
        }

        long string(final String text) {
            final byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
            final Memory memory = allocate(bytes.length + 1);
            memory.buffer().putBytes(0, bytes);
            return memory.address();
        }

        long strings(final List<String> texts) {
            final Memory memory = allocate(8 * (texts.size() + 1));
            final UnsafeBuffer array = memory.buffer();
            for (int i = 0; i < texts.size(); i++) {
                array.putLong(8 * i, string(texts.get(i)));
            }
            return memory.address();
        }

        @Override
        public void close() {
            for (final Memory memory : blocks) {
                memory.close();
            }
        }
    }
}
