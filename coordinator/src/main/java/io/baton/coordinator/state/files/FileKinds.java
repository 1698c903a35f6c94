package io.baton.coordinator.state.files;

import io.baton.mktree.image.proto.FdTypes;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The registry: every kind of file. */
final class FileKinds {
    /** In this order they are asked; the last one takes, and refuses, what no other wants. */
    static final List<FileKind> ALL = List.of(
            new PipeEnds(),
            new NamedPipe(),
            new EventCounter(),
            new EventPoll(),
            new TimerDescriptor(),
            new SignalDescriptor(),
            new PidDescriptor(),
            new InotifyQueue(),
            new FanotifyGroup(),
            new UnixSocket(),
            new InternetSocket(),
            new NetlinkSocket(),
            new PacketSocket(),
            new Terminal(),
            new MemoryFile(),
            new QueueDescriptor(),
            new NamespaceFile(),
            new NamedFile(),
            new ExternalFile(),
            new UnsupportedFile());

    private FileKinds() {}

    static FileKind of(OpenFile file) {
        for (FileKind kind : ALL) {
            if (kind.matches(file)) {
                return kind;
            }
        }
        throw new IllegalStateException("no kind for: " + file.link());
    }

    /** The kind with that name in the image, or null if there is none that can be restored. */
    static @Nullable FileKind of(FdTypes type) {
        for (FileKind kind : ALL) {
            if (kind.type() == type && type != FdTypes.UND) {
                return kind;
            }
        }
        return null;
    }
}
