package io.baton.coordinator.state.files;

import io.baton.coordinator.state.ProcessRestore;
import io.baton.mktree.image.ImageDirectory;
import io.baton.mktree.image.ImageEntry;
import io.baton.mktree.image.ImageKind;
import io.baton.mktree.image.ImageReader;
import io.baton.mktree.image.proto.FileEntry;
import io.baton.mktree.image.proto.SkPacketEntry;
import io.baton.mktree.image.proto.UnixSkEntry;
import io.baton.task.linux.FileStatus;
import io.baton.task.linux.Sockets;
import io.baton.task.linux.UnixDiag;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.agrona.collections.Int2ObjectHashMap;
import org.jspecify.annotations.Nullable;

/** The Unix sockets of an image: which have to do with each other, and what waits in them. */
final class ImageSockets {
    private final Int2ObjectHashMap<FileEntry> byInode = new Int2ObjectHashMap<>();
    private final Int2ObjectHashMap<List<FileEntry>> byPeer = new Int2ObjectHashMap<>();
    private final Map<UnixName, List<FileEntry>> byName = new HashMap<>();
    private final Int2ObjectHashMap<List<ImageMessage>> messages = new Int2ObjectHashMap<>();
    private final Set<Integer> inFlight = new LinkedHashSet<>();

    private @Nullable Collection<UnixDiag> living;

    private ImageSockets() {}

    static ImageSockets read(ProcessRestore process) throws IOException {
        ImageSockets sockets = new ImageSockets();
        process.files().stream()
                .filter(FileEntry::hasUsk)
                .sorted(Comparator.comparingInt(FileEntry::getId))
                .forEach(sockets::add);
        sockets.readMessages(process.directory());
        return sockets;
    }

    private void add(FileEntry entry) {
        UnixSkEntry usk = entry.getUsk();
        byInode.put(usk.getIno(), entry);
        if (usk.getPeer() != 0) {
            byPeer.computeIfAbsent(usk.getPeer(), key -> new ArrayList<>()).add(entry);
        }
        UnixName name = UnixName.of(usk);
        if (!name.isEmpty() && !UnixOutsiders.isOne(usk)) {
            byName.computeIfAbsent(name, key -> new ArrayList<>()).add(entry);
        }
    }

    private void readMessages(ImageDirectory directory) throws IOException {
        if (!directory.has(ImageKind.SK_QUEUES, 0)) {
            return;
        }
        try (ImageReader reader = directory.read(ImageKind.SK_QUEUES, 0)) {
            for (ImageEntry entry = reader.next(); entry != null; entry = reader.next()) {
                SkPacketEntry packet = (SkPacketEntry) entry.message();
                ImageMessage message =
                        new ImageMessage(packet, reader.payload(entry).slice());
                messages.computeIfAbsent(packet.getIdFor(), key -> new ArrayList<>())
                        .add(message);
                inFlight.addAll(message.rights());
            }
        }
    }

    /** Whether a living socket of our network namespace is bound to that file. */
    boolean isInUse(FileStatus file) {
        Collection<UnixDiag> found = living;
        if (found == null) {
            found = UnixDiag.list().values();
            living = found;
        }
        return found.stream().anyMatch(socket -> socket.isBoundTo(file));
    }

    /** The socket with that inode at the dump, or null. */
    @Nullable
    FileEntry withInode(int inode) {
        return byInode.get(inode);
    }

    /** What waits in the socket with that id. */
    List<ImageMessage> messages(int id) {
        List<ImageMessage> found = messages.get(id);
        return found == null ? List.of() : found;
    }

    /** Ids of all files that wait in sockets. */
    Set<Integer> inFlight() {
        return inFlight;
    }

    /** Whether somebody is connected to it, or waits for that. */
    List<FileEntry> connectedTo(UnixSkEntry usk) {
        List<FileEntry> found = byPeer.get(usk.getIno());
        return found == null ? List.of() : found;
    }

    /** The listening socket whose name an accepted one has, or null. */
    @Nullable
    FileEntry listener(UnixSkEntry accepted) {
        for (FileEntry entry : named(UnixName.of(accepted))) {
            UnixSkEntry usk = entry.getUsk();
            if (usk.getState() == Sockets.LISTEN && usk.getType() == accepted.getType()) {
                return entry;
            }
        }
        return null;
    }

    private List<FileEntry> named(UnixName name) {
        List<FileEntry> found = byName.get(name);
        return found == null || name.isEmpty() ? List.of() : found;
    }

    /** All sockets that are connected with one, directly or not, or have its name; itself first. */
    List<FileEntry> group(FileEntry start) {
        Map<Integer, FileEntry> group = new LinkedHashMap<>();
        ArrayDeque<FileEntry> open = new ArrayDeque<>(List.of(start));
        while (!open.isEmpty()) {
            FileEntry entry = open.remove();
            if (group.putIfAbsent(entry.getId(), entry) != null) {
                continue;
            }
            UnixSkEntry usk = entry.getUsk();
            FileEntry peer = byInode.get(usk.getPeer());
            if (usk.getPeer() != 0 && peer != null && !UnixOutsiders.isOne(peer.getUsk())) {
                open.add(peer);
            }
            open.addAll(connectedTo(usk));
            open.addAll(named(UnixName.of(usk)));
        }
        return List.copyOf(group.values());
    }
}
