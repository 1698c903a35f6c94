package io.baton.coordinator.dump;

import com.google.protobuf.ByteString;
import io.baton.coordinator.ptrace.SeizedProcess;
import io.baton.coordinator.state.ProcessImage;
import io.baton.mktree.image.proto.CoreEntry;
import io.baton.mktree.image.proto.TaskCoreEntry;

/** What a core entry says that is of no kind of state: whether its process lives, is stopped, or how it ended. */
final class Cores {
    private static final int ALIVE = 1;
    private static final int DEAD = 2;
    private static final int STOPPED = 3;

    private Cores() {}

    /** Begins the entries of a living process. */
    static void begin(SeizedProcess process, ProcessImage image) {
        for (CoreEntry.Builder core : image.cores()) {
            core.setMtype(CoreEntry.March.X86_64);
        }
        TaskCoreEntry.Builder task = image.leaderCore().getTcBuilder();
        defaults(process, task);
        int stopSignal = process.stopSignal();
        task.setTaskState(stopSignal == 0 ? ALIVE : STOPPED);
        if (stopSignal != 0) {
            task.setStopSigno(stopSignal);
        }
        if (process.leaderDead()) {
            // It is only looked at from here on, but ps(1) shows these of it.
            task.setExitCode(process.exitStatus())
                    .setBlkSigset(process.proc()
                            .status(process.pid(), process.pid())
                            .signals()
                            .blocked());
        }
    }

    /** The whole entry of a zombie. */
    static CoreEntry zombie(SeizedProcess process) {
        CoreEntry.Builder core = CoreEntry.newBuilder().setMtype(CoreEntry.March.X86_64);
        TaskCoreEntry.Builder task = core.getTcBuilder();
        defaults(process, task);
        byte[] name = process.proc().read(process.pid(), "comm");
        task.setTaskState(DEAD)
                .setExitCode(process.exitStatus())
                .setCommBytes(ByteString.copyFrom(name, 0, Math.max(0, name.length - 1)));
        return core.build();
    }

    private static void defaults(SeizedProcess process, TaskCoreEntry.Builder task) {
        task.setExitCode(0)
                .setPersonality(0)
                .setFlags(process.stat().flags())
                .setBlkSigset(0)
                .setComm("");
    }
}
