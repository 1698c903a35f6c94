package io.baton.coordinator.state.files;

import io.baton.coordinator.error.Refusals;
import io.baton.coordinator.ptrace.SeizedProcess;
import io.baton.coordinator.state.Account;
import io.baton.coordinator.state.ContextBuilder;
import io.baton.coordinator.state.DumpOptions;
import io.baton.coordinator.state.Item;
import io.baton.coordinator.state.ProcessCapture;
import io.baton.coordinator.state.ProcessRestore;
import io.baton.coordinator.state.StateKind;
import io.baton.coordinator.state.ThreadRestore;
import io.baton.coordinator.state.TreeImage;
import io.baton.coordinator.state.TreeObjects;
import io.baton.coordinator.state.ghosts.GhostFiles;
import io.baton.coordinator.state.memory.PacketRings;
import io.baton.coordinator.state.namespaces.TreeNamespaces;
import io.baton.mktree.image.proto.FdTypes;
import io.baton.mktree.image.proto.FdinfoEntry;
import io.baton.mktree.image.proto.FileEntry;
import io.baton.mktree.image.proto.FownEntry;
import io.baton.mktree.image.proto.RlimitEntry;
import io.baton.mktree.image.proto.TtyInfoEntry;
import io.baton.task.linux.Descriptors;
import io.baton.task.linux.Kcmp;
import io.baton.task.linux.Sockets;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.program.ProgramBuilder;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.agrona.collections.IntHashSet;

/** Descriptors: which numbers a process has open, and the descriptions behind them, shared as they were. */
public final class FileDescriptors implements StateKind {
    /** Index of RLIMIT_NOFILE among the limits. */
    private static final int LIMIT_OF_FILES = 7;

    /** Who makes such files is seen by nobody but those who take them from there. */
    private static final Set<FdTypes> FREE = EnumSet.of(
            FdTypes.REG,
            FdTypes.PIPE,
            FdTypes.FIFO,
            FdTypes.EVENTFD,
            FdTypes.EVENTPOLL,
            FdTypes.TIMERFD,
            FdTypes.SIGNALFD,
            FdTypes.MEMFD,
            FdTypes.PIDFD);

    @Override
    public String name() {
        return "file descriptors";
    }

    @Override
    public Account account() {
        return new Account(
                        name(),
                        "/proc/PID/fdinfo, pidfd_getfd(2); kcmp(2) tells which are one open file",
                        "each file as its kind does, once; others that have it take it by pidfd_getfd(2); dup3(2)",
                        "FdinfoEntry",
                        "FownEntry")
                .refusing(
                        "sends its signals to somebody (F_SETOWN), in a user namespace with a pid namespace of its own: not supported yet",
                        "sends its signals (F_SETOWN) out of the tree: *",
                        "is in flight and open nowhere: not supported for its kind",
                        "shared with process *: not supported yet",
                        "thread * has one of its own: not supported yet");
    }

    @Override
    public void list(SeizedProcess process, TreeImage tree, TreeObjects objects) {
        for (Descriptor descriptor : OpenFiles.of(tree).of(process)) {
            OpenFile file = descriptor.file();
            objects.addShared(
                    file.kind().account().what(),
                    process.pid(),
                    "fd " + descriptor.fd() + " (" + file.link() + ")",
                    file.process().pid(),
                    file.describe());
        }
        for (OpenFile file : OpenFiles.of(tree).inFlight(process)) {
            objects.addShared(
                    file.kind().account().what(), process.pid(), file.describe(), process.pid(), file.describe());
        }
        OpenFiles.of(tree).locks().list(process, objects);
    }

    /** What there is to tell about each kind of file. */
    public static List<Account> accounts() {
        return Stream.concat(FileKinds.ALL.stream().map(FileKind::account), Stream.of(CapturedLocks.account()))
                .toList();
    }

