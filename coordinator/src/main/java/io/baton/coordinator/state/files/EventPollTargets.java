package io.baton.coordinator.state.files;

import io.baton.coordinator.ptrace.SeizedProcess;
import io.baton.task.linux.Kcmp;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What an epoll set watches. The kernel tells the number that a descriptor had when it was added, in the process that
 * added it; by now that number may be another file's, and the file may live on under another number or in another process.
 *
 * @param watches those that were found
 * @param lost those that no process has open that has the set, too: numbers and inodes for the message
 */
record EventPollTargets(List<Watch> watches, List<String> lost) {
    /** The fourth number is the position of a file that has one. */
    private static final Pattern LINE =
            Pattern.compile("tfd:\\s*(\\d+)\\s+events:\\s*([0-9a-f]+)\\s+data:\\s*([0-9a-f]+)"
                    + "(?:\\s+pos:\\s*(-?\\d+))?(?:\\s+ino:\\s*([0-9a-f]+))?(?:\\s+sdev:\\s*([0-9a-f]+))?.*");

    private static final int HEX = 16;

    /**
     * One file that a set watches.
     *
     * @param process in which it is open
     * @param fd there
     */
    record Watch(SeizedProcess process, int fd, int events, long data, long position, long inode, int device) {}

    /** A line of fdinfo. */
    private record Line(int number, int which, int events, long data, long position, long inode, int device) {}

    static EventPollTargets find(OpenFile set, OpenFiles files) {
        List<Watch> watches = new ArrayList<>();
        List<String> lost = new ArrayList<>();
        for (Line line : lines(set)) {
            Watch watch = find(line, set, files);
            if (watch != null) {
                watches.add(watch);
            } else {
                lost.add("fd " + line.number + ", inode=" + line.inode);
            }
        }
        return new EventPollTargets(watches, lost);
    }

    private static List<Line> lines(OpenFile set) {
        List<Line> lines = new ArrayList<>();
        Map<Integer, Integer> seen = new HashMap<>();
        for (String text : set.info().extra()) {
            Matcher found = LINE.matcher(text);
            if (found.matches()) {
                int number = Integer.parseInt(found.group(1));
                lines.add(new Line(
                        number,
                        seen.merge(number, 1, Integer::sum) - 1,
                        Integer.parseUnsignedInt(found.group(2), HEX),
                        Long.parseUnsignedLong(found.group(3), HEX),
                        found.group(4) == null ? 0 : Long.parseLong(found.group(4)),
                        found.group(5) == null ? 0 : Long.parseUnsignedLong(found.group(5), HEX),
                        found.group(6) == null ? 0 : Integer.parseUnsignedInt(found.group(6), HEX)));
            }
        }
        return lines;
    }

    /** Where it was added, if it still is there; else anywhere where the set is, too. */
    private static @Nullable Watch find(Line line, OpenFile set, OpenFiles files) {
        List<Descriptor> own = files.of(set.process());
        for (Descriptor descriptor : own) {
            if (descriptor.fd() == line.number && isWatched(set.process(), descriptor, line, set)) {
                return watch(set.process(), line.number, line);
            }
        }
        for (SeizedProcess process : files.processes()) {
            List<Descriptor> table = files.of(process);
            if (set.isInFlight() || table.stream().anyMatch(descriptor -> descriptor.file() == set)) {
                for (Descriptor descriptor : table) {
                    if (descriptor.file().status().ino() == line.inode && isWatched(process, descriptor, line, set)) {
                        return watch(process, descriptor.fd(), line);
                    }
                }
            }
        }
        return null;
    }

    private static boolean isWatched(SeizedProcess process, Descriptor descriptor, Line line, OpenFile set) {
        return Kcmp.isWatched(process.procId(), descriptor.fd(), set.holder(), set.fd(), line.number, line.which);
    }

    private static Watch watch(SeizedProcess process, int fd, Line line) {
        return new Watch(process, fd, line.events, line.data, line.position, line.inode, line.device);
    }
}
