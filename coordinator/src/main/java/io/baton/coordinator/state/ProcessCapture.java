package io.baton.coordinator.state;

import io.baton.coordinator.ptrace.SeizedProcess;
import io.baton.mktree.image.proto.CoreEntry;
import io.baton.task.program.ProgramBuilder;
import java.util.function.Consumer;

/** One process on its way into the image. */
public interface ProcessCapture {
    SeizedProcess process();

    DumpOptions options();

    /** The program its leader (or first living thread) will run; add to it, and read the results in {@link #then}. */
    ProgramBuilder ask();

    /** Runs once the answers are there; may fill the builders below. */
    void then(Consumer<Answers> reader);

    ProcessImage image();

    TreeImage tree();

    /** Core entry of the leader, with the task-wide part {@code tc}. */
    default CoreEntry.Builder core() {
        return image().leaderCore();
    }
}
