package io.baton.coordinator.error;

/**
 * One reason why a tree cannot be dumped or an image not be restored here.
 *
 * @param pid of the task
 * @param object the thing, as the user knows it: {@code fd 7 (socket:[1234])}
 * @param reason why it is refused
 * @param remedy what the user can do; empty when nothing
 */
public record Refusal(int pid, String object, String reason, String remedy) {
    @Override
    public String toString() {
        return "pid " + pid + ": " + object + ": " + reason + (remedy.isEmpty() ? "" : " (" + remedy + ")");
    }
}
