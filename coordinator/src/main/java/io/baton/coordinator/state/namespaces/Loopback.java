package io.baton.coordinator.state.namespaces;

import io.baton.task.linux.Fd;
import io.baton.task.linux.Files;
import io.baton.task.linux.Memory;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.linux.SystemCall;
import io.baton.task.program.ProgramBuilder;
import java.nio.charset.StandardCharsets;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * The device {@code lo} of the calling thread's namespace.
 *
 * @param flags {@code IFF_...}, those of {@link #flags(String)}
 * @param mtu in bytes
 */
record Loopback(int flags, int mtu) {
    static final String NAME = "lo";
    static final int UP = 1;
    static final int USUAL_MTU = 65536;
    /** What goes with up, and nobody sets. */
    private static final int RUNNING = 0x40;

    private static final int LOOPBACK = 8;

    private static final int AF_INET = 2;
    private static final int SOCK_DGRAM = 2;
    private static final int SIOCGIFFLAGS = 0x8913;
    private static final int SIOCSIFFLAGS = 0x8914;
    private static final int SIOCGIFMTU = 0x8921;
    private static final int SIOCSIFMTU = 0x8922;
    private static final int REQUEST_LENGTH = 40;
    private static final int REQUEST_VALUE = 16;
    private static final int SOCKET = 0;

    boolean isUp() {
        return (flags & UP) != 0;
    }

    /** Whether it is just up or down. */
    boolean isPlain() {
        return (flags & ~(UP | RUNNING | LOOPBACK)) == 0;
    }

    /** As it is. */
    static Loopback current() {
        return new Loopback(flags(NAME), get(NAME, SIOCGIFMTU));
    }

    /** Low 16 bits of a device's flags. */
    static int flags(String device) {
        return get(device, SIOCGIFFLAGS) & 0xffff;
    }

    private static int get(String device, int what) {
        try (Fd socket = Fd.own((int) SystemCall.check(
                        SystemCall.call(SyscallNumber.SOCKET, AF_INET, SOCK_DGRAM, 0), SyscallNumber.SOCKET));
                Memory request = Memory.allocate(REQUEST_LENGTH)) {
            request.buffer().putBytes(0, device.getBytes(StandardCharsets.UTF_8));
            Files.ioctl(socket.number(), what, request.address());
            return request.buffer().getInt(REQUEST_VALUE);
        }
    }

    /** Makes that of our namespace like this one. */
    void apply() {
        try (Fd socket = Fd.own((int) SystemCall.check(
                        SystemCall.call(SyscallNumber.SOCKET, AF_INET, SOCK_DGRAM, 0), SyscallNumber.SOCKET));
                Memory request = Memory.allocate(REQUEST_LENGTH)) {
            fill(request.buffer(), mtu);
            Files.ioctl(socket.number(), SIOCSIFMTU, request.address());
            fill(request.buffer(), flags & UP);
            Files.ioctl(socket.number(), SIOCSIFFLAGS, request.address());
        }
    }

    /** The same as a program; the task's lowest free descriptor is used. */
    void compile(ProgramBuilder program) {
        program.call(SyscallNumber.SOCKET)
                .value(AF_INET)
                .value(SOCK_DGRAM)
                .value(0)
                .store(SOCKET);
        set(SIOCSIFMTU, mtu, program);
        set(SIOCSIFFLAGS, flags & UP, program);
        program.call(SyscallNumber.CLOSE).register(SOCKET);
    }

    private static void set(int what, int value, ProgramBuilder program) {
        MutableDirectBuffer request = new UnsafeBuffer(new byte[REQUEST_LENGTH]);
        fill(request, value);
        int data = program.bytes(request.byteArray());
        program.call(SyscallNumber.IOCTL).register(SOCKET).value(what).data(data);
    }

    private static void fill(MutableDirectBuffer request, int value) {
        request.putBytes(0, NAME.getBytes(StandardCharsets.UTF_8));
        request.putInt(REQUEST_VALUE, value);
    }
}
