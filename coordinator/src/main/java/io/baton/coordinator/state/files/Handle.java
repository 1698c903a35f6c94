package io.baton.coordinator.state.files;

/** A descriptor of a task, while its program is written: which number it will have there, and whether it is at home. */
final class Handle {
    private int fd;
    private boolean closeOnExec;
    private boolean placed;

    Handle(int fd, boolean closeOnExec) {
        this.fd = fd;
        this.closeOnExec = closeOnExec;
    }

    int fd() {
        return fd;
    }

    boolean closeOnExec() {
        return closeOnExec;
    }

    /** Whether it has a number that the image gave it; else it is only there for a while. */
    boolean isPlaced() {
        return placed;
    }

    void moveTo(int newFd, boolean newCloseOnExec) {
        fd = newFd;
        closeOnExec = newCloseOnExec;
    }

    void place(int newFd, boolean newCloseOnExec) {
        moveTo(newFd, newCloseOnExec);
        placed = true;
    }
}
