package io.baton.coordinator.state.files;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.baton.coordinator.Victim;
import io.baton.coordinator.error.Refusal;
import io.baton.coordinator.error.Refusals;
import io.baton.coordinator.ptrace.Deadline;
import io.baton.coordinator.ptrace.SeizedProcess;
import io.baton.coordinator.ptrace.SeizedTree;
import io.baton.coordinator.ptrace.TreeSeizer;
import io.baton.coordinator.state.DumpOptions;
import io.baton.coordinator.state.StateKind;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class RefusalTest {
    private static final List<StateKind> KINDS = List.of(new FileDescriptors(), new FileSystemContext());

    @TempDir
    Path directory;

    @ParameterizedTest(name = "{0}")
    @CsvSource({
        "socket, fd 10 (socket:[, a socket",
        "passed, anon_inode:inotify in flight in fd 10 (socket:[, open nowhere",
        "answer, fd 10 (socket:[, have not been read",
        "lost target, fd 10 (anon_inode:[eventpoll]), watches a file",
        "outside pidfd, fd 10 (, outside the tree: pid=1",
        "namespace, fd 10 (uts:[, a namespace",
        "large deleted, /deleted (deleted), too large",
        "renamed, fd 10 (, this name of the file is gone",
        "flock, /locked, FLOCK",
        "posix lock, /locked, POSIX",
        "open file lock, /locked, OFDLCK",
        "lease, /locked, LEASE",
        "outside owner, fd 10 (anon_inode:[eventfd]), out of the tree: id=1",
        "written proc file, fd 10 (/proc/, keeps state",
        "foreign proc file, fd 10 (/proc/, outside the tree",
        "packets, fd 10 (pipe:[, packets",
        "controlling terminal, fd 10 (/dev/pts/, whose leader is in the tree",
        "kernel log, fd 10 (/dev/kmsg, a character device (1:11)",
        "shared table, descriptor table, shared with process",
        "shared context, file system context, shared with process"
    })
    void shouldRefuse(String kind, String object, String reason) throws Exception {
        List<Refusal> all = refusalsFor(kind);
        assertTrue(
                all.stream()
                        .anyMatch(refusal -> refusal.object().contains(object)
                                && refusal.reason().contains(reason)
                                && !refusal.remedy().isEmpty()),
                all::toString);
    }

    @Test
    void shouldRefuseNothingOfAnOrdinaryProcess() throws Exception {
        assertEquals(List.of(), refusalsFor("nothing"));
    }

    private List<Refusal> refusalsFor(String kind) throws Exception {
        try (Victim victim = Victim.start("odd", kind, directory)) {
            Victim.await(() -> Files.exists(directory.resolve("ready")));
            try (SeizedTree tree = TreeSeizer.seize(victim.pid(), Deadline.after(10))) {
                return inspect(tree.processes(), DumpOptions.DEFAULT).all();
            }
        }
    }

    static Refusals inspect(List<SeizedProcess> processes, DumpOptions options) {
        Refusals refusals = new Refusals();
        CollectedImage image = new CollectedImage();
        for (StateKind kind : KINDS) {
            processes.forEach(process -> kind.inspect(process, options, refusals));
            kind.inspectTree(processes, image, options, refusals);
        }
        return refusals;
    }
}
