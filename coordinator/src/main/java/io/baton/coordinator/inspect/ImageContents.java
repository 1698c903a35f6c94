package io.baton.coordinator.inspect;

import io.baton.mktree.image.ImageDirectory;
import io.baton.mktree.image.ImageKind;
import io.baton.mktree.image.PagemapImage;
import io.baton.mktree.image.proto.CoreEntry;
import io.baton.mktree.image.proto.FdinfoEntry;
import io.baton.mktree.image.proto.FileEntry;
import io.baton.mktree.image.proto.FsEntry;
import io.baton.mktree.image.proto.MmEntry;
import io.baton.mktree.image.proto.TaskKobjIdsEntry;
import io.baton.mktree.tree.ProcessTree;
import io.baton.mktree.tree.Task;
import io.baton.mktree.tree.TreeFromImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.agrona.collections.Int2ObjectHashMap;
import org.jspecify.annotations.Nullable;

/** What lies in an image directory. Any image will do, finished or not, as long as its tree can be read. */
public final class ImageContents implements TreeView {
    private static final int TASK_STOPPED = 3;

    private final ImageDirectory directory;
    private final ProcessTree tree;
    private final List<ProcessSummary> processes;
    private @Nullable Int2ObjectHashMap<FileEntry> files;

    private ImageContents(
            final ImageDirectory directory, final ProcessTree tree, final List<ProcessSummary> processes) {
        this.directory = directory;
        this.tree = tree;
        this.processes = processes;
    }

    /** Reads the tree and counts what its processes have. */
    public static ImageContents read(final Path path) throws IOException {
        final ImageDirectory directory = ImageDirectory.openUnverified(path);
        final ProcessTree tree = TreeFromImage.read(directory);
        final List<ProcessSummary> processes = new ArrayList<>(tree.size());
        for (final Task task : tree) {
            processes.add(summary(directory, task));
        }
        return new ImageContents(directory, tree, processes);
    }

    private static ProcessSummary summary(final ImageDirectory directory, final Task task) throws IOException {
        if (task.zombie()) {
            return new ProcessSummary(task, false, 0, 0, 0);
        }
        final CoreEntry core = directory.one(ImageKind.CORE, task.pid(), CoreEntry.class);
        return new ProcessSummary(
                task,
                core.getTc().getTaskState() == TASK_STOPPED,
                descriptors(directory, task.pid()).size(),
                directory
                        .find(ImageKind.MM, task.pid(), MmEntry.class)
                        .map(MmEntry::getVmasCount)
                        .orElse(0),
                pageBytes(directory, task.pid()));
    }

    private static List<FdinfoEntry> descriptors(final ImageDirectory directory, final int pid) throws IOException {
        final Optional<TaskKobjIdsEntry> ids = directory.find(ImageKind.IDS, pid, TaskKobjIdsEntry.class);
        return ids.isEmpty()
                ? List.of()
                : directory.allIfPresent(ImageKind.FDINFO, ids.get().getFilesId(), FdinfoEntry.class);
    }

    private static long pageBytes(final ImageDirectory directory, final int pid) throws IOException {
        if (!directory.has(ImageKind.PAGEMAP, pid)) {
            return 0;
        }
        long bytes = 0;
        for (final PagemapImage.Run run : PagemapImage.read(directory, ImageKind.PAGEMAP, pid)) {
            bytes += run.size();
        }
        return bytes;
    }

    public Path path() {
        return directory.path();
    }

    @Override
    public ProcessTree tree() {
        return tree;
    }

    @Override
    public List<ProcessSummary> processes() {
        return processes;
    }

    /** Its descriptors, sorted as in the image. */
    public List<FdinfoEntry> descriptors(final int pid) throws IOException {
        return descriptors(directory, pid);
    }

    /** Its address space; nothing of a zombie. */
    public Optional<MmEntry> memory(final int pid) throws IOException {
        return directory.find(ImageKind.MM, pid, MmEntry.class);
    }

    /** Its directories and umask; nothing of a zombie. */
    public Optional<FsEntry> fileSystem(final int pid) throws IOException {
        return directory.find(ImageKind.FS, pid, FsEntry.class);
    }

    /** The state of one thread. */
    public Optional<CoreEntry> core(final int tid) throws IOException {
        return directory.find(ImageKind.CORE, tid, CoreEntry.class);
    }

    /** What that file is; {@code ?} if the image does not say. */
    public String describeFile(final int id) throws IOException {
        final FileEntry file = files().get(id);
        return file == null ? "?" : FileText.describe(file);
    }

    private Int2ObjectHashMap<FileEntry> files() throws IOException {
        if (files == null) {
            files = new Int2ObjectHashMap<>();
            for (final FileEntry file : directory.allIfPresent(ImageKind.FILES, 0, FileEntry.class)) {
                files.put(file.getId(), file);
            }
        }
        return files;
    }
}
