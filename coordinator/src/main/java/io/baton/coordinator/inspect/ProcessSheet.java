package io.baton.coordinator.inspect;

import io.baton.mktree.image.proto.CoreEntry;
import io.baton.mktree.image.proto.FdinfoEntry;
import io.baton.mktree.image.proto.FsEntry;
import io.baton.mktree.image.proto.MmEntry;
import io.baton.mktree.image.proto.VmaEntry;
import io.baton.mktree.tree.Task;
import java.io.IOException;
import java.util.Optional;

/** All that is worth knowing of one process of an image, on a page. */
public final class ProcessSheet {
    private static final int CLOSE_ON_EXEC = 1;

    private ProcessSheet() {}

    /** Prints the process of that row. */
    public static String print(final ImageContents image, final int row) throws IOException {
        final ProcessSummary process = image.processes().get(row);
        final Task task = process.task();
        final StringBuilder out = new StringBuilder();
        out.append(String.format("pid %d  %s  %s%n", task.pid(), task.comm(), process.state()));
        out.append(String.format(
                "parent %d, group %d, session %d%s%n",
                task.ppid(), task.pgid(), task.sid(), task.subreaper() ? ", subreaper" : ""));
        if (task.zombie()) {
            return out.toString();
        }
        threads(image, task, out);
        fileSystem(image, task, out);
        descriptors(image, task, out);
        mappings(image, process, out);
        return out.toString();
    }

    private static void threads(final ImageContents image, final Task task, final StringBuilder out)
            throws IOException {
        out.append(String.format("%nthreads: %d%n", task.threads().size()));
        for (final int tid : task.threads()) {
            final Optional<CoreEntry> core = image.core(tid);
            final String name = core.isPresent() && core.get().getThreadCore().hasComm()
                    ? core.get().getThreadCore().getComm()
                    : task.comm();
            final long ip = core.map(c -> c.getThreadInfo().getGpregs().getIp()).orElse(0L);
            out.append(String.format("  %7d  %-16s at %012x%n", tid, name, ip));
        }
    }

    private static void fileSystem(final ImageContents image, final Task task, final StringBuilder out)
            throws IOException {
        final Optional<FsEntry> fs = image.fileSystem(task.pid());
        if (fs.isPresent()) {
            out.append(String.format(
                    "%ndirectory: %s%n", path(image.describeFile(fs.get().getCwdId()))));
            out.append(String.format(
                    "root:      %s%n", path(image.describeFile(fs.get().getRootId()))));
            out.append(String.format("umask:     %04o%n", fs.get().getUmask()));
        }
        final Optional<MmEntry> memory = image.memory(task.pid());
        if (memory.isPresent()) {
            out.append(String.format(
                    "program:   %s%n", path(image.describeFile(memory.get().getExeFileId()))));
        }
    }

    private static void descriptors(final ImageContents image, final Task task, final StringBuilder out)
            throws IOException {
        out.append(String.format(
                "%ndescriptors: %d%n", image.descriptors(task.pid()).size()));
        for (final FdinfoEntry descriptor : image.descriptors(task.pid())) {
            final boolean closes = (descriptor.getFlags() & CLOSE_ON_EXEC) != 0;
            out.append(String.format(
                    "  %5d  %s%s%n",
                    descriptor.getFd(), image.describeFile(descriptor.getId()), closes ? " FD_CLOEXEC" : ""));
        }
    }

    private static void mappings(final ImageContents image, final ProcessSummary process, final StringBuilder out)
            throws IOException {
        out.append(
                String.format("%nmappings: %d, %s of pages%n", process.mappings(), Units.bytes(process.pageBytes())));
        final Optional<MmEntry> memory = image.memory(process.task().pid());
        if (memory.isPresent()) {
            for (final VmaEntry vma : memory.get().getVmasList()) {
                out.append("  ")
                        .append(MappingText.describe(vma, image).stripTrailing())
                        .append(System.lineSeparator());
            }
        }
    }

    private static String path(final String file) {
        final int flags = file.lastIndexOf(" O_");
        return flags < 0 ? file : file.substring(0, flags);
    }
}
