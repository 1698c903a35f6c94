package io.baton.mktree.launch;

import io.baton.task.linux.Fd;
import io.baton.task.linux.Files;
import io.baton.task.linux.Mapping;
import io.baton.task.linux.MemFd;
import io.baton.task.linux.Spawner;

/** One of our own programs in memory, to be started; the descriptor is closed when it is. */
final class Executable implements AutoCloseable {
    private final String name;
    private final Fd fd;

    private Executable(final String name, final Fd fd) {
        this.name = name;
        this.fd = fd;
    }

    /** A memfd that nobody has open for writing, or the kernel would say ETXTBSY. */
    static Executable of(final String name, final byte[] text) {
        try (MemFd memory = MemFd.create(name, text.length)) {
            try (Mapping mapping = memory.map()) {
                mapping.buffer().putBytes(0, text);
            }
            final String path = "/proc/self/fd/" + memory.fd().number();
            return new Executable(name, Files.open(path, Files.O_RDONLY | Files.O_CLOEXEC));
        }
    }

    Fd fd() {
        return fd;
    }

    /** Starts it, under its name. */
    Spawner spawner() {
        return spawner(fd.number());
    }

    /**
     * Starts it, under its name, with the descriptor under another number: for a child that keeps none of ours.
     *
     * @param number the child's for {@link #fd}
     * @param arguments after the name
     */
    Spawner spawner(final int number, final String... arguments) {
        final String[] all = new String[arguments.length + 1];
        all[0] = name;
        System.arraycopy(arguments, 0, all, 1, arguments.length);
        return new Spawner("/proc/self/fd/" + number, all);
    }

    @Override
    public void close() {
        fd.close();
    }
}
