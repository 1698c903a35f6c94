package io.baton.mktree.tree;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.baton.mktree.tree.TreeException.Fault;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TreeSpecTest {
    @Test
    void shouldReadEveryField() {
        ProcessTree tree = TreeSpec.parse("""
                # a shell and its jobs
                pid=100 comm=my%20sh subreaper

                pid=101 ppid=100 pgid=101 comm=caf%c3%a9   # a job
                pid=102 zombie=exit:200
                pid=103 ppid=101 sid=103 threads=103,110,111 leader-dead=signal:15
                pid=104 ppid=103 zombie=signal:11+core
                pid=105 ppid=103 sid=90 pgid=91
                """);
        assertEquals(
                List.of(
                        Task.of(100, 0, 100, 100).withComm("my sh").withSubreaper(true),
                        Task.of(101, 100, 101, 100).withComm("caf\u00e9"),
                        Task.of(102, 100, 100, 100).asZombie(200 << 8),
                        Task.of(103, 101, 103, 103)
                                .withThreads(List.of(103, 110, 111))
                                .withDeadLeader(15),
                        Task.of(104, 103, 103, 103).asZombie(11 | 0x80),
                        Task.of(105, 103, 91, 90)),
                tree.tasks());
        assertEquals(tree, TreeSpec.parse(tree.toString()));
    }

    @Test
    void shouldReadIdsRelativeToABase() {
        ProcessTree tree = TreeSpec.parse("pid=+0 pgid=7 sid=7\npid=+5 pgid=+5 threads=+5,+6", 1000);
        assertEquals(
                List.of(Task.of(1000, 0, 7, 7), Task.of(1005, 1000, 1005, 7).withThreads(List.of(1005, 1006))),
                tree.tasks());
        assertEquals("pid=+0 sid=7\npid=+5 ppid=+0 pgid=+5 threads=+5,+6\n", TreeSpec.printRelative(tree));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "ppid=5",
                "pid=",
                "pid=x",
                "pid=-5",
                "pid=5 =",
                "pid=5 subreaper=1",
                "pid=5 zombie=exit:256",
                "pid=5 zombie=signal:65",
                "pid=5 zombie=9",
                "pid=5 threads=5,",
                "pid=5 comm=%4",
                "pid=5 comm=%zz",
                "pid=5 comm=\u00e9",
                "pid=99999999999",
                "pid=2147483648",
                "pid=+2147483647",
                "hello"
            })
    void shouldNameTheLineThatIsWrong(String line) {
        TreeException error = assertThrows(TreeException.class, () -> TreeSpec.parse("pid=1\n\n" + line, 10));
        assertEquals(Fault.SYNTAX, error.fault());
        assertEquals(3, error.row());
        assertTrue(error.toString().contains("line 3: "), error.toString());
    }

    @Test
    void shouldLeaveTheRestToTheRules() {
        assertEquals(
                Fault.EMPTY,
                assertThrows(TreeException.class, () -> TreeSpec.parse("# no\n"))
                        .fault());
        TreeException error = assertThrows(TreeException.class, () -> TreeSpec.parse("pid=1\npid=2 ppid=3"));
        assertEquals(Fault.PARENT_MISSING, error.fault());
        assertEquals(1, error.row());
    }
}
