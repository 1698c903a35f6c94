package io.baton.coordinator.state.files;

/** One row of a process's descriptor table. */
record Descriptor(int fd, boolean closeOnExec, OpenFile file) {}
