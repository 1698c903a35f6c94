package io.baton.coordinator.state.files;

import io.baton.coordinator.state.Account;
import io.baton.coordinator.state.TreeImage;
import io.baton.mktree.image.proto.FdTypes;
import io.baton.mktree.image.proto.FileEntry;
import io.baton.mktree.image.proto.RegFileEntry;
import java.util.Locale;
import java.util.Set;

/** What belongs to somebody outside ({@code --external file[MNT_ID:INODE]}), and is given to the restore by that name. */
final class ExternalFile implements FileKind {
    private static final String GIVEN = "--inherit-fd";

    /** Marks a file if it is one of those that are external. */
    static void find(OpenFile file, OpenFiles files, Set<String> external) {
        if (external.isEmpty()) {
            return;
        }
        if (file.kind() instanceof PipeEnds && external.contains(file.link())) {
            file.external(file.kind());
        } else if (file.kind() instanceof Terminal
                && external.contains(ExternalTerminal.key(file))
                && !Terminal.controlsTree(file, files)) {
            file.external(new ExternalTerminal());
        } else if (external.contains(key(file))) {
            file.external(new ExternalFile());
        }
    }

    /** As CRIU names it. */
    private static String key(OpenFile file) {
        return String.format(
                Locale.ROOT, "file[%x:%x]", file.info().mountId(), file.status().ino());
    }

    @Override
    public FdTypes type() {
        return FdTypes.REG;
    }

    @Override
    public Account account() {
        return new Account("external file", "its name (--external)", "a copy of a descriptor of the restore: " + GIVEN);
    }

    @Override
    public boolean matches(OpenFile file) {
        return false; // only who gives the option says so
    }

    @Override
    public void inspect(OpenFile file, FileInspection inspection) {
        // Whatever it is, it is not saved.
    }

    @Override
    public void capture(OpenFile file, FileEntry.Builder entry, TreeImage tree) {
        entry.setReg(RegFileEntry.newBuilder()
                .setId(entry.getId())
                .setFlags(file.flags())
                .setPos(file.info().position())
                .setFown(file.owner())
                .setName(key(file))
                .setExt(true)
                .setMode(file.status().mode()));
    }

    @Override
    public void validate(FileEntry entry, FileValidation validation) {
        throw new IllegalStateException("a file's entry is looked at by its own kind: id=" + entry.getId());
    }

    @Override
    public void compile(FileEntry entry, TaskDescriptors task) {
        throw new IllegalStateException("a file's entry is looked at by its own kind: id=" + entry.getId());
    }
}
