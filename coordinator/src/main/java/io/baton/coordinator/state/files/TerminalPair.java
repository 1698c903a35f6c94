package io.baton.coordinator.state.files;

import io.baton.mktree.image.proto.FileEntry;
import io.baton.mktree.image.proto.TtyFileEntry;
import io.baton.mktree.image.proto.TtyInfoEntry;
import io.baton.mktree.image.proto.WinsizeEntry;
import io.baton.task.linux.Files;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.program.ProgramBuilder;

/**
 * A pseudo terminal whose master is in the tree, on its way back: made under its old number by the first task that has
 * any end of it, with what was unread in both directions. The kernel gives the lowest number that is free, so those below
 * are taken for that while. Slaves are opened by name wherever they are needed.
 */
final class TerminalPair {
    private static final long TCSETS = 0x5402;
    private static final long TIOCGPTPEER = 0x5441;
    private static final int NUMBER_MASK = 0777;

    private TerminalPair() {}

    static void validate(TtyInfoEntry info, FileValidation validation) {
        int index = info.getPty().getIndex();
        if (index < 0 || index > PseudoTerminal.MOST) {
            validation.refuse("a terminal", "has an impossible number: " + index, "");
        } else if (validation.tree().terminalNumbers().isTaken(index)) {
            validation.refuse(
                    PseudoTerminal.SLAVES + index,
                    "the number of this terminal is taken by another one",
                    "end the program that has it (ls -l /proc/*/fd), or restore where it is free");
        }
    }

    /** Opens an end; the master is made before any slave. */
    static void compile(FileEntry entry, TtyInfoEntry info, TaskDescriptors task) {
        FileEntry master = task.tree().image().master(info.getPty().getIndex());
        if (entry.getId() == master.getId()) {
            make(master, info, task);
            return;
        }
        if (!task.has(master.getId())) {
            TtyInfoEntry ofMaster = task.tree().image().terminal(master.getTty().getTtyInfoId());
            make(master, ofMaster == null ? info : ofMaster, task);
        }
        TtyFileEntry tty = entry.getTty();
        FileEntry saved = task.process().file(tty.getRegfId());
        String name = saved == null || !saved.hasReg()
                ? PseudoTerminal.SLAVES + info.getPty().getIndex()
                : saved.getReg().getName();
        int flags = FileFlags.reopen(tty.getFlags(), task.targetClosesOnExec());
        Handle handle = open(name, flags, task.targetClosesOnExec(), task);
        task.bind(entry.getId(), handle);
        if (task.tree().isFirstOf(info.getId())) {
            giveAway(name, info, task);
            if (info.getExclusive()) {
                task.block().call(SyscallNumber.IOCTL).value(handle.fd()).value(PseudoTerminal.TIOCEXCL);
            }
        }
        FileFlags.settle(task, handle.fd(), flags, tty.getFlags(), tty.getFown());
    }

    /** A slave belongs to whoever opened the master, until somebody like login(1) gives it to another user. */
    private static void giveAway(String name, TtyInfoEntry info, TaskDescriptors task) {
        if (!info.hasUid()
                || info.getUid() == task.process().own().credentials().getFsuid()) {
            return;
        }
        ProgramBuilder block = task.block();
        int path = block.string(name);
        block.call(SyscallNumber.FCHOWNAT)
                .value(Files.AT_FDCWD)
                .data(path)
                .value(Integer.toUnsignedLong(info.getUid()))
                .value(Integer.toUnsignedLong(info.getGid()))
                .value(0);
    }

    private static Handle open(String name, int flags, boolean closesOnExec, TaskDescriptors task) {
        ProgramBuilder block = task.block();
        int path = block.string(name);
        block.call(SyscallNumber.OPENAT)
                .value(Files.AT_FDCWD)
                .data(path)
                .value(flags)
                .value(0);
        return task.expectOpened(closesOnExec);
    }

