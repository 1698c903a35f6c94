package io.baton.coordinator.bench;

import java.util.Map;

/**
 * One operation, measured.
 *
 * @param nanos all of it
 * @param stages parts of it in their order, ns; need not be all of it
 * @param cpuNanos user and system time of the command; 0: not measured
 * @param mostBytes resident at most; 0: not measured
 */
record Sample(long nanos, Map<String, Long> stages, long cpuNanos, long mostBytes) {}
