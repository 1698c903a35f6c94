import io.baton.task.suspend.Suspend;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * A Java program that is asked before a dump.
 *
 * <pre>
 * java -cp baton-task.jar:jna.jar:. SuspendingApp log
 * </pre>
 */
public final class SuspendingApp {
    public static void main(String[] arguments) throws Exception {
        Path log = Path.of(arguments[0]);
        Suspend.register(() -> {
            say(log, "suspend"); // close connections, write what is to be written
            say(log, Suspend.complete().toString().toLowerCase()); // stands still until it runs on
            return true;
        });
        say(log, "ready");
        Thread.sleep(Long.MAX_VALUE);
    }

    private static void say(Path log, String what) throws Exception {
        Files.writeString(log, what + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }
}
