package io.baton.coordinator.state.files;

import io.baton.coordinator.state.Account;
import io.baton.coordinator.state.TreeImage;
import io.baton.mktree.image.proto.FdTypes;
import io.baton.mktree.image.proto.FileEntry;

/** One kind of open file, both ways: from a description in a tree to its entry in the image, and back to a program. */
interface FileKind {
    /** How it goes there and back, and what of it does not: its line in {@code docs/state.md}. */
    Account account();

    /** The image's name for it. */
    FdTypes type();

    /** Whether this kind is responsible; the first in {@link FileKinds#ALL} is. */
    boolean matches(OpenFile file);

    /** Adds the reasons why it cannot be saved; once for each description. */
    void inspect(OpenFile file, FileInspection inspection);

    /** Its entry in {@code files.img}, whose type and id are set already; also writes what else belongs to it. */
    void capture(OpenFile file, FileEntry.Builder entry, TreeImage tree);

    /** Adds the reasons why it cannot come back here; once for each description. */
    void validate(FileEntry entry, FileValidation validation);

    /**
     * Makes the description, in the first task that has it, and binds it to its id in {@link TaskDescriptors#bind}; and
     * those with which it can only be made together, such as the other end of a pipe.
     */
    void compile(FileEntry entry, TaskDescriptors task);
}
