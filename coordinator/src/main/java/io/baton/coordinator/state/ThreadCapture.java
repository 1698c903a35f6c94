package io.baton.coordinator.state;

import io.baton.coordinator.ptrace.SeizedThread;
import io.baton.mktree.image.proto.CoreEntry;
import io.baton.task.program.ProgramBuilder;
import java.util.function.Consumer;

/** One thread on its way into the image. */
public interface ThreadCapture {
    SeizedThread thread();

    /** The capture of the process it belongs to. */
    ProcessCapture process();

    ProgramBuilder ask();

    void then(Consumer<Answers> reader);

    /** Its core entry; the leader's is the same object as {@link ProcessCapture#core()}. */
    CoreEntry.Builder core();
}
