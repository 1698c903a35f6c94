package io.baton.coordinator.programs;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * A database whose processes share memory, under its own user. In an ipc namespace of its own: it marks its data
 * directory by a System V segment.
 */
class PostgresTest extends ProgramTest {
    @Override
    List<String> command() throws Exception {
        Path data = shared("data");
        String programs = programs();
        Client.run(words("chown", "postgres:", data.toString()));
        Client.run(asUser(programs + "initdb", "--no-sync", "--auth=trust", "-D", data.toString()));
        String[] command = asUser(
                programs + "postgres",
                "-D",
                data.toString(),
                "-h",
                "",
                "-k",
                data.toString(),
                "-c",
                "shared_buffers=8MB",
                "-c",
                "huge_pages=off",
                "-c",
                "fsync=off");
        return Stream.concat(Stream.of("unshare", "--ipc"), Stream.of(command)).toList();
    }

    private static String[] words(String... words) {
        return words;
    }

    private static String[] asUser(String... words) {
        return Stream.concat(
                        Stream.of("setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"), Stream.of(words))
                .toArray(String[]::new);
    }

    /** The directory of the newest version, with a slash. */
    private static String programs() throws Exception {
        Path versions = Path.of("/usr/lib/postgresql");
        String newest = "none";
        if (Files.isDirectory(versions)) {
            try (Stream<Path> all = Files.list(versions)) {
                newest = all.map(Path::toString).max(String::compareTo).orElse(newest);
            }
        }
        Client.program(newest + "/bin/postgres");
        return newest + "/bin/";
    }

    private String ask(String sql) throws Exception {
        return Client.feed(sql, "psql", "-XqAt", "-h", directory + "/data", "-U", "postgres", "-v", "ON_ERROR_STOP=1");
    }

    @Override
    void ready() throws Exception {
        ask("create table kept (cycle int primary key, word text); create sequence numbers;");
    }

    @Override
    void store(int cycle) throws Exception {
        ask("insert into kept values (" + cycle + ", 'word-" + cycle + "');");
    }

    @Override
    void check(int cycle) throws Exception {
        assertEquals(Integer.toString(cycle), ask("select nextval('numbers');"));
        assertEquals(Integer.toString(cycle), ask("select count(*) from kept where word = 'word-' || cycle;"));
    }
}
