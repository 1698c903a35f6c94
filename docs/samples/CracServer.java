import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.atomic.AtomicLong;
import org.crac.Context;
import org.crac.Core;
import org.crac.Resource;

/**
 * An HTTP server that knows org.crac and nothing of Baton: it closes its listening socket before a checkpoint and opens it
 * again afterwards. What it counts lives on.
 *
 * <pre>
 * java -Dorg.crac.Core.Compat=io.baton.task.crac -cp crac.jar:baton-task.jar:jna.jar:. CracServer 8080
 * baton dump -t PID -D image; baton restore -D image -d
 * </pre>
 */
public final class CracServer implements Resource {
    private final int port;
    private final AtomicLong served = new AtomicLong();
    private HttpServer server;

    private CracServer(int port) {
        this.port = port;
    }

    private void open() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
        server.createContext("/", exchange -> {
            byte[] answer = (served.incrementAndGet() + "\n").getBytes();
            exchange.sendResponseHeaders(200, answer.length);
            exchange.getResponseBody().write(answer);
            exchange.close();
        });
        server.start();
    }

    @Override
    public void beforeCheckpoint(Context<? extends Resource> context) {
        server.stop(0);
    }

    @Override
    public void afterRestore(Context<? extends Resource> context) throws IOException {
        open();
    }

    public static void main(String[] arguments) throws Exception {
        CracServer resource = new CracServer(Integer.parseInt(arguments[0]));
        Core.getGlobalContext().register(resource);
        resource.open();
        synchronized (resource) {
            resource.wait(); // and keeps the resource, which the context refers to weakly
        }
    }
}
