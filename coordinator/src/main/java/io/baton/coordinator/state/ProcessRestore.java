package io.baton.coordinator.state;

import io.baton.coordinator.state.namespaces.SavedNamespaces;
import io.baton.mktree.image.ImageDirectory;
import io.baton.mktree.image.PagemapImage;
import io.baton.mktree.image.proto.CoreEntry;
import io.baton.mktree.image.proto.FdinfoEntry;
import io.baton.mktree.image.proto.FileEntry;
import io.baton.mktree.image.proto.FsEntry;
import io.baton.mktree.image.proto.MmEntry;
import io.baton.mktree.image.proto.PstreeEntry;
import io.baton.mktree.image.proto.TaskKobjIdsEntry;
import java.util.Collection;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** One process of an image on its way back: its files, read and checked, and what it shares with the rest of the tree. */
public interface ProcessRestore {
    PstreeEntry pstree();

    /** Position of the leader in the PID array. */
    int position();

    /** In the order of {@code pstree.threads}; the leader's first. */
    List<CoreEntry> cores();

    default CoreEntry core() {
        return cores().get(0);
    }

    /** Whether somebody may have been its child before its turn came: of the tree, or one who helped to make the tree. */
    boolean mayHaveChildren();

    /** Which namespaces it was in, and with whom it shares what; empty in an image that does not tell. */
    TaskKobjIdsEntry ids();

    MmEntry mm();

    /** Where the contents of its pages lie; read at most once. */
    PagemapImage pagemap();

    FsEntry fs();

    List<FdinfoEntry> descriptors();

    /** Whether the descriptors are its to restore: it is the first of those that share their table, or has its own. */
    default boolean isFirstOfTable() {
        return true;
    }

    /** The file description with that id, or null. */
    @Nullable
    FileEntry file(int id);

    /** Every file description of the image. */
    Collection<FileEntry> files();

    /** Where the image lies. */
    ImageDirectory directory();

    /** The image directory's descriptor, open in every task until all of its process is restored. */
    int imagesFd();

    /** The coordinator's controlling terminal, open as {@link #imagesFd()} is; -1 without {@code --shell-job}. */
    int terminalFd();

    RestoreOptions options();

    /** Those the tree comes back in. */
    SavedNamespaces namespaces();

    /** What the coordinator (and so the helper) is and may: a task only changes what differs. */
    OwnState own();

    /** State a kind keeps for the whole operation, made at first use. */
    <T> T shared(Class<T> type, Supplier<T> maker);
}
