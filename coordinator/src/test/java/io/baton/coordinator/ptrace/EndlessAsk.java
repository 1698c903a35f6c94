package io.baton.coordinator.ptrace;

import io.baton.mktree.launch.NativeFiles;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.program.ProgramBuilder;
import java.util.ArrayList;
import java.util.List;

/** A tracer that somebody kills in the middle. Arguments: pid, milliseconds a question takes. */
public final class EndlessAsk {
    private EndlessAsk() {}

    /** Asks all threads of a tree, again and again. */
    public static void main(String[] args) {
        Deadline deadline = Deadline.after(60);
        System.out.println("ready");
        while (true) {
            try (SeizedTree tree = TreeSeizer.seize(Integer.parseInt(args[0]), deadline);
                    AskRunner runner =
                            new AskRunner(tree.proc(), NativeFiles.runner(), NativeFiles.ASK_OFFSET, deadline)) {
                List<Ask> asks = new ArrayList<>();
                for (SeizedProcess process : tree.processes()) {
                    for (SeizedThread thread : process.threads()) {
                        ProgramBuilder program = new ProgramBuilder();
                        int time = program.longs(0, Long.parseLong(args[1]) * 1_000_000);
                        program.call(SyscallNumber.PPOLL)
                                .value(0)
                                .value(0)
                                .data(time)
                                .value(0);
                        asks.add(new Ask(thread, program));
                    }
                }
                runner.run(asks);
            }
        }
    }
}
