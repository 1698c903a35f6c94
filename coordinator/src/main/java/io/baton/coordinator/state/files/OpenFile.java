package io.baton.coordinator.state.files;

import io.baton.coordinator.ptrace.SeizedProcess;
import io.baton.coordinator.state.namespaces.TreeNamespaces;
import io.baton.mktree.image.proto.FownEntry;
import io.baton.task.linux.Fd;
import io.baton.task.linux.FileStatus;
import io.baton.task.linux.Files;
import io.baton.task.linux.Identity;
import io.baton.task.linux.ProcFdInfo;
import io.baton.task.linux.Sockets;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.linux.SystemCall;
import org.jspecify.annotations.Nullable;

/**
 * An open file description of a tree, as it was first met: in which process, under which number; or, if no process has it
 * open, in which socket it waits to be received. Of those we have a copy.
 */
final class OpenFile {
    private static final int PIDFD_THREAD = 0x80;

    private final SeizedProcess process;
    private final int holder;
    private final int fd;
    private final @Nullable Fd copy;
    private final @Nullable OpenFile socket;
    private final String link;
    private final FileStatus status;
    private final ProcFdInfo info;
    private FileKind kind;
    private @Nullable FownEntry owner;
    private int id;
    private boolean external;

    private OpenFile(
            SeizedProcess process, int holder, int fd, ProcFdInfo info, @Nullable Fd copy, @Nullable OpenFile socket) {
        this.process = process;
        this.holder = holder;
        this.fd = fd;
        this.info = info;
        this.copy = copy;
        this.socket = socket;
        link = process.proc().readLink(holder, "fd/" + fd);
        status = Files.statusAt(Files.AT_FDCWD, procPath(), 0);
        kind = FileKinds.of(this);
    }

    /** As a process has it. */
    static OpenFile of(SeizedProcess process, int fd, ProcFdInfo info) {
        return new OpenFile(process, process.procId(), fd, info, null, null);
    }

    /** As it waits in a socket, of which we have that copy. */
    static OpenFile inFlight(OpenFile socket, Fd copy) {
        SeizedProcess process = socket.process;
        int self = Identity.pid();
        ProcFdInfo info = process.proc().fdInfo(self, copy.number());
        return new OpenFile(process, self, copy.number(), info, copy, socket);
    }

    /** The process that has it open; if none has, the one that has the socket in which it waits. */
    SeizedProcess process() {
        return process;
    }

    /** Whether no process has it open. */
    boolean isInFlight() {
        return copy != null;
    }

    /** Who has it open under {@link #fd}, we ourselves included: as kcmp(2) and {@code /proc} know him. */
    int holder() {
        return holder;
    }

    int fd() {
        return fd;
    }

    /** Whether it is a socket of that family. */
    boolean isSocketOf(int family) {
        return link.startsWith("socket:[") && socketOption(Sockets.SO_DOMAIN) == family;
    }

    /** {@code SOCK_STREAM} and so on, of a socket. */
    int socketType() {
        return socketOption(Sockets.SO_TYPE);
    }

    private int socketOption(int option) {
        try (Fd fetched = fetch()) {
            return Sockets.option(fetched.number(), Sockets.SOL_SOCKET, option);
        }
    }

    /** What the descriptor's link in {@code /proc} says: a path, {@code pipe:[17]}, {@code anon_inode:[eventfd]}. */
    String link() {
        return link;
    }

    FileStatus status() {
        return status;
    }

    ProcFdInfo info() {
        return info;
    }

    /** Without O_CLOEXEC, which belongs to the descriptor. */
    int flags() {
        return info.flags() & ~Files.O_CLOEXEC;
    }

    FileKind kind() {
        return kind;
    }

    /** From now on its contents are nobody's business, and it is saved by name only. */
    void external(FileKind newKind) {
        kind = newKind;
        external = true;
    }

    /** Whether a restore is to be given another one. */
    boolean isExternal() {
        return external;
    }

    /** Whether it is named by a path; not whether the file is still there. */
    boolean hasPath() {
        return link.startsWith("/");
    }

    /** The descriptor's link: opening it opens the same file anew. */
    String procPath() {
        return "/proc/" + holder + "/fd/" + fd;
    }

    String describe() {
        return socket == null ? "fd " + fd + " (" + link + ")" : link + " in flight in " + socket.describe();
    }

    /** Its id in the image, 0 until it is captured. */
    int id() {
        return id;
    }

    /** From now on its owner is who he is inside. */
    void captured(int newId, TreeNamespaces namespaces) {
        id = newId;
        owner = SignalOwner.inside(owner(), namespaces);
    }

    /** A copy of the descriptor, sharing the description. */
    Fd fetch() {
        if (copy != null) {
            long own = SystemCall.call(SyscallNumber.FCNTL, copy.number(), FileFlags.F_DUPFD_CLOEXEC, 0);
            return Fd.own((int) SystemCall.check(own, SyscallNumber.FCNTL, "fd", fd));
        }
        if (!process.leaderDead()) {
            return process.pidFd().fetch(fd);
        }
        // A dead leader has given up its descriptors; its threads still have them.
        long thread = SystemCall.call(SyscallNumber.PIDFD_OPEN, process.procId(), PIDFD_THREAD);
        int number = (int) SystemCall.check(thread, SyscallNumber.PIDFD_OPEN, "tid", process.procId());
        try (Fd handle = Fd.own(number)) {
            long fetched = SystemCall.call(SyscallNumber.PIDFD_GETFD, handle.number(), fd, 0);
            return Fd.own((int) SystemCall.check(fetched, SyscallNumber.PIDFD_GETFD, "fd", fd));
        }
    }

    /** Who gets its signals. */
    FownEntry owner() {
        FownEntry kept = owner;
        if (kept == null) {
            kept = readOwner();
            owner = kept;
        }
        return kept;
    }

    private FownEntry readOwner() {
        if (FileFlags.isPath(flags())) {
            return SignalOwner.NOBODY;
        }
        try (Fd fetched = fetch()) {
            return SignalOwner.read(fetched);
        }
    }
}
