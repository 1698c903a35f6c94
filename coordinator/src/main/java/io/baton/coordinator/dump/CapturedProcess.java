package io.baton.coordinator.dump;

import io.baton.coordinator.ptrace.Ask;
import io.baton.coordinator.ptrace.SeizedProcess;
import io.baton.coordinator.ptrace.SeizedThread;
import io.baton.coordinator.state.Answers;
import io.baton.coordinator.state.DumpOptions;
import io.baton.coordinator.state.ProcessCapture;
import io.baton.coordinator.state.ProcessImage;
import io.baton.coordinator.state.StateKind;
import io.baton.coordinator.state.StateKinds;
import io.baton.coordinator.state.ThreadCapture;
import io.baton.coordinator.state.TreeImage;
import io.baton.coordinator.state.namespaces.TreeNamespaces;
import io.baton.mktree.image.proto.CoreEntry;
import io.baton.task.program.ProgramBuilder;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.agrona.DirectBuffer;

/** A living process on its way into the image: first what can be seen from outside, then what it answers itself. */
final class CapturedProcess implements ProcessCapture {
    private final SeizedProcess process;
    private final DumpOptions options;
    private final TreeImage tree;
    private final ProcessImage image;
    private final List<CapturedThread> threads = new ArrayList<>();

    CapturedProcess(SeizedProcess process, DumpOptions options, TreeImage tree) {
        this.process = process;
        this.options = options;
        this.tree = tree;
        image = new ProcessImage(TreeRows.row(process, TreeNamespaces.of(tree)));
        int dead = process.leaderDead() ? 1 : 0;
        for (int i = 0; i < process.threads().size(); i++) {
            threads.add(
                    new CapturedThread(process.threads().get(i), image.cores().get(i + dead)));
        }
        Cores.begin(process, image);
    }

    int pid() {
        return process.pid();
    }

    void closeMemory() {
        process.closeMemory();
    }

    /** Lets every kind look, and say what it wants to ask. */
    void capture() {
        List<StateKind> kinds = StateKinds.ALL;
        for (int i = 0; i < kinds.size(); i++) {
            kinds.get(i).capture(this);
        }
        for (CapturedThread thread : threads) {
            for (int i = 0; i < kinds.size(); i++) {
                kinds.get(i).captureThread(thread);
            }
        }
    }

    /** Adds what is to be asked. */
    void addAsks(List<Ask> asks) {
        for (CapturedThread thread : threads) {
            if (thread.program.count() > 0) {
                thread.asked = new Ask(thread.seized, thread.program);
                asks.add(thread.asked);
            }
        }
    }

    /** Hands out the answers. */
    void answered() {
        for (CapturedThread thread : threads) {
            for (Consumer<Answers> reader : thread.readers) {
                reader.accept(thread);
            }
        }
    }

    @Override
    public SeizedProcess process() {
        return process;
    }

    @Override
    public DumpOptions options() {
        return options;
    }

    @Override
    public ProgramBuilder ask() {
        return threads.get(0).program;
    }

    @Override
    public void then(Consumer<Answers> reader) {
        threads.get(0).readers.add(reader);
    }

    @Override
    public ProcessImage image() {
        return image;
    }

    @Override
    public TreeImage tree() {
        return tree;
    }

    /** One of its threads; the first one's program is the process's too. */
    private final class CapturedThread implements ThreadCapture, Answers {
        private final SeizedThread seized;
        private final CoreEntry.Builder core;
        private final ProgramBuilder program = new ProgramBuilder();
        private final List<Consumer<Answers>> readers = new ArrayList<>();
        private Ask asked;

        CapturedThread(SeizedThread seized, CoreEntry.Builder core) {
            this.seized = seized;
            this.core = core;
            this.asked = new Ask(seized, program);
        }

        @Override
        public ProcessCapture process() {
            return CapturedProcess.this;
        }

        @Override
        public SeizedThread thread() {
            return seized;
        }

        @Override
        public ProgramBuilder ask() {
            return program;
        }

        @Override
        public void then(Consumer<Answers> reader) {
            readers.add(reader);
        }

        @Override
        public CoreEntry.Builder core() {
            return core;
        }

        @Override
        public long result(int index) {
            return asked.block().getLong(ProgramBuilder.resultOffset(index));
        }

        @Override
        public DirectBuffer data() {
            return asked.block();
        }

        @Override
        public int dataOffset() {
            return asked.dataOffset();
        }
    }
}
