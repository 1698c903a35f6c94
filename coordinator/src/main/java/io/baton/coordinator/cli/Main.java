package io.baton.coordinator.cli;

import picocli.CommandLine;
import picocli.CommandLine.Command;

/** Entry of the {@code baton} command. */
@Command(
        name = "baton",
        version = "baton 0.1.0-SNAPSHOT",
        mixinStandardHelpOptions = true,
        subcommands = {RestoreCommand.class},
        description = "Checkpoints and restores whole trees of Linux processes.")
public final class Main implements Runnable {
    @Override
    public void run() {
        CommandLine.usage(this, System.out);
    }

    /**
     * Runs one command and exits with its status.
     *
     * @param args the command line, as the shell gave it
     */
    public static void main(String[] args) {
        System.exit(new CommandLine(new Main()).execute(args));
    }
}
