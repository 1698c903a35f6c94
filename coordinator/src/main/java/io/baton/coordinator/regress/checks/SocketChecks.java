package io.baton.coordinator.regress.checks;

import io.baton.coordinator.regress.Check;
import io.baton.coordinator.regress.CheckSkipped;
import io.baton.coordinator.regress.Data;
import io.baton.coordinator.regress.Lab;
import io.baton.coordinator.regress.Should;
import io.baton.coordinator.regress.Subject;
import io.baton.task.linux.Errno;
import io.baton.task.linux.FileStatus;
import io.baton.task.linux.Files;
import io.baton.task.linux.Kcmp;
import io.baton.task.linux.Sockets;
import io.baton.task.linux.SyscallNumber;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Sockets: what can be read of them and brought back. */
final class SocketChecks {
    private static final int SO_PEERCRED = 17;
    private static final int SO_PEEK_OFF = 42;
    private static final int IPPROTO_TCP = 6;
    private static final int TCP_REPAIR = 19;
    private static final int TCP_REPAIR_QUEUE = 20;
    private static final int TCP_QUEUE_SEQ = 21;
    private static final int UNIX = Sockets.AF_UNIX;
    private static final int STREAM = Sockets.SOCK_STREAM;

    private SocketChecks() {}

    static List<Check> list() {
        return List.of(
                Check.of(
                        "unix.peek_off",
                        "SO_PEEK_OFF moves on with what is peeked, and back with what is read",
                        "net/unix/af_unix.c unix_set_peek_off(), socket(7)",
                        SocketChecks::peekOffset),
                Check.of(
                        "unix.rights",
                        "SCM_RIGHTS passes descriptions, and MSG_PEEK shows them without taking them",
                        "net/core/scm.c scm_detach_fds(), unix(7)",
                        SocketChecks::rights),
                Check.of(
                        "unix.peercred",
                        "SO_PEERCRED names who made a pair, whoever has it",
                        "net/unix/af_unix.c unix_socketpair(), unix(7)",
                        SocketChecks::peerCredentials),
                Check.of(
                        "unix.diag",
                        "sock_diag tells of a Unix socket by its inode who its peer is",
                        "net/unix/diag.c, sock_diag(7)",
                        SocketChecks::diagnosis),
                Check.of(
                        "unix.unlinked",
                        "a socket keeps its name when its file is gone",
                        "net/unix/af_unix.c unix_getname(), unix(7)",
                        SocketChecks::abstractName),
                Check.of(
                        "unix.shutdown",
                        "what was sent before a shutdown can be read, then the end",
                        "net/unix/af_unix.c unix_shutdown(), shutdown(2)",
                        SocketChecks::shutdown),
                Check.of(
                        "socket.options",
                        "family, type, protocol and buffers are read as they were set",
                        "net/core/sock.c sk_getsockopt(), socket(7)",
                        SocketChecks::options),
                Check.of(
                        "tcp.repair",
                        "in TCP_REPAIR the sequence numbers of both queues are read and set",
                        "net/ipv4/tcp.c do_tcp_setsockopt()",
                        SocketChecks::repair));
    }

    private static Data pair(Lab lab, Subject subject, int type) {
        Data pair = lab.data(8);
        subject.call(SyscallNumber.SOCKETPAIR, UNIX, type, 0, pair.at()).shouldReturn(0);
        return pair;
    }

    private static int option(Lab lab, Subject subject, int fd, int name) {
        Data value = lab.ints(-1);
        subject.call(
                        SyscallNumber.GETSOCKOPT,
                        fd,
                        Sockets.SOL_SOCKET,
                        name,
                        value.at(),
                        lab.ints(4).at())
                .shouldReturn(0);
        return value.intAt(0);
    }

    private static void peekOffset(Lab lab) {
        Subject subject = lab.subject();
        Data pair = pair(lab, subject, STREAM);
        int reader = pair.intAt(4);
        subject.call(SyscallNumber.WRITE, pair.intAt(0), lab.string("abcdef").at(), 6)
                .shouldReturn(6);
        subject.call(
                        SyscallNumber.SETSOCKOPT,
                        reader,
                        Sockets.SOL_SOCKET,
                        SO_PEEK_OFF,
                        lab.ints(2).at(),
                        4)
                .shouldReturn(0);
        Data text = lab.data(8);
        subject.call(SyscallNumber.RECVFROM, reader, text.at(), 2, Sockets.MSG_PEEK)
                .shouldReturn(2);
        Should.be("bytes peeked", "cd", text.text(2));
        Should.be("offset after the peek", 4, option(lab, subject, reader, SO_PEEK_OFF));
        subject.call(SyscallNumber.READ, reader, text.at(), 3).shouldReturn(3);
        Should.be("bytes read", "abc", text.text(3));
        Should.be("offset after the read", 1, option(lab, subject, reader, SO_PEEK_OFF));
    }

