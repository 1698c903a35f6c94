package io.baton.coordinator;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.DatagramChannel;
import java.nio.channels.Pipe;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A program that a test saves: a web server that counts its requests, and holds what servers on a JVM hold beside. What is
 * written to a file of commands takes its port away ({@code close N}) and gives it back ({@code open N}).
 */
final class CounterServer {
    private static final int WORKERS = 4;
    private static final int BACKLOG = 16;
    private static final int OK = 200;

    private final AtomicLong count = new AtomicLong();
    private final ExecutorService workers = Executors.newFixedThreadPool(WORKERS);
    private final Path commands;
    private final Path state;
    private final int port;
    private HttpServer server;

    private CounterServer(Path directory) throws IOException {
        commands = directory.resolve("command");
        state = directory.resolve("state");
        server = open(0);
        port = server.getAddress().getPort();
    }

    private HttpServer open(int wanted) throws IOException {
        HttpServer opened = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), wanted), BACKLOG);
        opened.createContext("/", this::answer);
        opened.setExecutor(workers);
        opened.start();
        return opened;
    }

    private void answer(HttpExchange exchange) throws IOException {
        byte[] text = Long.toString(count.incrementAndGet()).getBytes(StandardCharsets.US_ASCII);
        exchange.sendResponseHeaders(OK, text.length);
        try (OutputStream out = exchange.getResponseBody()) {
            out.write(text);
        }
    }

    private void say(String word) throws IOException {
        Path next = state.resolveSibling("state.new");
        Files.writeString(next, word + " " + port);
        Files.move(next, state, StandardCopyOption.ATOMIC_MOVE);
    }

    private void serve() throws Exception {
        say("ready");
        String last = "";
        while (true) {
            String command = Files.exists(commands) ? Files.readString(commands) : "";
            if (!command.equals(last) && command.endsWith("\n")) {
                last = command;
                if (command.startsWith("close")) {
                    server.stop(0);
                } else {
                    server = open(port);
                }
                say(command.trim());
            }
            Thread.sleep(1);
        }
    }

    /** Events of its own, as frameworks have them: a pipe and a datagram channel that a thread waits for. */
    private static void watch() throws IOException {
        Selector selector = Selector.open();
        Pipe pipe = Pipe.open();
        DatagramChannel datagrams = DatagramChannel.open().bind(new InetSocketAddress(0));
        pipe.source().configureBlocking(false).register(selector, SelectionKey.OP_READ);
        datagrams.configureBlocking(false).register(selector, SelectionKey.OP_READ);
        Thread thread = new Thread(() -> {
            try {
                while (pipe.sink().isOpen()) {
                    selector.select();
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
        thread.setDaemon(true);
        thread.start();
    }

    public static void main(String[] args) throws Exception {
        watch();
        new CounterServer(Path.of(args[0])).serve();
    }
}