    private static void make(FileEntry master, TtyInfoEntry info, TaskDescriptors task) {
        int index = info.getPty().getIndex();
        int flags = FileFlags.reopen(master.getTty().getFlags(), true);
        int mode = Files.O_RDWR | Files.O_NOCTTY | Files.O_CLOEXEC;
        int below = task.tree().terminalNumbers().take(index);
        Handle[] fillers = new Handle[below];
        for (int i = 0; i < below; i++) {
            fillers[i] = open(PseudoTerminal.MULTIPLEXER, mode, true, task);
        }
        Handle handle = open(PseudoTerminal.MULTIPLEXER, flags, true, task);
        expectNumber(handle, index, task);
        configure(handle, info, task);
        for (Handle filler : fillers) {
            task.close(filler);
        }
        fill(handle, index, task);
        ProgramBuilder block = task.block();
        int locked = block.ints(info.getLocked() ? 1 : 0);
        int packets = block.ints(info.getPacketMode() ? 1 : 0);
        block.call(SyscallNumber.IOCTL)
                .value(handle.fd())
                .value(PseudoTerminal.TIOCSPTLCK)
                .data(locked);
        block.call(SyscallNumber.IOCTL)
                .value(handle.fd())
                .value(PseudoTerminal.TIOCPKT)
                .data(packets);
        task.bind(master.getId(), handle);
        FileFlags.settle(
                task,
                handle.fd(),
                flags,
                master.getTty().getFlags(),
                master.getTty().getFown());
    }

    /** Others may take a number meanwhile. The one we got is compared by way of a call that returns what it was given. */
    private static void expectNumber(Handle master, int index, TaskDescriptors task) {
        ProgramBuilder block = task.block();
        block.call(SyscallNumber.IOCTL)
                .value(master.fd())
                .value(PseudoTerminal.TIOCGPTN)
                .local(0);
        block.call(SyscallNumber.UMASK).localInt(0).expectAnything();
        block.call(SyscallNumber.UMASK).value(0).expect(index & NUMBER_MASK);
    }

    private static void configure(Handle master, TtyInfoEntry info, TaskDescriptors task) {
        ProgramBuilder block = task.block();
        int open = block.ints(0);
        block.call(SyscallNumber.IOCTL)
                .value(master.fd())
                .value(PseudoTerminal.TIOCSPTLCK)
                .data(open);
        if (info.hasWinsize()) {
            WinsizeEntry size = info.getWinsize();
            int words = block.ints(
                    size.getWsRow() | size.getWsCol() << Short.SIZE,
                    size.getWsXpixel() | size.getWsYpixel() << Short.SIZE);
            block.call(SyscallNumber.IOCTL)
                    .value(master.fd())
                    .value(PseudoTerminal.TIOCSWINSZ)
                    .data(words);
        }
    }

    /** Puts back what was unread, with the slave open, and leaves the saved settings. */
    private static void fill(Handle master, int index, TaskDescriptors task) {
        ImageFiles image = task.tree().image();
        TtyInfoEntry settings = image.settings(index);
        byte[] output = image.unread(CapturedTerminals.id(index, true));
        byte[] input = image.unread(CapturedTerminals.id(index, false));
        boolean wasOpen = image.wasOpen(index) || output.length + input.length > 0;
        if (!wasOpen && !settings.hasTermios()) {
            return;
        }
        ProgramBuilder block = task.nextBlock();
        if (wasOpen) {
            // And closed again: the kernel tells a slave that has been closed from one that was never open.
            block.call(SyscallNumber.IOCTL)
                    .value(master.fd())
                    .value(TIOCGPTPEER)
                    .value(Files.O_RDWR | Files.O_NOCTTY | Files.O_CLOEXEC);
            Handle slave = task.expectOpened(true);
            if (output.length + input.length > 0) {
                int plain = block.bytes(UnreadInput.plain(TerminalSettings.toKernel(settings.getTermios())));
                block.call(SyscallNumber.IOCTL).value(slave.fd()).value(TCSETS).data(plain);
                write(input, master, task);
                write(output, slave, task);
            }
            set(settings, slave, task);
            task.close(slave);
        } else {
            set(settings, master, task);
        }
    }

    private static void set(TtyInfoEntry settings, Handle terminal, TaskDescriptors task) {
        if (settings.hasTermios()) {
            ProgramBuilder block = task.block();
            int termios = block.bytes(TerminalSettings.toKernel(settings.getTermios()));
            block.call(SyscallNumber.IOCTL).value(terminal.fd()).value(TCSETS).data(termios);
        }
    }

    private static void write(byte[] bytes, Handle terminal, TaskDescriptors task) {
        if (bytes.length > 0) {
            ProgramBuilder block = task.block();
            int data = block.bytes(bytes);
            block.call(SyscallNumber.WRITE)
                    .value(terminal.fd())
                    .data(data)
                    .value(bytes.length)
                    .expect(bytes.length);
        }
    }
}