    /** struct msghdr with one byte of data and room for one descriptor. */
    private static Data message(Lab lab, Data control) {
        Data vector = lab.longs(lab.data(8).at(), 1);
        Data header = lab.data(56);
        return header.put(16, vector.at()).put(24, 1L).put(32, control.at()).put(40, (long) control.length());
    }

    private static void rights(Lab lab) {
        int controlLength = 24;
        Subject subject = lab.subject();
        Data pair = pair(lab, subject, STREAM);
        int sent = subject.call(SyscallNumber.EVENTFD2, 5, 0).number();
        Data control = lab.data(controlLength)
                .put(0, 20L)
                .put(8, Sockets.SOL_SOCKET)
                .put(12, 1)
                .put(16, sent);
        subject.call(SyscallNumber.SENDMSG, pair.intAt(0), message(lab, control).at(), 0)
                .shouldReturn(1);
        for (int flags : new int[] {Sockets.MSG_PEEK, 0}) {
            Data got = lab.data(controlLength);
            subject.call(SyscallNumber.RECVMSG, pair.intAt(4), message(lab, got).at(), flags)
                    .shouldReturn(1);
            Should.be("length of the control message", 20, got.longAt(0));
            Should.be("kcmp with what was sent", 0, Kcmp.files(subject.pid(), sent, subject.pid(), got.intAt(16)));
        }
    }

    private static void peerCredentials(Lab lab) {
        Subject subject = lab.subject();
        Data pair = pair(lab, subject, STREAM);
        Subject child = subject.fork();
        Data seen = lab.data(12);
        child.call(
                        SyscallNumber.GETSOCKOPT,
                        pair.intAt(0),
                        Sockets.SOL_SOCKET,
                        SO_PEERCRED,
                        seen.at(),
                        lab.ints(12).at())
                .shouldReturn(0);
        Should.be("pid of the peer", subject.pid(), seen.intAt(0));
    }

    private static long inode(Lab lab, Subject subject, int fd) {
        String link = lab.proc().readLink(subject.pid(), "fd/" + fd);
        return Long.parseLong(link.substring("socket:[".length(), link.length() - 1));
    }

    /** Asks in the subject's own network namespace. */
    private static void diagnosis(Lab lab) {
        int netlink = 16;
        int raw = 3;
        int sockDiag = 4;
        int requestLength = 40;
        Subject subject = lab.subject();
        Data pair = pair(lab, subject, STREAM);
        int fd = subject.call(SyscallNumber.SOCKET, netlink, raw, sockDiag)
                .skipOn(93, "a kernel without CONFIG_UNIX_DIAG")
                .number();
        Data request = lab.data(requestLength);
        request.put(0, requestLength).put(4, (short) 20).put(6, (short) 1); // SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST
        long inode = inode(lab, subject, pair.intAt(0));
        request.put(16, (byte) UNIX)
                .put(20, -1)
                .put(24, (int) inode)
                .put(28, 4)
                .put(32, -1)
                .put(36, -1); // UDIAG_SHOW_PEER
        subject.call(SyscallNumber.SENDTO, fd, request.at(), requestLength, 0, 0, 0)
                .shouldReturn(requestLength);
        Data answer = lab.data(1024);
        long length = subject.call(SyscallNumber.RECVFROM, fd, answer.at(), 1024, 0, 0, 0)
                .value();
        if (answer.shortAt(4) == 2 && answer.intAt(16) == -Errno.ENOENT) {
            throw new CheckSkipped("sock_diag: ENOENT: a kernel without CONFIG_UNIX_DIAG");
        }
        Should.be("type of the answer", 20, answer.shortAt(4));
        Should.be("inode", inode, answer.intAt(20) & 0xffff_ffffL);
        Should.hold("an attribute follows", length >= 40);
        Should.be("attribute", 2, answer.shortAt(34)); // UNIX_DIAG_PEER
        Should.be("inode of the peer", inode(lab, subject, pair.intAt(4)), answer.intAt(36) & 0xffff_ffffL);
    }

