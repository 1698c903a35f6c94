/* SPDX-License-Identifier: Apache-2.0
 *
 * flights DIR: has sent descriptors and credentials through Unix sockets, which nobody has received yet, and closed most of
 * what it has sent. Writes its pid to DIR/ready and waits. Upon SIGUSR1 it receives all and looks whether it is what was
 * sent, and writes what is not, or PASS, to DIR/result.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "examined.h"

#define MOST 4

static int stream[2], packet[2], message[2], orphan[2], outer[2], inner[2], ring[2], other[2], family[2],
	many[2], full[2];
static int kept, filled;
static pid_t child;

/* What came with the last message. */
static int received[MOST], count;
static struct ucred from;

static void send_all(int via, const char *text, size_t length, const int *fds, int number)
{
	char room[CMSG_SPACE(MOST * sizeof(int))] = { 0 };
	struct iovec piece = { .iov_base = (char *)text, .iov_len = length };
	struct msghdr header = { .msg_iov = &piece, .msg_iovlen = 1 };
	struct cmsghdr *control;

	header.msg_control = room;
	header.msg_controllen = CMSG_SPACE(number * sizeof(int));
	control = CMSG_FIRSTHDR(&header);
	control->cmsg_level = SOL_SOCKET;
	control->cmsg_type = SCM_RIGHTS;
	control->cmsg_len = CMSG_LEN(number * sizeof(int));
	memcpy(CMSG_DATA(control), fds, number * sizeof(int));
	MUST(sendmsg(via, &header, 0) == (ssize_t)length);
}

static void send_one(int via, const char *text, int fd)
{
	send_all(via, text, strlen(text), &fd, 1);
}

/* Whether the next message, of at most so many bytes, says that. */
static int receives(int via, size_t limit, const char *text)
{
	char bytes[100], room[1000];
	struct iovec piece = { .iov_base = bytes, .iov_len = limit };
	struct msghdr header = {
		.msg_iov = &piece, .msg_iovlen = 1, .msg_control = room, .msg_controllen = 1000
	};
	ssize_t length = recvmsg(via, &header, MSG_DONTWAIT);

	count = 0;
	memset(&from, 0, sizeof from);
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&header); length >= 0 && c; c = CMSG_NXTHDR(&header, c)) {
		if (c->cmsg_type == SCM_CREDENTIALS)
			memcpy(&from, CMSG_DATA(c), sizeof from);
		if (c->cmsg_type == SCM_RIGHTS) {
			count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
			memcpy(received, CMSG_DATA(c), count * sizeof(int));
		}
	}
	return length == (ssize_t)strlen(text) && !memcmp(bytes, text, length) &&
	       !(header.msg_flags & MSG_CTRUNC);
}