    @Override
    public void inspectTree(List<SeizedProcess> processes, TreeImage tree, DumpOptions options, Refusals refusals) {
        if (processes.isEmpty()) {
            return;
        }
        OpenFiles files = OpenFiles.of(tree);
        Map<SeizedProcess, SeizedProcess> tables =
                SharedTables.find(processes, Kcmp.FILES, "descriptor table", true, refusals);
        processes.forEach(process -> files.add(process, tables.getOrDefault(process, process)));
        files.unixSockets(); // what waits in them is open, too
        FileInspection inspection = new FileInspection(files, options, refusals);
        for (OpenFile file : files.all()) {
            ExternalFile.find(file, files, options.files().external());
            if (file.isInFlight() && !canBeInFlight(file)) {
                inspection.refuse(
                        file, "is in flight and open nowhere: not supported for its kind", "have it received first");
            }
            file.kind().inspect(file, inspection);
            inspectOwner(file, processes, TreeNamespaces.of(tree).isInner(), inspection);
        }
        files.locks().inspect(inspection);
        PipePeers.inspect(inspection, processes.get(0).proc());
    }

    /** Some belong to a process by their number, and have none. */
    private static boolean canBeInFlight(OpenFile file) {
        FileKind kind = file.kind();
        return !(kind instanceof InotifyQueue || kind instanceof FanotifyGroup || kind instanceof Terminal)
                && file.info().extra().stream().noneMatch(line -> line.startsWith("lock:"));
    }

    /** Signals to somebody outside would go to whoever has that id at restore. */
    private static void inspectOwner(
            OpenFile file, List<SeizedProcess> processes, boolean inner, FileInspection inspection) {
        FownEntry owner = file.kind() instanceof UnsupportedFile ? SignalOwner.NOBODY : file.owner();
        if (owner.getPid() == 0) {
            return;
        }
        if (inner) {
            String reason =
                    "sends its signals to somebody (F_SETOWN), in a user namespace with a pid namespace of its own";
            inspection.refuse(file, reason + ": not supported yet", "take back the ownership before the dump");
        }
        boolean inside = owner.getPidType() == Descriptors.F_OWNER_PGRP
                ? processes.stream().anyMatch(process -> process.stat().processGroup() == owner.getPid())
                : inspection.files().hasTask(owner.getPid());
        if (!inside) {
            inspection.refuse(
                    file,
                    "sends its signals (F_SETOWN) out of the tree: id=" + owner.getPid(),
                    "take back the ownership before the dump");
        }
    }

    /** Of a socket that the process has open. */
    private static long idOf(ProcessCapture capture, long inode) {
        for (Descriptor descriptor : OpenFiles.of(capture.tree()).of(capture.process())) {
            OpenFile file = descriptor.file();
            if (file.status().ino() == inode && file.kind() instanceof PacketSocket) {
                return captured(file, capture.tree());
            }
        }
        return 0;
    }

    @Override
    public void capture(ProcessCapture capture) {
        TreeImage tree = capture.tree();
        OpenFiles.of(tree).locks().capture(capture.process(), tree);
        PacketRings.capture(capture.image().mm(), inode -> idOf(capture, inode));
        SeizedProcess first = OpenFiles.of(tree).firstOfTable(capture.process());
        if (first != capture.process()) {
            capture.image().sharesDescriptorsOf(TreeNamespaces.of(tree).pidInside(first.pid()));
            return;
        }
        for (Descriptor descriptor : OpenFiles.of(tree).of(capture.process())) {
            OpenFile file = descriptor.file();
            capture.image()
                    .descriptors()
                    .add(FdinfoEntry.newBuilder()
                            .setId(captured(file, tree))
                            .setFlags(descriptor.closeOnExec() ? Descriptors.FD_CLOEXEC : 0)
                            .setType(file.kind().type())
                            .setFd(descriptor.fd())
                            .build());
        }
    }

    /** Saves a description, the first time it is met. */
    static int captured(OpenFile file, TreeImage tree) {
        if (file.id() == 0) {
            captureFile(file, tree);
        }
        return file.id();
    }

    private static void captureFile(OpenFile file, TreeImage tree) {
        file.captured(tree.newFileId(), TreeNamespaces.of(tree));
        FileEntry.Builder entry =
                FileEntry.newBuilder().setType(file.kind().type()).setId(file.id());
        file.kind().capture(file, entry, tree);
        tree.addFile(entry.build());
    }

