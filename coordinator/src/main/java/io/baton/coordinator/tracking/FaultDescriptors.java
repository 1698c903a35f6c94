package io.baton.coordinator.tracking;

import io.baton.coordinator.ptrace.Ask;
import io.baton.coordinator.ptrace.AskRunner;
import io.baton.coordinator.ptrace.SeizedProcess;
import io.baton.task.linux.Fd;
import io.baton.task.linux.LinuxException;
import io.baton.task.linux.PidFd;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.linux.UserFaultFd;
import io.baton.task.program.Op;
import io.baton.task.program.ProgramBuilder;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.agrona.concurrent.UnsafeBuffer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Has processes make the descriptors by which their memory is watched: a descriptor is for the memory of whoever made it.
 * Each holds it out to us, and closes it as soon as we have a copy; or after a while, should we be dead.
 */
final class FaultDescriptors {
    private static final Logger LOG = LoggerFactory.getLogger(FaultDescriptors.class);

    /** So many at once that none has to wait long for us. */
    private static final int BATCH = 64;

    /** How long one holds its descriptor out to us (ns). */
    private static final long PATIENCE = TimeUnit.SECONDS.toNanos(1);

    /** Between two looks (ns). */
    private static final long GLANCE = TimeUnit.MICROSECONDS.toNanos(20);

    private final AskRunner runner;
    private final Map<SeizedProcess, Fd> made = new LinkedHashMap<>();

    FaultDescriptors(AskRunner runner) {
        this.runner = runner;
    }

    /** A descriptor in the making. */
    private static final class Offer {
        final Ask ask;
        final int result;
        final int there;
        final int taken;

        Offer(SeizedProcess process, long deadline) {
            ProgramBuilder program = new ProgramBuilder();
            there = program.longs(0);
            taken = program.longs(0);
            result = program.call(SyscallNumber.USERFAULTFD)
                    .value(UserFaultFd.FLAGS)
                    .store(0)
                    .result();
            program.op(Op.HOLD).data(there).data(taken).value(deadline + process.clockAhead());
            program.call(SyscallNumber.CLOSE).register(0);
            ask = new Ask(process.firstThread(), program);
        }

        /** Its descriptor, or a negated errno, once it is there. */
        long await(long deadline) {
            UnsafeBuffer block = new UnsafeBuffer(ask.block());
            while (block.getIntVolatile(ask.dataOffset() + there) == 0 && System.nanoTime() < deadline) {
                LockSupport.parkNanos(GLANCE);
            }
            boolean said = block.getIntVolatile(ask.dataOffset() + there) != 0;
            return said ? block.getLong(ProgramBuilder.resultOffset(result)) : -1;
        }

        void take() {
            new UnsafeBuffer(ask.block()).putIntRelease(ask.dataOffset() + taken, 1);
        }
    }

    /** One for each process that could make one; ready to watch with. */
    Map<SeizedProcess, Fd> make(List<SeizedProcess> processes) {
        for (int from = 0; from < processes.size(); from += BATCH) {
            List<Offer> offers = new ArrayList<>();
            long deadline = System.nanoTime() + PATIENCE;
            for (SeizedProcess process : processes.subList(from, Math.min(processes.size(), from + BATCH))) {
                offers.add(new Offer(process, deadline));
            }
            runner.run(offers.stream().map(offer -> offer.ask).toList(), () -> take(offers, deadline));
            runner.finish();
        }
        return made;
    }

    private static Fd fetch(SeizedProcess process, int fd) {
        if (!process.leaderDead()) {
            return process.pidFd().fetch(fd);
        }
        try (PidFd thread = PidFd.openThread(process.procId())) {
            return thread.fetch(fd);
        }
    }

    private void take(List<Offer> offers, long deadline) {
        for (Offer offer : offers) {
            SeizedProcess process = offer.ask.thread().process();
            long fd = offer.await(deadline);
            try {
                if (fd >= 0) {
                    Fd copy = fetch(process, (int) fd);
                    UserFaultFd.begin(copy); // worked for us, so it does for everybody
                    made.put(process, copy);
                } else {
                    LOG.warn("{} cannot be watched for writes: userfaultfd: errno={}", process, -fd);
                }
            } catch (LinuxException e) {
                LOG.warn("{} cannot be watched for writes: {}", process, e.getMessage());
            }
            offer.take();
        }
    }
}
