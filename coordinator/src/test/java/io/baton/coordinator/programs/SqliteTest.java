package io.baton.coordinator.programs;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.baton.coordinator.Victim;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** A database in memory that is asked by way of a FIFO and answers into a file. */
class SqliteTest extends ProgramTest {
    private int asked;

    @Override
    List<String> command() throws Exception {
        Client.run("mkfifo", questions().toString());
        Client.program("sqlite3");
        return List.of("sh", "-c", "exec sqlite3 :memory: <>" + questions() + " >" + directory + "/answers 2>&1");
    }

    private Path questions() {
        return directory.resolve("questions");
    }

    /** What it answers: what it has written, up to a line of ours. */
    private String ask(String sql) throws Exception {
        Path answers = directory.resolve("answers");
        int before = Files.readString(answers).length();
        String end = "end-" + asked++;
        Files.writeString(questions(), sql + "\n.print " + end + "\n");
        Victim.await(() -> Files.readString(answers).endsWith(end + "\n"), () -> end);
        String answer = Files.readString(answers).substring(before);
        return answer.substring(0, answer.length() - end.length() - 1).strip();
    }

    @Override
    void ready() throws Exception {
        assertEquals("", ask("create table if not exists kept (cycle integer, word text);"));
    }

    /** The last question is asked while it is in the middle of a transaction. */
    @Override
    void store(int cycle) throws Exception {
        assertEquals("", ask("begin; insert into kept values (" + cycle + ", 'word-" + cycle + "');"));
    }

    @Override
    void check(int cycle) throws Exception {
        assertEquals("", ask("commit;"));
        assertEquals(Integer.toString(cycle), ask("select count(*) from kept;"));
        for (int i = 1; i <= cycle; i++) {
            assertEquals("word-" + i, ask("select word from kept where cycle = " + i + ";"));
        }
    }
}