    private static void abstractName(Lab lab) {
        Subject subject = lab.subject();
        int fd = subject.call(SyscallNumber.SOCKET, UNIX, STREAM, 0).number();
        byte[] path = ("/tmp/baton-regress-" + subject.pid()).getBytes(StandardCharsets.US_ASCII);
        Data address = lab.data(2 + path.length + 1).put(0, (short) UNIX).put(2, path);
        subject.call(SyscallNumber.BIND, fd, address.at(), address.length()).shouldReturn(0);
        subject.call(SyscallNumber.UNLINK, address.at(2)).shouldReturn(0);
        Data seen = lab.data(128);
        Data length = lab.ints(128);
        subject.call(SyscallNumber.GETSOCKNAME, fd, seen.at(), length.at()).shouldReturn(0);
        Should.be("length", address.length(), length.intAt(0));
        Should.be("name", address.text(address.length()), seen.text(address.length()));
        int other = subject.call(SyscallNumber.SOCKET, UNIX, STREAM, 0).number();
        subject.call(SyscallNumber.CONNECT, other, address.at(), address.length())
                .shouldFailWith(Errno.ENOENT);
    }

    private static void shutdown(Lab lab) {
        int write = 1;
        Subject subject = lab.subject();
        Data pair = pair(lab, subject, STREAM);
        subject.call(SyscallNumber.WRITE, pair.intAt(0), lab.string("ab").at(), 2)
                .shouldReturn(2);
        subject.call(SyscallNumber.SHUTDOWN, pair.intAt(0), write).shouldReturn(0);
        subject.call(SyscallNumber.WRITE, pair.intAt(0), lab.string("c").at(), 1)
                .shouldFailWith(Errno.EPIPE);
        Data text = lab.data(8);
        subject.call(SyscallNumber.READ, pair.intAt(4), text.at(), 8).shouldReturn(2);
        subject.call(SyscallNumber.READ, pair.intAt(4), text.at(), 8).shouldReturn(0);
        subject.call(SyscallNumber.WRITE, pair.intAt(4), text.at(), 1).shouldReturn(1);
    }

    private static void options(Lab lab) {
        int sendBuffer = 7;
        Subject subject = lab.subject();
        int fd = subject.call(SyscallNumber.SOCKET, Sockets.AF_INET, Sockets.SOCK_DGRAM | Sockets.SOCK_NONBLOCK, 0)
                .number();
        Should.be("family", Sockets.AF_INET, option(lab, subject, fd, Sockets.SO_DOMAIN));
        Should.be("type", Sockets.SOCK_DGRAM, option(lab, subject, fd, Sockets.SO_TYPE));
        Should.be("protocol", 17, option(lab, subject, fd, Sockets.SO_PROTOCOL));
        subject.call(
                        SyscallNumber.SETSOCKOPT,
                        fd,
                        Sockets.SOL_SOCKET,
                        sendBuffer,
                        lab.ints(20_000).at(),
                        4)
                .shouldReturn(0);
        Should.be("send buffer, doubled", 40_000, option(lab, subject, fd, sendBuffer));
        FileStatus status = Files.statusAt(Files.AT_FDCWD, "/proc/" + subject.pid() + "/fd/" + fd, 0);
        Should.be("kind of file", FileStatus.S_IFSOCK, status.type());
    }

    private static void repair(Lab lab) {
        Subject subject = lab.subject();
        int fd = subject.call(SyscallNumber.SOCKET, Sockets.AF_INET, STREAM, 0).number();
        subject.call(
                        SyscallNumber.SETSOCKOPT,
                        fd,
                        IPPROTO_TCP,
                        TCP_REPAIR,
                        lab.ints(1).at(),
                        4)
                .skipOn(Errno.EPERM, "needs CAP_NET_ADMIN")
                .shouldReturn(0);
        for (int queue = 1; queue <= 2; queue++) {
            int wanted = 1_000_000 * queue;
            subject.call(
                            SyscallNumber.SETSOCKOPT,
                            fd,
                            IPPROTO_TCP,
                            TCP_REPAIR_QUEUE,
                            lab.ints(queue).at(),
                            4)
                    .shouldReturn(0);
            subject.call(
                            SyscallNumber.SETSOCKOPT,
                            fd,
                            IPPROTO_TCP,
                            TCP_QUEUE_SEQ,
                            lab.ints(wanted).at(),
                            4)
                    .shouldReturn(0);
            Data seen = lab.ints(-1);
            subject.call(
                            SyscallNumber.GETSOCKOPT,
                            fd,
                            IPPROTO_TCP,
                            TCP_QUEUE_SEQ,
                            seen.at(),
                            lab.ints(4).at())
                    .shouldReturn(0);
            Should.be("sequence number of queue " + queue, wanted, seen.intAt(0));
        }
        subject.call(
                        SyscallNumber.SETSOCKOPT,
                        fd,
                        IPPROTO_TCP,
                        TCP_REPAIR,
                        lab.ints(0).at(),
                        4)
                .shouldReturn(0);
    }
}
