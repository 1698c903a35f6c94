package io.baton.coordinator.state.files;

import io.baton.coordinator.state.Account;
import io.baton.coordinator.state.TreeImage;
import io.baton.mktree.image.proto.FdTypes;
import io.baton.mktree.image.proto.FileEntry;
import io.baton.mktree.image.proto.RegFileEntry;
import io.baton.mktree.image.proto.TtyInfoEntry;
import io.baton.mktree.image.proto.TtyType;
import io.baton.task.linux.FileStatus;
import java.util.Locale;
import org.agrona.collections.LongHashSet;

/** A terminal that belongs to somebody outside ({@code --external tty[RDEV:DEV]}): saved by its numbers, without settings. */
final class ExternalTerminal implements FileKind {
    /** Above the ids of those that are saved; even, as those of all that are no master. */
    private static final int FIRST_ID = 1 << 30;

    /** As CRIU names it. */
    static String key(OpenFile file) {
        return key(file.status().rdev(), file.status().dev());
    }

    /** By its device, and the one on which its name is. */
    static String key(long device, long place) {
        return String.format(Locale.ROOT, "tty[%x:%x]", device, place);
    }

    /** Whether the image says that a restore is to be given it. */
    static boolean is(TtyInfoEntry terminal) {
        return terminal.getType() == TtyType.EXT_TTY;
    }

    @Override
    public FdTypes type() {
        return FdTypes.TTY;
    }

    @Override
    public Account account() {
        return new ExternalFile().account();
    }

    @Override
    public boolean matches(OpenFile file) {
        return false; // only who gives the option says so
    }

    @Override
    public void inspect(OpenFile file, FileInspection inspection) {
        // Whatever state it has, it is not saved.
    }

    @Override
    public void capture(OpenFile file, FileEntry.Builder entry, TreeImage tree) {
        FileStatus status = file.status();
        int id = FIRST_ID | (int) status.rdev() << 1;
        if (tree.shared(Known.class, Known::new).devices.add(status.rdev())) {
            tree.addTerminal(TtyInfoEntry.newBuilder()
                    .setId(id)
                    .setType(TtyType.EXT_TTY)
                    .setLocked(false)
                    .setExclusive(false)
                    .setPacketMode(false)
                    .setSid(0)
                    .setPgrp(0)
                    .setRdev((int) status.rdev())
                    .setDev((int) status.dev())
                    .build());
        }
        int nameId = tree.addPath(RegFileEntry.newBuilder()
                .setFlags(0)
                .setPos(0)
                .setFown(SignalOwner.NOBODY)
                .setName(file.link())
                .setMode(status.mode()));
        entry.getTtyBuilder()
                .setId(entry.getId())
                .setTtyInfoId(id)
                .setFlags(file.flags())
                .setFown(file.owner())
                .setRegfId(nameId);
    }

    /** Those that are in the image already. */
    private static final class Known {
        private final LongHashSet devices = new LongHashSet();
    }

    @Override
    public void validate(FileEntry entry, FileValidation validation) {
        throw new IllegalStateException("a terminal's entry is looked at by its own kind: id=" + entry.getId());
    }

    @Override
    public void compile(FileEntry entry, TaskDescriptors task) {
        throw new IllegalStateException("a terminal's entry is looked at by its own kind: id=" + entry.getId());
    }
}
