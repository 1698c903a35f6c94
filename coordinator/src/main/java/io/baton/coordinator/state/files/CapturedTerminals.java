package io.baton.coordinator.state.files;

import io.baton.coordinator.ptrace.SeizedProcess;
import io.baton.coordinator.state.TreeImage;
import io.baton.coordinator.state.namespaces.TreeNamespaces;
import io.baton.mktree.image.proto.TtyInfoEntry;
import io.baton.mktree.image.proto.TtyPtyEntry;
import io.baton.mktree.image.proto.TtyType;
import io.baton.mktree.image.proto.WinsizeEntry;
import io.baton.task.linux.Fd;
import io.baton.task.linux.FileStatus;
import io.baton.task.linux.Files;
import io.baton.task.linux.Memory;
import org.agrona.collections.IntHashSet;

/** The terminals that have gone into an image, each once: kind, session, settings and size. */
final class CapturedTerminals {
    private static final long TCGETS = 0x5401;
    private static final long TIOCGWINSZ = 0x5413;
    private static final long TIOCGLCKTRMIOS = 0x5456;
    private static final long TIOCGEXCL = 0x80045440L;
    private static final int FOREGROUND_GROUP = 8;

    private final TreeImage tree;
    private final IntHashSet unread = new IntHashSet();
    private final IntHashSet known = new IntHashSet();

    private CapturedTerminals(TreeImage tree) {
        this.tree = tree;
    }

    static CapturedTerminals of(TreeImage tree) {
        return tree.shared(CapturedTerminals.class, () -> new CapturedTerminals(tree));
    }

    /** The lowest bit is the master's. */
    static int id(int index, boolean master) {
        return index << 1 | (master ? 1 : 0);
    }

    static boolean isMaster(int id) {
        return (id & 1) != 0;
    }

    /** Id of the terminal behind a description; it is saved at the first. */
    int capture(OpenFile file) {
        long device = file.status().rdev();
        if (Terminal.isOwn(device)
                && PseudoTerminal.isSlave(file.process().stat().field(OpenFiles.TERMINAL))) {
            // Opened by that name again, as a terminal of its own kind.
            return capture(file, device, FileStatus.minor(device), false);
        }
        if (PseudoTerminal.isMaster(device)) {
            try (Fd copy = file.fetch()) {
                int index = PseudoTerminal.index(copy);
                int id = capture(file, PseudoTerminal.device(index), index, true);
                if (unread.add(index)) {
                    saveUnread(copy, index);
                }
                return id;
            }
        }
        boolean pty = PseudoTerminal.isSlave(device);
        return capture(file, device, pty ? PseudoTerminal.index(device) : FileStatus.minor(device), false);
    }

    private void saveUnread(Fd master, int index) {
        UnreadInput.Both found = UnreadInput.of(master, OpenFiles.of(tree).hasSlave(index));
        if (!found.master().isEmpty()) {
            tree.addTerminalData(id(index, true), found.master());
        }
        if (!found.slave().isEmpty()) {
            tree.addTerminalData(id(index, false), found.slave());
        }
    }

    private int capture(OpenFile file, long device, int index, boolean master) {
        boolean pty = PseudoTerminal.isSlave(device);
        int id = id(index, master);
        if (!known.add(id)) {
            return id;
        }
        TtyInfoEntry.Builder entry = TtyInfoEntry.newBuilder()
                .setId(id)
                .setType(type(device, pty))
                .setLocked(false)
                .setPacketMode(false)
                .setRdev((int) file.status().rdev())
                .setDev((int) file.status().dev())
                .setUid(TreeNamespaces.of(tree).ids().userInside(file.status().uid()))
                .setGid(TreeNamespaces.of(tree).ids().groupInside(file.status().gid()));
        if (pty) {
            entry.setPty(TtyPtyEntry.newBuilder().setIndex(index));
        }
        SeizedProcess controlled = OpenFiles.of(tree).controlledBy(device);
        if (controlled == null && (master || OpenFiles.of(tree).master(index) != null)) {
            entry.setSid(0).setPgrp(0);
        } else {
            SeizedProcess owner = controlled == null ? file.process() : controlled;
            TreeNamespaces namespaces = TreeNamespaces.of(tree);
            entry.setSid(namespaces.pidInside(owner.stat().session()))
                    .setPgrp(namespaces.pidInside((int) owner.stat().field(FOREGROUND_GROUP)));
        }
        readSettings(file, entry, master);
        tree.addTerminal(entry.build());
        return id;
    }

    private static TtyType type(long device, boolean pty) {
        if (pty) {
            return TtyType.PTY;
        } else if (Terminal.isOwn(device)) {
            return TtyType.CTTY;
        }
        return switch (FileStatus.major(device)) {
            case 4 -> FileStatus.minor(device) < 64 ? TtyType.VT : TtyType.SERIAL;
            case 5 -> TtyType.CONSOLE;
            default -> TtyType.SERIAL;
        };
    }

    private static void readSettings(OpenFile file, TtyInfoEntry.Builder entry, boolean master) {
        try (Fd copy = file.fetch();
                Memory memory = Memory.allocate(64)) {
            int fd = copy.number();
            Files.ioctl(fd, TCGETS, memory.address());
            entry.setTermios(TerminalSettings.toImage(memory.buffer()));
            Files.ioctl(fd, TIOCGLCKTRMIOS, memory.address());
            entry.setTermiosLocked(TerminalSettings.toImage(memory.buffer()));
            Files.ioctl(fd, TIOCGWINSZ, memory.address());
            entry.setWinsize(WinsizeEntry.newBuilder()
                    .setWsRow(memory.buffer().getShort(0) & 0xffff)
                    .setWsCol(memory.buffer().getShort(2) & 0xffff)
                    .setWsXpixel(memory.buffer().getShort(4) & 0xffff)
                    .setWsYpixel(memory.buffer().getShort(6) & 0xffff));
            Files.ioctl(fd, TIOCGEXCL, memory.address());
            entry.setExclusive(memory.buffer().getInt(0) != 0);
            if (master) {
                entry.setLocked(PseudoTerminal.read(copy, PseudoTerminal.TIOCGPTLCK) != 0);
                entry.setPacketMode(PseudoTerminal.read(copy, PseudoTerminal.TIOCGPKT) != 0);
            }
        }
    }
}
