package io.baton.coordinator.tracking;

import io.baton.coordinator.ptrace.Ask;
import io.baton.coordinator.ptrace.AskRunner;
import io.baton.coordinator.ptrace.SeizedProcess;
import io.baton.task.linux.Fd;
import io.baton.task.linux.LinuxException;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.linux.UserFaultFd;
import io.baton.task.program.ProgramBuilder;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Has processes make the descriptors by which their memory is watched: a descriptor is for the memory of whoever made it.
 * We take a copy, and they close theirs at once.
 */
final class FaultDescriptors {
    private static final Logger LOG = LoggerFactory.getLogger(FaultDescriptors.class);

    /** So many at once that none has to wait long for us. */
    private static final int BATCH = 64;

    private final AskRunner runner;

    FaultDescriptors(AskRunner runner) {
        this.runner = runner;
    }

    /** One for each process that could make one; ready to watch with. */
    Map<SeizedProcess, Fd> make(List<SeizedProcess> processes) {
        Map<SeizedProcess, Fd> made = new LinkedHashMap<>();
        for (int from = 0; from < processes.size(); from += BATCH) {
            make(processes.subList(from, Math.min(processes.size(), from + BATCH)), made);
        }
        return made;
    }

    private void make(List<SeizedProcess> processes, Map<SeizedProcess, Fd> made) {
        List<Ask> asks = new ArrayList<>();
        int result = 0;
        for (SeizedProcess process : processes) {
            ProgramBuilder program = new ProgramBuilder();
            result = program.call(SyscallNumber.USERFAULTFD)
                    .value(UserFaultFd.FLAGS)
                    .result();
            asks.add(new Ask(process.firstThread(), program));
        }
        runner.run(asks);
        List<Ask> closing = new ArrayList<>();
        try {
            for (int i = 0; i < asks.size(); i++) {
                SeizedProcess process = processes.get(i);
                long fd = asks.get(i).block().getLong(ProgramBuilder.resultOffset(result));
                if (fd < 0) {
                    LOG.warn("{} cannot be watched for writes: userfaultfd: errno={}", process, -fd);
                    continue;
                }
                ProgramBuilder program = new ProgramBuilder();
                program.call(SyscallNumber.CLOSE).value(fd);
                closing.add(new Ask(process.firstThread(), program));
                take(process, (int) fd, made);
            }
        } finally {
            runner.finish();
            runner.run(closing);
            runner.finish();
        }
    }

    private static void take(SeizedProcess process, int theirs, Map<SeizedProcess, Fd> made) {
        try {
            Fd fd = process.pidFd().fetch(theirs);
            UserFaultFd.begin(fd);
            made.put(process, fd);
        } catch (LinuxException e) {
            LOG.warn("{} cannot be watched for writes: {}", process, e.getMessage());
        }
    }
}
