package io.baton.coordinator;

import io.baton.task.linux.Fd;
import io.baton.task.linux.LinuxException;
import io.baton.task.linux.Memory;
import io.baton.task.linux.ProcFs;
import io.baton.task.linux.SignalInfo;
import io.baton.task.linux.Signals;
import io.baton.task.linux.Spawner;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.linux.SystemCall;
import io.baton.task.linux.VanishedException;
import io.baton.task.linux.Wait;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteOrder;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/** A real program that a test does things to; sources in {@code native/victims}. Killed when closed, with its group. */
public final class Victim implements AutoCloseable {
    private static final int FIRST_FREE = 3;
    private static final long PATIENCE_MILLIS = 20_000;

    private final int pid;

    private Victim(int pid) {
        this.pid = pid;
    }

    /**
     * Starts a program in a session of its own, without a terminal. Not by ProcessBuilder: the JVM's reaper would wait
     * for it, and be told of its stops in our place.
     */
    public static Victim start(String name, Object... arguments) {
        return run(binary(name).toString(), arguments);
    }

    /** As {@link #start}, any program. */
    public static Victim run(String binary, Object... arguments) {
        List<String> command = new ArrayList<>(List.of(binary));
        for (Object argument : arguments) {
            command.add(argument.toString());
        }
        try (Fd nothing = io.baton.task.linux.Files.open("/dev/null", io.baton.task.linux.Files.O_RDWR)) {
            Spawner spawner = new Spawner(binary, command.toArray(new String[0])).newSession();
            for (int fd = 0; fd < FIRST_FREE; fd++) {
                spawner.dup(nothing.number(), fd);
            }
            return new Victim(spawner.closeFrom(FIRST_FREE).spawn());
        }
    }

    /** Starts a program of the system likewise, its standard error at the end of a file. */
    public static Victim startProgram(Path errors, List<String> command) {
        int mode = io.baton.task.linux.Files.O_WRONLY | io.baton.task.linux.Files.O_APPEND;
        try (Fd nothing = io.baton.task.linux.Files.open("/dev/null", io.baton.task.linux.Files.O_RDWR);
                Fd error = io.baton.task.linux.Files.open(errors.toString(), mode)) {
            return new Victim(new Spawner(command.get(0), command.toArray(new String[0]))
                    .newSession()
                    .dup(nothing.number(), 0)
                    .dup(nothing.number(), 1)
                    .dup(error.number(), 2)
                    .closeFrom(FIRST_FREE)
                    .spawn());
        }
    }

    /** Starts a program likewise, with standard input and output from us. */
    public static Victim runOn(Fd input, Fd output, String... command) {
        return new Victim(new Spawner(command[0], command)
                .newSession()
                .dup(input.number(), 0)
                .dup(output.number(), 1)
                .dup(output.number(), 2)
                .closeFrom(FIRST_FREE)
                .spawn());
    }

    /** Starts {@code star} and waits until all its tasks are there. */
    public static Victim startTree(Path directory, String shape, int count) throws Exception {
        Path ready = directory.resolve("ready-" + System.nanoTime());
        Victim victim = start("star-static", ready, shape, count);
        await(() -> Files.exists(ready));
        return victim;
    }

    /** Where the native module's build has put it. */
    public static Path binary(String name) {
        Path below = Path.of("native/target/out/victims", name);
        for (Path at = Path.of("").toAbsolutePath(); at != null; at = at.getParent()) {
            if (Files.exists(at.resolve(below))) {
                return at.resolve(below);
            }
        }
        throw new IllegalStateException("not built: " + below);
    }

    /** A condition that comes true. */
    public interface Condition {
        boolean holds() throws Exception;
    }

    /** Waits until it does. */
    public static void await(Condition condition) throws Exception {
        await(condition, () -> "something");
    }

    /** Waits until it does. The text names what did not happen. */
    public static void await(Condition condition, Supplier<String> what) throws Exception {
        long end = System.currentTimeMillis() + PATIENCE_MILLIS;
        while (!condition.holds()) {
            if (System.currentTimeMillis() > end) {
                throw new AssertionError("does not happen: " + what.get());
            }
            Thread.sleep(1);
        }
    }

    public int pid() {
        return pid;
    }

    /** Whether it is there and no zombie. */
    public boolean isAlive() {
        try (ProcFs proc = new ProcFs()) {
            return !proc.stat(pid).isZombie();
        } catch (VanishedException e) {
            return false;
        }
    }

    /** The counts of {@code steady}. */
    public static final class Counts {
        public static final int ERRORS = 0;
        public static final int SIGNALS = 1;
        public static final int READY = 2;
        public static final int LAST_ERROR = 3;
        public static final int FIRST_THREAD = 4;
        public static final int LAST_THREAD = 9;

        private final MappedByteBuffer words;

        /** Maps the file the victim was given. */
        public Counts(Path file) throws IOException {
            try (RandomAccessFile open = new RandomAccessFile(file.toFile(), "rw")) {
                words = open.getChannel().map(FileChannel.MapMode.READ_WRITE, 0, 4096);
                words.order(ByteOrder.LITTLE_ENDIAN);
            }
        }

        public long get(int word) {
            return words.getLong(word * Long.BYTES);
        }

        /** Waits until every thread has counted on. */
        public void awaitProgress() throws Exception {
            for (int i = FIRST_THREAD; i <= LAST_THREAD; i++) {
                int word = i;
                long before = get(word);
                await(() -> get(word) > before);
            }
        }
    }

    /** Starts {@code steady} and waits until it counts. */
    public static Victim startSteady(Path counts, String variant) throws Exception {
        try (RandomAccessFile file = new RandomAccessFile(counts.toFile(), "rw")) {
            file.setLength(4096);
        }
        Victim victim = start("steady" + variant, counts);
        Counts view = new Counts(counts);
        await(() -> view.get(Counts.READY) != 0);
        return victim;
    }

    /** Sends a signal. */
    public void signal(int signal) {
        Signals.kill(pid(), signal);
    }

    /** Queues a signal, so that each one counts. */
    public void queue(int signal) {
        try (Memory info = Memory.allocate(SignalInfo.LENGTH)) {
            info.buffer().putInt(SignalInfo.SIGNAL, signal);
            info.buffer().putInt(SignalInfo.CODE, -1);
            SystemCall.check(
                    SystemCall.call(SyscallNumber.RT_SIGQUEUEINFO, pid(), signal, info.address()),
                    SyscallNumber.RT_SIGQUEUEINFO);
        }
    }

    @Override
    public void close() {
        ProcessHandle.of(pid).ifPresent(root -> root.descendants().forEach(child -> kill((int) child.pid())));
        kill(pid);
        try {
            Wait.wait4(pid, 0);
        } catch (LinuxException e) {
            // Waited for already, by whoever killed it.
        }
    }

    private static void kill(int pid) {
        Signals.kill(pid, Signals.SIGKILL);
    }
}
