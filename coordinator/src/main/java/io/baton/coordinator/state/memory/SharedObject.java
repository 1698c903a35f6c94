package io.baton.coordinator.state.memory;

import io.baton.coordinator.state.ProcessRestore;
import io.baton.mktree.image.PagemapImage;
import io.baton.mktree.image.proto.MemfdInodeEntry;
import io.baton.mktree.image.proto.MmEntry;
import io.baton.mktree.image.proto.VmaEntry;
import org.jspecify.annotations.Nullable;

/**
 * One object of shared memory. The first process that maps it makes it; later mappings, also of that same process, open
 * what is behind the first by its link in {@code /proc}.
 */
public final class SharedObject {
    private final @Nullable MemfdInodeEntry file;
    private final @Nullable PagemapImage pagemap;
    private long size;
    private boolean asked;
    private boolean whole;
    private @Nullable ProcessRestore owner;
    private int ownerIndex;
    private int maker;
    private String descriptor = "";

    /**
     * @param file the memory file it is, null if it is none
     * @param pagemap of its contents; null if there are none
     */
    SharedObject(@Nullable MemfdInodeEntry file, @Nullable PagemapImage pagemap) {
        this.file = file;
        this.pagemap = pagemap;
        this.size = file == null ? 0 : file.getSize();
    }

    /** What the image says of the memory file it is; null if it is none, but anonymous memory. */
    @Nullable
    public MemfdInodeEntry file() {
        return file == null || file.getName().equals(SharedMemory.ANONYMOUS) ? null : file;
    }

    String name() {
        return file == null ? SharedMemory.ANONYMOUS : file.getName();
    }

    @Nullable
    public PagemapImage pagemap() {
        return pagemap;
    }

    /** Bytes that all mappings and contents together need; of a memory file, what it has. */
    long size() {
        MemfdInodeEntry named = file();
        return named == null ? size : named.getSize();
    }

    /** Whether a process has mapped it that was looked at before. */
    public boolean isMapped() {
        return asked;
    }

    /** Whether the first mapping that is asked about has all of it; so it does for all others then. */
    boolean isWholeIn(VmaEntry first) {
        if (!asked) {
            asked = true;
            whole = first.getPgoff() == 0 && first.getEnd() - first.getStart() >= size();
        }
        return whole;
    }

    void reach(long end) {
        size = Math.max(size, end);
    }

    public boolean isMade() {
        return owner != null || !descriptor.isEmpty();
    }

    /** Says that a task has it open under that number. */
    public void madeAt(int task, int fd) {
        maker = task;
        descriptor = "/proc/" + task + "/fd/" + fd;
    }

    /** Pid or tid of the task that makes it and has it for the others. */
    public int maker() {
        return maker;
    }

    /** Path by which the object can be opened by a process that has all its mappings. */
    public String path(ProcessRestore process) {
        return path(process, process.mm().getVmasCount());
    }

    void madeBy(ProcessRestore process, int index) {
        owner = process;
        maker = process.pstree().getPid();
        ownerIndex = index;
    }

    /**
     * Path by which the object can be opened.
     *
     * @param process that wants it
     * @param index of the mapping it wants it for; its own mappings from there on do not exist yet
     */
    String path(ProcessRestore process, int index) {
        if (!descriptor.isEmpty()) {
            return descriptor;
        }
        ProcessRestore made = owner;
        if (made == null) {
            throw new IllegalStateException("shared memory is not made yet: name=" + name());
        }
        int pid = made.pstree().getPid();
        boolean own = pid == process.pstree().getPid();
        MmEntry mm = made.mm();
        int limit = own ? index : mm.getVmasCount();
        VmaEntry first = mm.getVmas(ownerIndex);
        long end = first.getEnd();
        // The kernel has joined what follows seamlessly, and the link has the name of the whole.
        for (int i = ownerIndex + 1; i < limit && follows(first, end, mm.getVmas(i)); i++) {
            end = mm.getVmas(i).getEnd();
        }
        String range = Long.toHexString(first.getStart()) + "-" + Long.toHexString(end);
        return "/proc/" + (own ? "self" : Integer.toString(pid)) + "/map_files/" + range;
    }

    private static boolean follows(VmaEntry first, long end, VmaEntry vma) {
        return vma.getStart() == end
                && vma.getShmid() == first.getShmid()
                && vma.getStatus() == first.getStatus()
                && vma.getPgoff() - first.getPgoff() == vma.getStart() - first.getStart()
                && vma.getProt() == first.getProt()
                && vma.getFlags() == first.getFlags()
                && vma.getLockedOnFault() == first.getLockedOnFault()
                && vma.getSealed() == first.getSealed()
                && vma.getMadv() == first.getMadv();
    }
}
