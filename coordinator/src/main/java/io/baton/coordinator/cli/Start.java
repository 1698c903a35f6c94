package io.baton.coordinator.cli;

import com.google.protobuf.Message;
import io.baton.mktree.image.proto.CoreEntry;
import io.baton.mktree.image.proto.FileEntry;
import io.baton.mktree.image.proto.MmEntry;
import io.baton.task.linux.Identity;
import java.util.List;

/**
 * Where the JVM begins. Picocli's model of the commands takes longer than a whole restore, so what a plain command line
 * needs is done without it; see {@link PlainCommand}. For anything else there is {@link Main}.
 */
public final class Start {
    private Start() {}

    /**
     * Runs one command and exits with its status.
     *
     * @param args the command line, as the shell gave it
     */
    public static void main(String[] args) {
        startNativeAccess();
        final int status = run(args);
        Interruption.finish(status);
        System.exit(status);
    }

    /**
     * Has another core set up JNA, which every command needs and which takes as long as all that can be done without:
     * to read the command line, and to set up protobuf.
     */
    private static void startNativeAccess() {
        final Thread thread = new Thread("native-access") {
            @Override
            public void run() {
                Identity.pid();
            }
        };
        thread.setDaemon(true);
        thread.start();
    }

    /** Runs one command; returns its exit status. */
    static int run(final String... args) {
        final PlainCommand plain = PlainCommand.of(LogOptions.spellOut(args));
        if (plain == null) {
            return Main.run(args);
        }
        setUpMessages();
        return plain.run();
    }

    private static void setUpMessages() {
        final List<Message> messages =
                List.of(CoreEntry.getDefaultInstance(), MmEntry.getDefaultInstance(), FileEntry.getDefaultInstance());
        assert !messages.isEmpty();
    }
}
