package io.baton.coordinator.programs;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** An interpreter with a pool of workers of another user, asked by FastCGI on a Unix socket; counters are shared. */
class PhpFpmTest extends ProgramTest {
    private long asked;

    @Override
    List<String> command() throws Exception {
        write("page.php", "<?php echo 'page ' . $_SERVER['QUERY_STRING'] . ' of ' . posix_getpid();");
        Path configuration = write(
                "fpm.conf",
                "[global]",
                "daemonize = no",
                "pid = " + directory + "/pid",
                "error_log = " + directory + "/log",
                "[pool]",
                "user = www-data",
                "listen = " + directory + "/socket",
                "pm = static",
                "pm.max_children = 3",
                "pm.status_path = /status");
        return List.of(program(), "-y", configuration.toString());
    }

    /** Its name has its version. */
    private static String program() throws Exception {
        try (Stream<Path> programs = Files.list(Path.of("/usr/sbin"))) {
            return programs.map(Path::toString)
                    .filter(name -> name.contains("php-fpm"))
                    .findFirst()
                    .orElse("php-fpm");
        }
    }

    private String ask(String script, String query) throws Exception {
        String answer = Client.run(
                "env",
                "REQUEST_METHOD=GET",
                "SCRIPT_NAME=" + script,
                "SCRIPT_FILENAME=" + directory + script,
                "QUERY_STRING=" + query,
                "cgi-fcgi",
                "-bind",
                "-connect",
                directory + "/socket");
        return answer.substring(answer.indexOf("\r\n\r\n") + 4);
    }

    private long count() throws Exception {
        return Client.number(ask("/status", ""), "accepted conn:");
    }

    @Override
    void ready() throws Exception {
        asked = count();
    }

    @Override
    void store(int cycle) throws Exception {
        assertEquals(++asked, count());
    }

    @Override
    void check(int cycle) throws Exception {
        for (int i = 1; i <= cycle; i++) {
            String page = ask("/page.php", "number=" + i);
            assertEquals("page number=" + i, page.substring(0, page.indexOf(" of ")));
            asked++;
        }
        assertEquals(++asked, count());
    }
}
