package io.baton.coordinator.programs;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.baton.coordinator.state.DumpOptions;
import io.baton.coordinator.state.FileOptions;
import java.nio.file.Path;
import java.util.List;

/** A database of many threads, under its own user. */
class MariaDbTest extends ProgramTest {
    @Override
    List<String> command() throws Exception {
        Path data = shared("data");
        Client.program("mariadbd");
        Client.run(
                "mariadb-install-db",
                "--no-defaults",
                "--user=mysql",
                "--datadir=" + data,
                "--auth-root-authentication-method=normal",
                "--skip-test-db",
                "--innodb-log-file-size=4M");
        return List.of(
                "mariadbd",
                "--no-defaults",
                "--user=mysql",
                "--datadir=" + data,
                "--socket=" + data + "/socket",
                "--skip-networking",
                "--innodb-use-native-aio=0",
                "--innodb-buffer-pool-size=16M",
                "--innodb-log-file-size=4M",
                "--innodb-flush-method=fsync");
    }

    /** It locks its files. */
    @Override
    DumpOptions dumpOptions() {
        return super.dumpOptions().with(new FileOptions(true));
    }

    private String ask(String sql) throws Exception {
        String socket = "--socket=" + directory + "/data/socket";
        return Client.feed(sql, "mariadb", "--no-defaults", "--user=root", socket, "-BN");
    }

    @Override
    void ready() throws Exception {
        ask("create database d; create table d.kept (cycle int primary key, word varchar(20)) engine=innodb;"
                + "create table d.fleeting (cycle int) engine=memory;");
    }

    @Override
    void store(int cycle) throws Exception {
        ask("insert into d.kept values (" + cycle + ", 'word-" + cycle + "'); insert into d.fleeting values (" + cycle
                + ");");
    }

    @Override
    void check(int cycle) throws Exception {
        assertEquals(Integer.toString(cycle), ask("select count(*) from d.fleeting;"));
        assertEquals(Integer.toString(cycle), ask("select count(*) from d.kept where word = concat('word-', cycle);"));
    }
}
