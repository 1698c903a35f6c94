package io.baton.coordinator.state.memory;

import io.baton.coordinator.ptrace.SeizedProcess;
import io.baton.coordinator.state.TreeImage;
import io.baton.mktree.image.ImageKind;
import io.baton.task.linux.Errno;
import io.baton.task.linux.Fd;
import io.baton.task.linux.Files;
import io.baton.task.linux.LinuxException;
import io.baton.task.linux.PageMap;
import io.baton.task.linux.ProcMap;
import java.io.IOException;
import java.util.HashSet;
import java.util.Set;

/**
 * Saves anonymous memory that processes share, each object once, by whoever of the tree is first found to have it
 * mapped. It is read as the file it is to the kernel, through the mapping's link in {@code /proc}: what one process has
 * never touched need not be in its page tables and can still be there.
 */
final class SharedMemoryCapture {
    private static final int SEEK_DATA = 3;
    private static final int SEEK_HOLE = 4;

    private final TreeImage tree;
    private final Set<Long> saved = new HashSet<>();

    private SharedMemoryCapture(TreeImage tree) {
        this.tree = tree;
    }

    static SharedMemoryCapture of(TreeImage tree) {
        return tree.shared(SharedMemoryCapture.class, () -> new SharedMemoryCapture(tree));
    }

    /** Opens what is behind a mapping; that needs CAP_CHECKPOINT_RESTORE. */
    static Fd open(SeizedProcess process, ProcMap map) {
        return Files.open(process.procPath("map_files/" + map.mapFile()), Files.O_RDONLY | Files.O_CLOEXEC);
    }

    /** Saves the memory behind a mapping, unless that is done already; returns its id in the image. */
    long save(SeizedProcess process, ProcMap map) {
        if (!saved.contains(map.inode())) {
            try (Fd memory = open(process, map)) {
                save(memory.number(), map.inode());
            }
        }
        return map.inode();
    }

    /** Saves what is in an open file, under an id of the caller's, unless that is done already. */
    void save(int memory, long id) {
        if (!saved.add(id)) {
            return;
        }
        try (PagesFile file = new PagesFile(tree, ImageKind.PAGEMAP_SHMEM, id)) {
            copy(memory, file);
            file.finish();
        } catch (IOException e) {
            throw PagesFile.failed(tree.directory(), e);
        }
    }

    private static void copy(int memory, PagesFile file) {
        long size = Files.status(memory).size();
        long start = data(memory, 0);
        while (start < size) {
            long end = Files.seek(memory, start, SEEK_HOLE);
            file.add(start, align(end));
            for (long at = start; at < end; ) {
                int wanted = (int) Math.min(PageBuffer.LENGTH, align(end) - at);
                int count = Files.pread(memory, file.buffer().address(), wanted, at);
                if (count == 0) {
                    throw new LinuxException("pread", Errno.EIO, "shared memory ended at " + at);
                }
                int whole = (int) align(count);
                file.buffer().zero(count, whole);
                file.write(whole);
                at += whole;
            }
            start = data(memory, end);
        }
    }

    /** Where the next data begins, or the greatest number there is. */
    private static long data(int memory, long from) {
        try {
            return Files.seek(memory, from, SEEK_DATA);
        } catch (LinuxException e) {
            if (e.errno() == Errno.ENXIO) {
                return Long.MAX_VALUE;
            }
            throw e;
        }
    }

    private static long align(long length) {
        return (length + PageMap.PAGE_SIZE - 1) / PageMap.PAGE_SIZE * PageMap.PAGE_SIZE;
    }
}
