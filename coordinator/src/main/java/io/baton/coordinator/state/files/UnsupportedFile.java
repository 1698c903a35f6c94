package io.baton.coordinator.state.files;

import io.baton.coordinator.state.Account;
import io.baton.coordinator.state.TreeImage;
import io.baton.mktree.image.proto.FdTypes;
import io.baton.mktree.image.proto.FileEntry;
import io.baton.task.linux.FileStatus;
import java.util.Map;

/** What no other kind can save: refused, each by its own name. */
final class UnsupportedFile implements FileKind {
    static final String MEMORY_FILE = "/memfd:";
    /** Which nobody but its processes can read, not even the kernel. */
    static final String SECRET_MEMORY = "/secretmem";

    private static final String CLOSE = "close it before the dump";
    private static final Map<String, String> ANONYMOUS = Map.ofEntries(
            Map.entry("[userfaultfd]", "a userfault descriptor"),
            Map.entry("[io_uring]", "an io_uring"),
            Map.entry("[perf_event]", "a performance counter"),
            Map.entry("[fscontext]", "a file system context"),
            Map.entry("bpf-map", "a BPF map"),
            Map.entry("bpf-prog", "a BPF program"),
            Map.entry("bpf_link", "a BPF link"),
            Map.entry("btf", "BPF type information"),
            Map.entry("[landlock-ruleset]", "a Landlock ruleset"),
            Map.entry("kvm-vm", "a virtual machine (KVM)"),
            Map.entry("kvm-vcpu", "a virtual processor (KVM)"),
            Map.entry("seccomp notify", "a seccomp listener"));

    @Override
    public FdTypes type() {
        return FdTypes.UND;
    }

    @Override
    public Account account() {
        return new Account("other", "not at all", "not at all").refusing("* cannot be saved yet");
    }

    @Override
    public boolean matches(OpenFile file) {
        return true;
    }

    @Override
    public void inspect(OpenFile file, FileInspection inspection) {
        inspection.refuse(file, name(file) + " cannot be saved yet", CLOSE);
    }

    private static String name(OpenFile file) {
        String link = file.link();
        if (link.startsWith("socket:") || file.status().type() == FileStatus.S_IFSOCK) {
            return "a socket";
        } else if (link.startsWith(MEMORY_FILE)) {
            return "a memory file (memfd_create)";
        } else if (link.startsWith(SECRET_MEMORY)) {
            return "secret memory (memfd_secret)";
        } else if (link.startsWith("anon_inode:")) {
            String inode = link.substring("anon_inode:".length());
            String name = ANONYMOUS.get(inode);
            return name == null ? "a file without a name (" + inode + ")" : name;
        } else if (file.status().type() == FileStatus.S_IFBLK) {
            return "a block device";
        } else if (file.status().type() == FileStatus.S_IFCHR) {
            return "a character device (" + FileStatus.major(file.status().rdev()) + ":"
                    + FileStatus.minor(file.status().rdev()) + ")";
        } else if (!file.hasPath() && link.endsWith("]")) {
            return "a namespace or other kernel object";
        }
        return "a file that cannot be reached by a path";
    }

    @Override
    public void capture(OpenFile file, FileEntry.Builder entry, TreeImage tree) {
        throw new IllegalStateException("refused before: " + file.describe());
    }

    @Override
    public void validate(FileEntry entry, FileValidation validation) {
        validation.refuse(entry.getType().name(), "cannot be restored yet", "");
    }

    @Override
    public void compile(FileEntry entry, TaskDescriptors task) {
        throw new IllegalStateException("refused before: id=" + entry.getId());
    }
}
