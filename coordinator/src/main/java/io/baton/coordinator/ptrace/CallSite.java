package io.baton.coordinator.ptrace;

/**
 * Where a thread makes calls for us, by its registers alone.
 *
 * @param gate address of a {@code syscall} instruction
 * @param stackPointer what the stack pointer must be for the thread to find its {@linkplain WayBack way back} after the
 *     call, should we be gone; 0 if there is none
 */
record CallSite(long gate, long stackPointer) {}
