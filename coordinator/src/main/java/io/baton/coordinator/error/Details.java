package io.baton.coordinator.error;

/**
 * Where an operation failed, for programs; what is not known is empty.
 *
 * @param pid of the task, as in the image; 0: no single one
 * @param stage of the restore
 * @param item the thing: a descriptor, a mapping ...
 * @param call the system call
 * @param errno its error by name, such as ENOENT
 */
public record Details(int pid, String stage, String item, String call, String errno) {
    /** Nothing is known. */
    public static final Details NONE = new Details(0, "", "", "", "");
}
