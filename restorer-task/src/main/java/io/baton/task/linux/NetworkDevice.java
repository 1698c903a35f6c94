package io.baton.task.linux;

import java.nio.charset.StandardCharsets;

/** Names and numbers of network devices. Source: {@code netdevice(7)}. */
public final class NetworkDevice {
    private static final int SIOCGIFNAME = 0x8910;
    private static final int SIOCGIFINDEX = 0x8933;
    private static final int NAME_LENGTH = 16;
    private static final int REQUEST = 40;

    private NetworkDevice() {}

    /** The name of a device in the network namespace of a socket; empty if there is none with that number. */
    public static String name(final int socket, final int index) {
        try (Memory request = Memory.allocate(REQUEST)) {
            request.buffer().putInt(NAME_LENGTH, index);
            Files.ioctl(socket, SIOCGIFNAME, request.address());
            final byte[] name = new byte[NAME_LENGTH];
            request.buffer().getBytes(0, name);
            int length = 0;
            while (length < name.length && name[length] != 0) {
                length++;
            }
            return new String(name, 0, length, StandardCharsets.ISO_8859_1);
        } catch (LinuxException e) {
            return "";
        }
    }

    /** The number of a device in the network namespace of the calling thread; 0 if there is none of that name. */
    public static int index(final String name) {
        final byte[] bytes = name.getBytes(StandardCharsets.ISO_8859_1);
        if (bytes.length == 0 || bytes.length >= NAME_LENGTH) {
            return 0;
        }
        try (Fd socket = Sockets.open(Sockets.AF_UNIX, Sockets.SOCK_DGRAM, 0);
                Memory request = Memory.allocate(REQUEST)) {
            request.buffer().putBytes(0, bytes);
            Files.ioctl(socket.number(), SIOCGIFINDEX, request.address());
            return request.buffer().getInt(NAME_LENGTH);
        } catch (LinuxException e) {
            return 0;
        }
    }
}
