package io.baton.coordinator.state.tcp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Real packets over the loopback device. */
class NetworkLockTest {
    @ParameterizedTest
    @ValueSource(strings = {"127.0.0.1", "::1"})
    void shouldHoldOffOneConnectionAndNoOther(String address) throws IOException {
        InetAddress here = InetAddress.getByName(address);
        try (ServerSocket server = new ServerSocket(0, 5, here);
                Socket one = new Socket(here, server.getLocalPort());
                Socket accepted = server.accept();
                Socket other = new Socket(here, server.getLocalPort());
                Socket otherAccepted = server.accept()) {
            Connection held = new Connection(
                    (InetSocketAddress) one.getLocalSocketAddress(), (InetSocketAddress) one.getRemoteSocketAddress());
            NetworkLock lock = NetworkLock.take(List.of(held));
            try {
                one.getOutputStream().write('a');
                other.getOutputStream().write('b');
                assertEquals('b', otherAccepted.getInputStream().read());
                accepted.setSoTimeout(50);
                assertThrows(
                        SocketTimeoutException.class,
                        () -> accepted.getInputStream().read());
            } finally {
                lock.close();
            }
            accepted.setSoTimeout(10_000);
            assertEquals('a', accepted.getInputStream().read());
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3000})
    void shouldLastUntilReleased(int connections) {
        String name = "CRIU-test-" + ProcessHandle.current().pid();
        InetSocketAddress own = new InetSocketAddress(InetAddress.getLoopbackAddress(), 9);
        List<Connection> many = java.util.stream.IntStream.range(0, connections)
                .mapToObj(i -> new Connection(own, new InetSocketAddress(InetAddress.getLoopbackAddress(), 10_000 + i)))
                .toList();
        NetworkLock.keep(name, many);
        assertTrue(NetworkLock.release(name));
        assertFalse(NetworkLock.release(name));
    }
}
