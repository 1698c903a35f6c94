package io.baton.coordinator.programs;

import io.baton.coordinator.Victim;
import java.util.ArrayList;
import java.util.List;

/** A terminal multiplexer with a shell in one window and an editor in the other; they keep what was typed. */
class TmuxTest extends ProgramTest {
    private static final String SHELL = "work:0";
    private static final String EDITOR = "work:1";

    @Override
    List<String> command() throws Exception {
        write("tmux.conf", "new-session -d -s work bash --norc -i", "new-window -d -t work:1 vim -u NONE -n");
        return List.of("tmux", "-D", "-S", directory + "/socket", "-f", directory + "/tmux.conf");
    }

    private String tell(String... words) throws Exception {
        List<String> command = new ArrayList<>(List.of("tmux", "-S", directory + "/socket"));
        command.addAll(List.of(words));
        return Client.run(command.toArray(String[]::new));
    }

    private void type(String window, String text) throws Exception {
        tell("send-keys", "-t", window, "-l", text);
        tell("send-keys", "-t", window, "Enter");
    }

    private void awaitScreen(String window, String text) throws Exception {
        String[] last = {""};
        Victim.await(
                () -> {
                    last[0] = tell("capture-pane", "-p", "-t", window);
                    return last[0].contains(text);
                },
                () -> "\"" + text + "\" in " + window + ":\n" + last[0]);
    }

    @Override
    void ready() throws Exception {
        tell("has-session", "-t", "work");
        type(SHELL, "PS1='$ '; count=0");
        tell("send-keys", "-t", EDITOR, "i");
    }

    @Override
    void store(int cycle) throws Exception {
        type(SHELL, "clear; count=$((count + 1)); sleep 1000 &");
        type(EDITOR, "line " + cycle);
        awaitScreen(EDITOR, "line " + cycle + "\n");
    }

    @Override
    void check(int cycle) throws Exception {
        type(SHELL, "kill %%; wait; echo count is $count, jobs are $(jobs -r | wc -l)");
        awaitScreen(SHELL, "count is " + cycle + ", jobs are 0");
        for (int i = 1; i <= cycle; i++) {
            awaitScreen(EDITOR, "line " + i + "\n");
        }
    }
}
