package io.baton.task.linux;

/** Says whether this machine is one whose system call numbers and structure layouts we know. */
final class Platform {
    private Platform() {}

    /**
     * Refuses anything but Linux on x86-64: on another machine the same number is another call.
     *
     * @throws UnsupportedOperationException if it is something else.
     */
    static void require(final String system, final String architecture) {
        if (!"Linux".equals(system) || !("amd64".equals(architecture) || "x86_64".equals(architecture))) {
            throw new UnsupportedOperationException(
                    "Baton runs on Linux on x86-64 only: os=" + system + ", architecture=" + architecture);
        }
    }
}
