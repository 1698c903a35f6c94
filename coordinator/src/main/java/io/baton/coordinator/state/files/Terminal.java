package io.baton.coordinator.state.files;

import io.baton.coordinator.ptrace.SeizedProcess;
import io.baton.coordinator.state.Account;
import io.baton.coordinator.state.TreeImage;
import io.baton.mktree.image.proto.FdTypes;
import io.baton.mktree.image.proto.FileEntry;
import io.baton.mktree.image.proto.RegFileEntry;
import io.baton.mktree.image.proto.TtyFileEntry;
import io.baton.mktree.image.proto.TtyInfoEntry;
import io.baton.task.linux.FileStatus;
import io.baton.task.linux.Files;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.program.ProgramBuilder;
import org.jspecify.annotations.Nullable;

/**
 * The controlling terminal of a shell's job ({@code --shell-job}): saved by name and settings, restored as the terminal
 * of whoever restores. Descriptions stay as many as they were; each is one more open of that terminal.
 */
final class Terminal implements FileKind {
    private static final long TCSETS = 0x5402;
    private static final long TIOCSPGRP = 0x5410;
    private static final int ALTERNATE = 5;

    /** A terminal controls one session, and that is already the one of whoever restores. */
    private static final String ONLY_A_JOB = "save a job of that session with --shell-job (-j), not its leader: "
            + "start the program from a shell with job control, or without a terminal";

    @Override
    public FdTypes type() {
        return FdTypes.TTY;
    }

    @Override
    public Account account() {
        return new Account(
                        "terminal",
                        "TCGETS2, TIOCGWINSZ, TIOCGPGRP and so on; unread data is read and put back",
                        "/dev/ptmx under the same number, TIOCSCTTY; with --shell-job the one of the restore",
                        "TtyFileEntry",
                        "TtyInfoEntry",
                        "TtyDataEntry")
                .refusing(
                        "controls session *, whose leader is in the tree",
                        "a terminal from outside the tree",
                        "a terminal that controls nobody in the tree cannot be saved yet");
    }

    @Override
    public boolean matches(OpenFile file) {
        return file.status().type() == FileStatus.S_IFCHR
                && !FileFlags.isPath(file.flags())
                && isTerminal(FileStatus.major(file.status().rdev()));
    }

    /** By the numbers of the kernel's admin-guide/devices.txt. */
    private static boolean isTerminal(int major) {
        return switch (major) {
            case 2, 3, 4, ALTERNATE, 166, 188, 204, 229 -> true;
            default -> major >= 136 && major <= 143;
        };
    }

    /** {@code /dev/tty}: the controlling terminal of whoever opens it. */
    static boolean isOwn(long device) {
        return FileStatus.major(device) == ALTERNATE && FileStatus.minor(device) == 0;
    }

    @Override
    public void inspect(OpenFile file, FileInspection inspection) {
        long device = file.status().rdev();
        SeizedProcess controlled = controlledBy(file, inspection.files());
        if (PseudoTerminal.isMaster(device) || isOfThePair(file, inspection.files())) {
            return;
        } else if (controlled != null && controlsTree(file, inspection.files())) {
            inspection.refuse(
                    file,
                    "controls session " + controlled.stat().session() + ", whose leader is in the tree",
                    ONLY_A_JOB);
        } else if (!inspection.options().shellJob()) {
            inspection.refuse(
                    file,
                    "a terminal from outside the tree",
                    "give --shell-job (-j): restore then uses its own terminal; or --external '"
                            + ExternalTerminal.key(file) + "': restore then wants another one by --inherit-fd");
        } else if (controlled == null) {
            inspection.refuse(
                    file,
                    "a terminal that controls nobody in the tree cannot be saved yet",
                    "give --external '" + ExternalTerminal.key(file) + "', or close it before the dump");
        }
    }

    private static @Nullable SeizedProcess controlledBy(OpenFile file, OpenFiles files) {
        return isOwn(file.status().rdev())
                ? file.process()
                : files.controlledBy(file.status().rdev());
    }

