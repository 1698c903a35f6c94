package io.baton.coordinator.progress;

/**
 * A task that takes part in an operation.
 *
 * @param pid as in the image
 * @param kind process, thread, zombie ..., in words
 * @param name the kernel's comm; empty when nobody knows it
 */
public record TaskRow(int pid, String kind, String name) {}
