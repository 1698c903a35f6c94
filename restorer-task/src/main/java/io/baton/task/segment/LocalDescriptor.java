package io.baton.task.segment;

/**
 * A task's area, shared memory in the hole: stack, scratch that instructions can point at, and the program that is kept
 * when the context has gone from the ring. Nobody but the task uses it; it is not private memory only because the kernel
 * keeps a chain of all private mappings that a process has inherited, and each fork walks it.
 *
 * <pre>
 *  +---------------------------+ 0
 *  |  Stack, growing downwards |
 *  +---------------------------+ 2048
 *  |  Scratch                  |
 *  +---------------------------+ 2560
 *  |  Kept program             |
 *  +---------------------------+ local length
 * </pre>
 */
public final class LocalDescriptor {
    public static final int STACK_LENGTH = 2048;
    public static final int SCRATCH_OFFSET = 2048;
    public static final int SCRATCH_LENGTH = 512;
    public static final int KEPT_OFFSET = 2560;

    private LocalDescriptor() {}
}
