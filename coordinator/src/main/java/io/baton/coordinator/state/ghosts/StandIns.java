package io.baton.coordinator.state.ghosts;

import io.baton.task.linux.Fd;
import io.baton.task.linux.Files;
import io.baton.task.linux.LinuxException;
import io.baton.task.linux.Memory;
import io.baton.task.linux.Signals;
import io.baton.task.linux.Spawner;
import io.baton.task.linux.Wait;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntPredicate;

/**
 * Processes that are dead already, for those whose files of {@code /proc} a tree still has: children of ours that nobody has
 * waited for, so that the directory is there until all have entered it. They have the pids of old if those are free, which
 * shows in the name alone.
 */
final class StandIns {
    private static final String ANY_PROGRAM = "/proc/self/exe";
    private static final String LAST_PID = "/proc/sys/kernel/ns_last_pid";
    private static final int DIGITS = 32;

    private final Map<Integer, Integer> pids = new HashMap<>();
    private final List<Integer> children = new ArrayList<>();

    /**
     * Makes one.
     *
     * @param wanted pid of the process it stands for
     * @param taken tells pids that somebody will need
     */
    void make(int wanted, IntPredicate taken) {
        int child = taken.test(wanted) ? spawn() : spawnAs(wanted);
        while (taken.test(child)) {
            child = spawn(); // the one before keeps its pid until it is waited for, so this is another
        }
        pids.put(wanted, child);
    }

    /** Who stands for that process; itself until somebody does. */
    int pid(int wanted) {
        return pids.getOrDefault(wanted, wanted);
    }

    private int spawn() {
        int child = new Spawner(ANY_PROGRAM, ANY_PROGRAM).closeFrom(0).spawn();
        children.add(child);
        Signals.kill(child, Signals.SIGKILL);
        return child;
    }

    private int spawnAs(int wanted) {
        try (Fd last = Files.open(LAST_PID, Files.O_RDWR | Files.O_CLOEXEC);
                Memory text = Memory.allocate(DIGITS)) {
            int length = Files.pread(last.number(), text.address(), DIGITS, 0);
            byte[] before = new byte[length];
            text.buffer().getBytes(0, before);
            write(last, text, Integer.toString(wanted - 1).getBytes(StandardCharsets.US_ASCII));
            try {
                return spawn();
            } finally {
                write(last, text, before);
            }
        } catch (LinuxException e) {
            return spawn(); // without the right to choose
        }
    }

    private static void write(Fd file, Memory text, byte[] digits) {
        text.buffer().putBytes(0, digits);
        Files.pwrite(file.number(), text.address(), digits.length, 0);
    }

    /** Waits for all; who is in their directories stays there. */
    void end() {
        for (int child : children) {
            Wait.wait4(child, 0);
        }
        children.clear();
    }
}