static int same_file(int one, int two)
{
	struct stat a, b;

	return !fstat(one, &a) && !fstat(two, &b) && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

static int passes(int out, int in, const char *text)
{
	char bytes[20] = { 0 };

	return write(in, text, strlen(text)) == (ssize_t)strlen(text) && read(out, bytes, 19) > 0 &&
	       !strcmp(bytes, text);
}

/* A pipe in two messages, with bytes around; in a stream, and in one message with its sender closed. */
static void make_pipes(void)
{
	int pipes[2];

	MUST(!socketpair(AF_UNIX, SOCK_STREAM, 0, stream) && !pipe(pipes));
	MUST(write(stream[0], "before", 6) == 6);
	send_one(stream[0], "reader", pipes[0]);
	MUST(write(stream[0], "between", 7) == 7);
	send_one(stream[0], "w", pipes[1]);
	MUST(write(stream[0], "after", 5) == 5 && !close(pipes[0]) && !close(pipes[1]));

	MUST(!socketpair(AF_UNIX, SOCK_SEQPACKET, 0, packet) && !pipe(pipes));
	send_all(packet[0], "both", 4, pipes, 2);
	MUST(write(packet[0], "none", 4) == 4 && !close(pipes[0]) && !close(pipes[1]));

	MUST(!socketpair(AF_UNIX, SOCK_DGRAM, 0, orphan) && !pipe(pipes));
	send_one(orphan[0], "left", pipes[0]);
	MUST(!close(orphan[0]) && !close(pipes[0]));
	orphan[0] = pipes[1];
}

static void check_pipes(void)
{
	int pipes[2];

	CHECK(receives(stream[1], 6, "before") && count == 0);
	CHECK(receives(stream[1], 100, "reader") && count == 1);
	pipes[0] = received[0];
	CHECK(receives(stream[1], 4, "betw") && count == 0 && receives(stream[1], 4, "eenw") && count == 1);
	CHECK(passes(pipes[0], received[0], "hello") && receives(stream[1], 100, "after") && count == 0);
	CHECK(receives(packet[1], 100, "both") && count == 2 && passes(received[0], received[1], "packet"));
	CHECK(receives(packet[1], 100, "none") && count == 0);
	CHECK(receives(orphan[1], 100, "left") && count == 1 && passes(received[0], orphan[0], "orphan"));
}

/* Files: one that is open here too, one without a name, an epoll set, a listening socket. */
static void make_files(void)
{
	struct sockaddr_in any = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct epoll_event event = { .events = EPOLLIN, .data.u64 = 77 };
	int fds[MOST];

	MUST(!socketpair(AF_UNIX, SOCK_DGRAM, 0, message));
	kept = open("kept", O_RDWR | O_CREAT, 0600);
	fds[0] = open("nameless", O_RDWR | O_CREAT, 0600);
	MUST(kept >= 0 && fds[0] >= 0 && !unlink("nameless") && write(fds[0], "ghost", 5) == 5);
	fds[1] = socket(AF_INET, SOCK_STREAM, 0);
	MUST(fds[1] >= 0 && !bind(fds[1], (struct sockaddr *)&any, sizeof any) && !listen(fds[1], 7));
	fds[2] = epoll_create1(0);
	MUST(fds[2] >= 0 && !epoll_ctl(fds[2], EPOLL_CTL_ADD, message[1], &event));
	send_one(message[0], "kept", kept);
	send_all(message[0], "files", 5, fds, 3);
	for (int i = 0; i < 3; i++)
		MUST(!close(fds[i]));
	MUST(!socketpair(AF_UNIX, SOCK_STREAM, 0, many));
	for (int i = 0; i < 100; i++) {
		int fd = eventfd(i, 0);

		MUST(fd >= 0);
		send_one(many[0], "event", fd);
		MUST(!close(fd));
	}
}

/* As many small pieces as there is room for, which is more than in one that is new. */
static void make_full(void)
{
	int wide = 1000000, narrow = 3000;

	MUST(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, full));
	setsockopt(full[0], SOL_SOCKET, SO_SNDBUFFORCE, &wide, sizeof wide); /* if we may */
	while (write(full[0], "0123456789", 10) == 10)
		filled++;
	MUST(errno == EAGAIN && !setsockopt(full[0], SOL_SOCKET, SO_SNDBUF, &narrow, sizeof narrow));
}

static void check_full(void)
{
	char bytes[10];
	int size = 0;
	socklen_t length = sizeof size;

	for (int i = 0; i < filled; i++)
		CHECK(read(full[1], bytes, 10) == 10 && !memcmp(bytes, "0123456789", 10));
	CHECK(read(full[1], bytes, 10) == -1 && errno == EAGAIN);
	CHECK(!getsockopt(full[0], SOL_SOCKET, SO_SNDBUF, &size, &length) && size == 6000);
}

