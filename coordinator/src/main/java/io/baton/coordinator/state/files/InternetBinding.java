package io.baton.coordinator.state.files;

import io.baton.mktree.image.proto.FileEntry;
import io.baton.mktree.image.proto.InetSkEntry;
import io.baton.mktree.image.proto.SkShutdown;
import io.baton.task.linux.Errno;
import io.baton.task.linux.Sockets;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.program.ProgramBuilder;
import java.util.Collection;

/**
 * Gives internet sockets the names they had. What was allowed when they were bound may not be any more: so the options for
 * that are set for the moment.
 */
final class InternetBinding {
    private static final int TCP = 6;
    private static final int SOL_IP = 0;
    private static final int IP_FREEBIND = 15;

    private InternetBinding() {}

    /** Binds a socket, before it listens or connects. */
    static void compile(FileEntry entry, TaskDescriptors task, int fd) {
        InetSkEntry isk = entry.getIsk();
        if (isk.getSrcPort() == 0) {
            option(task, fd, SocketOptions.SO_REUSEPORT, isk.getOpts().getSoReuseport());
            option(task, fd, SocketOptions.SO_REUSEADDR, isk.getOpts().getReuseaddr());
            return;
        }
        // Others have the port too, and were bound when this one had the option; it loses it when all are.
        boolean lends =
                !isk.getOpts().getSoReuseport() && isLent(isk, task.process().files());
        option(task, fd, SocketOptions.SO_REUSEPORT, isk.getOpts().getSoReuseport() || lends);
        // Old connections of a server may still linger (TIME_WAIT) and have its port; SO_REUSEADDR allows for that.
        option(task, fd, SocketOptions.SO_REUSEADDR, isk.getOpts().getReuseaddr() || isk.getProto() == TCP);
        // Addresses of IPv6 are not there at once, and an address that was none of ours at the dump need not be now.
        boolean free = isk.getFamily() == Sockets.AF_INET6 && !isk.getIpOpts().getFreebind();
        if (free) {
            SocketOptions.number(task, fd, SOL_IP, IP_FREEBIND, 1);
        }
        bind(isk, task, fd);
        if (free) {
            SocketOptions.number(task, fd, SOL_IP, IP_FREEBIND, 0);
        }
        if (lends) {
            task.tree().takeBackReusePort(task.process(), entry.getId());
        }
    }

    private static void bind(InetSkEntry isk, TaskDescriptors task, int fd) {
        byte[] address = InternetAddress.of(isk).encode();
        ProgramBuilder block = task.block();
        int data = block.bytes(address);
        block.call(SyscallNumber.BIND).value(fd).data(data).value(address.length);
        if (isEnded(isk)) {
            // It has given its port back already, and only the name is left, until somebody wants the port.
            block.orErrno(Errno.EADDRINUSE);
        } else {
            block.expect(0);
        }
    }

    /** Whether it is a TCP socket whose connection is over. */
    static boolean isEnded(InetSkEntry isk) {
        return isk.getProto() == TCP && isk.getState() == Sockets.CLOSE && isk.getShutdown() != SkShutdown.NONE;
    }

    private static boolean isLent(InetSkEntry isk, Collection<FileEntry> files) {
        return files.stream()
                .filter(FileEntry::hasIsk)
                .map(FileEntry::getIsk)
                .anyMatch(other -> other.getProto() == isk.getProto()
                        && other.getSrcPort() == isk.getSrcPort()
                        && other.getOpts().getSoReuseport());
    }

    private static void option(TaskDescriptors task, int fd, int name, boolean wanted) {
        if (wanted) {
            SocketOptions.number(task, fd, Sockets.SOL_SOCKET, name, 1);
        }
    }
}
