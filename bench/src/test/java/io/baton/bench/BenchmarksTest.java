package io.baton.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Collection;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/** That each benchmark runs; what it says is not looked at. */
class BenchmarksTest {
    @ParameterizedTest
    @CsvSource({
        "HandOverBenchmark, tasks=3, 6",
        "PublishBenchmark, tasks=3, 1",
        "RingBenchmark, '', 2",
        "ContextRingBenchmark, instructions=10, 1",
        "CompileBenchmark, shape=star:2, 1",
        "AskingBenchmark, processes=2, 6",
    })
    void shouldRunOneIteration(String name, String parameter, int results) throws RunnerException {
        ChainedOptionsBuilder options = new OptionsBuilder()
                .include("io.baton.bench." + name + "\\.")
                .forks(0)
                .warmupIterations(0)
                .measurementIterations(1)
                .measurementTime(TimeValue.milliseconds(10))
                .shouldFailOnError(true)
                .verbosity(VerboseMode.SILENT);
        if (!parameter.isEmpty()) {
            int equals = parameter.indexOf('=');
            options.param(parameter.substring(0, equals), parameter.substring(equals + 1));
        }
        Collection<RunResult> run = new Runner(options.build()).run();
        assertEquals(results, run.size());
        run.forEach(result -> assertTrue(result.getPrimaryResult().getScore() > 0, name));
    }
}