static void check_files(void)
{
	struct epoll_event event;
	char bytes[20];
	int accepts = 0;
	socklen_t length = sizeof accepts;

	CHECK(receives(message[1], 100, "kept") && count == 1 && same_file(received[0], kept));
	CHECK(write(kept, "12345", 5) == 5 && lseek(received[0], 0, SEEK_CUR) == 5);
	CHECK(receives(message[1], 100, "files") && count == 3);
	CHECK(pread(received[0], bytes, 20, 0) == 5 && !memcmp(bytes, "ghost", 5) &&
	      lseek(received[0], 0, SEEK_CUR) == 5);
	CHECK(!getsockopt(received[1], SOL_SOCKET, SO_ACCEPTCONN, &accepts, &length) && accepts == 1);
	CHECK(epoll_wait(received[2], &event, 1, 0) == 0 && write(message[0], "x", 1) == 1);
	CHECK(epoll_wait(received[2], &event, 1, 0) == 1 && event.data.u64 == 77);
	for (int i = 0; i < 100; i++) {
		uint64_t value = 0;

		CHECK(receives(many[1], 100, "event") && count == 1);
		CHECK(i == 0 ? fcntl(received[0], F_GETFL) >= 0
			     : read(received[0], &value, 8) == 8 && value == (uint64_t)i);
		close(received[0]);
	}
}

/* Sockets in sockets: one within another, one in itself, two in each other. */
static void make_nested(void)
{
	int event = eventfd(5, 0);

	MUST(!socketpair(AF_UNIX, SOCK_STREAM, 0, outer) && !socketpair(AF_UNIX, SOCK_STREAM, 0, inner));
	send_one(inner[0], "innermost", event);
	send_one(outer[0], "inside", inner[1]);
	MUST(!close(inner[1]) && !close(event));
	MUST(!socketpair(AF_UNIX, SOCK_STREAM, 0, ring) && !socketpair(AF_UNIX, SOCK_DGRAM, 0, other));
	send_one(ring[0], "itself", ring[0]);
	send_one(ring[0], "its end", ring[1]);
	send_one(ring[0], "of other", other[1]);
	send_one(other[0], "of ring", ring[1]);
}

static void check_nested(void)
{
	uint64_t value = 0;

	CHECK(receives(outer[1], 100, "inside") && count == 1 && same_file(received[0], received[0]));
	inner[1] = received[0];
	CHECK(receives(inner[1], 100, "innermost") && count == 1);
	CHECK(read(received[0], &value, 8) == 8 && value == 5 && passes(inner[0], inner[1], "back"));
	CHECK(receives(ring[1], 100, "itself") && count == 1 && same_file(received[0], ring[0]));
	CHECK(receives(ring[1], 100, "its end") && count == 1 && same_file(received[0], ring[1]));
	CHECK(receives(ring[1], 100, "of other") && count == 1 && same_file(received[0], other[1]));
	CHECK(receives(other[1], 100, "of ring") && count == 1 && same_file(received[0], ring[1]));
}

/* Who has sent; and something that only a child has open. */
static void make_family(void)
{
	int one = 1, go[2], signal;
	char byte;

	MUST(!socketpair(AF_UNIX, SOCK_DGRAM, 0, family) && !pipe(go));
	MUST(!setsockopt(family[1], SOL_SOCKET, SO_PASSCRED, &one, sizeof one));
	MUST(write(family[0], "parent", 6) == 6);
	child = fork();
	if (!child) {
		int own = eventfd(9, 0);

		send_one(family[0], "child", own);
		MUST(write(go[1], "x", 1) == 1);
		sigwait(&examination, &signal);
		_exit(eventfd_write(own, 1));
	}
	MUST(child > 0 && read(go[0], &byte, 1) == 1 && !close(go[0]) && !close(go[1]));
}

static void check_family(void)
{
	uint64_t value = 0;
	int status;

	CHECK(receives(family[1], 100, "parent") && from.pid == getpid() && from.uid == getuid() &&
	      count == 0);
	CHECK(receives(family[1], 100, "child") && from.pid == child && from.gid == getgid() && count == 1);
	CHECK(!kill(child, SIGUSR1) && waitpid(child, &status, 0) == child && status == 0);
	CHECK(read(received[0], &value, 8) == 8 && value == 10);
}

int main(int argc, char **argv)
{
	enter(argc, argv);
	make_pipes();
	make_files();
	make_full();
	make_nested();
	make_family();
	await_examination();
	check_pipes();
	check_files();
	check_full();
	check_nested();
	check_family();
	CHECK(open("/dev/null", O_RDONLY) < 250);
	tell_result();
}
