package io.baton.coordinator.programs;

import io.baton.coordinator.Victim;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** A terminal multiplexer with a shell in it. What it is told to type must have no dollar sign unescaped. */
class ScreenTest extends ProgramTest {
    @Override
    List<String> command() throws Exception {
        Files.createDirectory(
                directory.resolve("sockets"),
                java.nio.file.attribute.PosixFilePermissions.asFileAttribute(
                        java.nio.file.attribute.PosixFilePermissions.fromString("rwx------")));
        return List.of(
                "env",
                "SCREENDIR=" + directory + "/sockets",
                "screen",
                "-D",
                "-m",
                "-S",
                "work",
                "bash",
                "--norc",
                "-i");
    }

    private void type(String text) throws Exception {
        Client.run(
                "env",
                "SCREENDIR=" + directory + "/sockets",
                "screen",
                "-S",
                "work",
                "-X",
                "stuff",
                text.replace("$", "\\$") + "\n");
    }

    private void awaitWord(String word) throws Exception {
        Path said = directory.resolve("said");
        String[] last = {""};
        Victim.await(
                () -> {
                    last[0] = Files.exists(said) ? Files.readString(said) : "nothing";
                    return last[0].equals(word + "\n");
                },
                () -> word + " instead of " + last[0]);
    }

    @Override
    void ready() throws Exception {
        type("count=0; echo ready > " + directory + "/said");
        awaitWord("ready");
    }

    @Override
    void store(int cycle) throws Exception {
        type("count=$((count + 1)); echo stored > " + directory + "/said");
        awaitWord("stored");
    }

    @Override
    void check(int cycle) throws Exception {
        type("echo $count of $(tty | cut -c1-8) > " + directory + "/said");
        awaitWord(cycle + " of /dev/pts");
    }
}