    @Override
    public void validate(ProcessRestore process, Refusals refusals) {
        if (!process.isFirstOfTable()) {
            FileLocks.validate(process, new FileValidation(process, "file locks", refusals));
            return;
        }
        RestoredFiles tree = RestoredFiles.of(process);
        GhostFiles ghosts = GhostFiles.of(process);
        for (FdinfoEntry descriptor : process.descriptors()) {
            if (ghosts.path(descriptor.getId()) != null) {
                tree.expect(descriptor.getId(), process, descriptor.getFd());
            }
        }
        IntHashSet numbers = new IntHashSet();
        long limit = limitOfFiles(process);
        for (FdinfoEntry descriptor : process.descriptors()) {
            int fd = descriptor.getFd();
            FileValidation validation = new FileValidation(process, "fd " + Integer.toUnsignedString(fd), refusals);
            FileEntry entry = process.file(descriptor.getId());
            if (!numbers.add(fd)) {
                validation.refuse("fdinfo", "stands twice in the image", "");
            } else if (fd < 0 || Long.compareUnsigned(fd, limit) >= 0) {
                validation.refuse(
                        "RLIMIT_NOFILE",
                        "beyond our limit of open files and its own: " + limit,
                        "raise it by ulimit -n");
            } else if (entry == null || entry.getType() != descriptor.getType()) {
                validation.refuse("files.img", "no such file: id=" + descriptor.getId(), "");
            } else if (tree.isFirstLookAt(entry.getId())) {
                FileKind kind = FileKinds.of(entry.getType());
                if (!InheritedFiles.of(process).validate(entry, validation)) {
                    (kind == null ? new UnsupportedFile() : kind).validate(entry, validation);
                }
            }
        }
        FileLocks.validate(process, new FileValidation(process, "file locks", refusals));
    }

    /** While it restores: the higher of ours and its own. */
    private static long limitOfFiles(ProcessRestore process) {
        long own = process.own().limits().get(LIMIT_OF_FILES).getCur();
        List<RlimitEntry> saved = process.core().getTc().getRlimits().getRlimitsList();
        long theirs = saved.size() > LIMIT_OF_FILES ? saved.get(LIMIT_OF_FILES).getCur() : 0;
        return Long.compareUnsigned(own, theirs) > 0 ? own : theirs;
    }

    /** Numbers of terminals and names of sockets count for all; watches see what others do; nothing else is known to. */
    @Override
    public boolean needsOrder(ProcessRestore process) {
        if (ControllingTerminal.of(process) != null) {
            return true;
        }
        boolean connections = process.options().tcp().established();
        for (FdinfoEntry descriptor : process.descriptors()) {
            boolean free =
                    (descriptor.getType() == FdTypes.INETSK && !connections) || FREE.contains(descriptor.getType());
            if (!free) {
                return true;
            }
        }
        return false;
    }

    @Override
    public void compile(ProcessRestore process, ContextBuilder context) {
        if (process.isFirstOfTable()) {
            new TaskDescriptors(process, RestoredFiles.of(process), context).compile();
        }
        PacketRings.compile(process, context);
        FileLocks.compile(process, context);
        NotifyProgram.compile(process, context);
    }

    /** By now every task has fetched what waited here for it. */
    @Override
    public void compileSignals(ThreadRestore thread, ProgramBuilder kept) {
        ProcessRestore process = thread.process();
        if (!thread.isFirst()) {
            return;
        }
        TtyInfoEntry terminal = ControllingTerminal.of(process);
        if (terminal != null
                && !RestoredFiles.of(process).isControlled(process.pstree().getPid())) {
            kept.tag(Item.DESCRIPTOR.tag(0));
            ControllingTerminal.emit(terminal, kept);
        }
        for (int fd : RestoredFiles.of(process).takeLent(process.pstree().getPid())) {
            kept.tag(Item.DESCRIPTOR.tag(fd));
            SocketOptions.number(kept, fd, Sockets.SOL_SOCKET, SocketOptions.SO_REUSEPORT, 0);
        }
        for (RestoredFiles.Range range :
                RestoredFiles.of(process).takeParked(process.pstree().getPid())) {
            kept.tag(Item.DESCRIPTOR.tag(range.first()))
                    .call(SyscallNumber.CLOSE_RANGE)
                    .value(range.first())
                    .value(range.last())
                    .value(0);
        }
        FileLocks.compileLeases(process, kept);
        NotifyProgram.compileLate(process, kept);
    }
}
