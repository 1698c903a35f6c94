package io.baton.coordinator;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;

/** The other end of {@code native/victims/talker}: sends and reads all the time, and looks at every byte. */
final class TcpClient implements AutoCloseable {
    private static final int PIECE = 4096;
    private static final long PAUSE_NANOS = 500_000;

    private final Socket socket;
    private final CompletableFuture<Long> read;
    private final CompletableFuture<Long> sent;
    private volatile long soFar;
    private volatile boolean done;

    TcpClient(String address, int port) throws IOException {
        socket = new Socket(InetAddress.getByName(address), port);
        read = start(this::readAll);
        sent = start(this::sendAll);
    }

    /** What may fail. */
    private interface Work {
        long run() throws IOException;
    }

    private static CompletableFuture<Long> start(Work work) {
        CompletableFuture<Long> result = new CompletableFuture<>();
        Executors.newSingleThreadExecutor(task -> {
                    Thread thread = new Thread(task, "client");
                    thread.setDaemon(true);
                    return thread;
                })
                .execute(() -> {
                    try {
                        result.complete(work.run());
                    } catch (IOException | RuntimeException e) {
                        result.completeExceptionally(e);
                    }
                });
        return result;
    }

    private static byte content(int side, long at) {
        long mixed = (side + 1) * 0x9e3779b97f4a7c15L + at * 0xbf58476d1ce4e5b9L;
        return (byte) ((mixed >>> 56) ^ (mixed >>> 20));
    }

    private long readAll() throws IOException {
        InputStream in = socket.getInputStream();
        byte[] piece = new byte[2 * PIECE];
        long at = 0;
        for (int length = in.read(piece); length >= 0; length = in.read(piece)) {
            for (int i = 0; i < length; i++) {
                if (piece[i] != content(1, at + i)) {
                    throw new IOException("wrong at " + (at + i));
                }
            }
            at += length;
            soFar = at;
        }
        return at;
    }

    private long sendAll() throws IOException {
        OutputStream out = socket.getOutputStream();
        byte[] piece = new byte[PIECE];
        long at = 0;
        while (!done) {
            for (int i = 0; i < PIECE; i++) {
                piece[i] = content(0, at + i);
            }
            out.write(piece);
            at += PIECE;
            LockSupport.parkNanos(PAUSE_NANOS);
        }
        socket.shutdownOutput();
        return at;
    }

    /** Waits until something has been read beyond what had been. */
    void awaitMore() throws Exception {
        long before = soFar;
        Victim.await(() -> soFar > before || read.isDone(), () -> "more than " + before + " bytes");
    }

    /** Ends its own sending, and waits for the other end's; what the victim should say then. */
    String finish() throws ExecutionException, InterruptedException, TimeoutException {
        done = true;
        return "read " + sent.get(30, TimeUnit.SECONDS) + " sent " + read.get(30, TimeUnit.SECONDS) + "\n";
    }

    @Override
    public void close() throws IOException {
        done = true;
        socket.close();
    }
}
