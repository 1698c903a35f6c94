package io.baton.coordinator.state.namespaces;

import io.baton.task.linux.Fd;
import io.baton.task.linux.Memory;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.linux.SystemCall;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** What there is in the ipc namespace of the calling thread. */
final class IpcObjects {
    private static final String SYSTEM_V = "/proc/sysvipc/";
    private static final int FSOPEN_CLOEXEC = 1;
    private static final int FSMOUNT_CLOEXEC = 1;
    private static final int FSCONFIG_CMD_CREATE = 6;

    /** Number of the word that says how often a segment is attached. */
    private static final int ATTACHED = 6;

    private IpcObjects() {}

    /** Every object, as the user knows it. */
    static List<String> list() {
        List<String> objects = new ArrayList<>();
        try {
            systemV("shm", "shared memory segment", objects);
            systemV("sem", "semaphore set", objects);
            systemV("msg", "message queue", objects);
            queues(objects);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return objects;
    }

    /** A head line, then one for each object that begins with its key and its id. */
    private static void systemV(String file, String what, List<String> objects) {
        List<String> lines = VirtualFile.text(SYSTEM_V + file).lines().toList();
        for (String line : lines.subList(1, lines.size())) {
            String[] words = line.strip().split("\\s+");
            if (file.equals("shm") && !words[ATTACHED].equals("0")) {
                continue; // saved with the memory of those who have
            }
            objects.add(what + " " + words[1] + " (key " + words[0] + ")");
        }
    }

    /** POSIX queues are files of a file system that each namespace has: mounted nowhere, only for this look. */
    private static void queues(List<String> objects) throws IOException {
        try (Memory type = Memory.cString("mqueue");
                Fd context = Fd.own((int) SystemCall.check(
                        SystemCall.call(SyscallNumber.FSOPEN, type.address(), FSOPEN_CLOEXEC), SyscallNumber.FSOPEN))) {
            SystemCall.check(
                    SystemCall.call(SyscallNumber.FSCONFIG, context.number(), FSCONFIG_CMD_CREATE, 0, 0, 0),
                    SyscallNumber.FSCONFIG);
            try (Fd mount = Fd.own((int) SystemCall.check(
                            SystemCall.call(SyscallNumber.FSMOUNT, context.number(), FSMOUNT_CLOEXEC, 0),
                            SyscallNumber.FSMOUNT));
                    Stream<Path> files = Files.list(Path.of("/proc/self/fd/" + mount.number()))) {
                files.forEach(file -> objects.add("message queue /" + file.getFileName()));
            }
        }
    }
}
