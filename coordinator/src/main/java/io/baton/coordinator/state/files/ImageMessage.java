package io.baton.coordinator.state.files;

import io.baton.mktree.image.proto.ScmEntry;
import io.baton.mktree.image.proto.SkPacketEntry;
import java.nio.ByteBuffer;
import java.util.List;

/** A message of an image that waits in a socket to be received. */
record ImageMessage(SkPacketEntry packet, ByteBuffer bytes) {
    /** Ids of the files that come with it. */
    List<Integer> rights() {
        return packet.getScmList().stream()
                .map(ScmEntry::getRightsList)
                .flatMap(List::stream)
                .toList();
    }
}
