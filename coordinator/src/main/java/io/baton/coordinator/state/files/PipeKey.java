package io.baton.coordinator.state.files;

/** Which pipe an end belongs to, named or not. */
record PipeKey(long device, long inode) {
    static PipeKey of(OpenFile end) {
        return new PipeKey(end.status().dev(), end.status().ino());
    }
}