    /** Whether it controls a session whose leader is in the tree. */
    static boolean controlsTree(OpenFile file, OpenFiles files) {
        SeizedProcess controlled = controlledBy(file, files);
        return controlled != null && files.hasTask(controlled.stat().session());
    }

    /** Whether it is a slave whose master the tree has, by its own name or by that of the controlling terminal. */
    private static boolean isOfThePair(OpenFile file, OpenFiles files) {
        long device = isOwn(file.status().rdev())
                ? file.process().stat().field(OpenFiles.TERMINAL)
                : file.status().rdev();
        return PseudoTerminal.isSlave(device) && files.master(PseudoTerminal.index(device)) != null;
    }

    @Override
    public void capture(OpenFile file, FileEntry.Builder entry, TreeImage tree) {
        int nameId = tree.addPath(RegFileEntry.newBuilder()
                .setFlags(0)
                .setPos(0)
                .setFown(SignalOwner.NOBODY)
                .setName(file.link())
                .setMode(file.status().mode()));
        entry.getTtyBuilder()
                .setId(entry.getId())
                .setTtyInfoId(CapturedTerminals.of(tree).capture(file))
                .setFlags(file.flags())
                .setFown(file.owner())
                .setRegfId(nameId);
    }

    @Override
    public void validate(FileEntry entry, FileValidation validation) {
        TtyInfoEntry info = validation.image().terminal(entry.getTty().getTtyInfoId());
        if (info != null && validation.image().isPair(info)) {
            TerminalPair.validate(info, validation);
            return;
        }
        if (validation.process().terminalFd() < 0) {
            validation.refuse(
                    "a terminal", "needs the terminal of whoever restores", "give --shell-job (-j), from a terminal");
        }
        int pid = validation.process().pstree().getPid();
        if (info != null
                && info.getSid() == pid
                && validation.process().pstree().getSid() == pid) {
            validation.refuse("a terminal", "controlled session " + pid + ", whose leader is in the image", ONLY_A_JOB);
        }
    }

    @Override
    public void compile(FileEntry entry, TaskDescriptors task) {
        TtyFileEntry tty = entry.getTty();
        TtyInfoEntry info = task.tree().image().terminal(tty.getTtyInfoId());
        if (info != null && task.tree().image().isPair(info)) {
            TerminalPair.compile(entry, info, task);
            return;
        }
        int flags = FileFlags.reopen(tty.getFlags(), task.targetClosesOnExec());
        ProgramBuilder block = task.block();
        int path = block.string(OwnTerminal.path(task.process().file(tty.getRegfId())));
        block.call(SyscallNumber.OPENAT)
                .value(Files.AT_FDCWD)
                .data(path)
                .value(flags)
                .value(0);
        Handle handle = task.expectOpened(task.targetClosesOnExec());
        task.bind(entry.getId(), handle);
        if (info != null && task.tree().isFirstOf(tty.getTtyInfoId())) {
            configure(info, task, handle);
        }
        FileFlags.settle(task, handle.fd(), flags, tty.getFlags(), tty.getFown());
    }

    /** All signals are blocked: the terminal lets a task of another group do this only because SIGTTOU is, too. */
    private static void configure(TtyInfoEntry info, TaskDescriptors task, Handle handle) {
        ProgramBuilder block = task.block();
        if (info.hasTermios()) {
            int settings = block.bytes(TerminalSettings.toKernel(info.getTermios()));
            block.call(SyscallNumber.IOCTL).value(handle.fd()).value(TCSETS).data(settings);
        }
        int group = task.process().pstree().getPgid();
        // A group from outside is by now ours, and as much in the foreground as we are.
        if (info.getPgrp() == group && group == task.process().pstree().getPid()) {
            int foreground = block.ints(group);
            block.call(SyscallNumber.IOCTL).value(handle.fd()).value(TIOCSPGRP).data(foreground);
        }
    }
}
