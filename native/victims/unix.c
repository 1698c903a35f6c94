/* SPDX-License-Identifier: Apache-2.0
 *
 * unix DIR: holds Unix sockets of every kind in DIR, in a parent and its child. Writes its pid to DIR/ready and waits. Upon
 * SIGUSR1 both look whether all is as it was, and the parent writes what is not, or PASS, to DIR/result.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "examined.h"

#define LARGE 100000
#define MESSAGE 60000

static char content[LARGE], text[LARGE + 1];

static int stream[2], message[2], packet[2], marker[2], half[2], gone[2], reset[2], family[2], lost[2];
static int unconnected;
static int named, client, accepted, abstract, pending[2], orphan, receiver, sender, stranger, relative,
	deleted;

static socklen_t address(struct sockaddr_un *name, const char *path)
{
	memset(name, 0, sizeof *name);
	name->sun_family = AF_UNIX;
	if (path[0] == '@') {
		int length = snprintf(name->sun_path + 1, 90, "baton-%d-%s", getpid(), path + 1);

		return offsetof(struct sockaddr_un, sun_path) + 1 + length;
	}
	strcpy(name->sun_path, path);
	return offsetof(struct sockaddr_un, sun_path) + strlen(path) + 1;
}

static int bound(int type, const char *path, int backlog)
{
	struct sockaddr_un name;
	socklen_t length = address(&name, path);
	int fd = socket(AF_UNIX, type, 0);

	MUST(fd >= 0 && !bind(fd, (struct sockaddr *)&name, length));
	MUST(backlog < 0 || !listen(fd, backlog));
	return fd;
}

static int joined(int type, const char *path)
{
	struct sockaddr_un name;
	socklen_t length = address(&name, path);
	int fd = socket(AF_UNIX, type, 0);

	MUST(fd >= 0 && !connect(fd, (struct sockaddr *)&name, length));
	return fd;
}

static void make_pairs(void)
{
	int one = 1, size = 30000, wide = 400000;
	struct timeval patience = { 3, 500000 };

	MUST(!socketpair(AF_UNIX, SOCK_STREAM, 0, stream) && !socketpair(AF_UNIX, SOCK_DGRAM, 0, message));
	MUST(!socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, packet));
	unconnected = socket(AF_UNIX, SOCK_SEQPACKET, 0);
	MUST(unconnected >= 0);
	MUST(!socketpair(AF_UNIX, SOCK_STREAM, 0, marker) && !socketpair(AF_UNIX, SOCK_STREAM, 0, half));
	MUST(!socketpair(AF_UNIX, SOCK_STREAM, 0, gone) && !socketpair(AF_UNIX, SOCK_STREAM, 0, reset));
	MUST(!socketpair(AF_UNIX, SOCK_STREAM, 0, family) && !socketpair(AF_UNIX, SOCK_DGRAM, 0, lost));
	MUST(write(lost[1], "gone", 4) == 4 && !close(lost[1]));
	MUST(write(stream[0], content, LARGE) == LARGE && write(stream[1], "back", 4) == 4);
	MUST(!fcntl(stream[1], F_SETFL, O_NONBLOCK));
	MUST(!setsockopt(stream[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof size));
	MUST(!setsockopt(message[0], SOL_SOCKET, SO_SNDBUF, &wide, sizeof wide));
	MUST(!setsockopt(stream[0], SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience));
	MUST(!setsockopt(stream[0], SOL_SOCKET, SO_TIMESTAMP, &one, sizeof one));
	MUST(write(message[0], "one", 3) == 3 && write(message[0], content, MESSAGE) == MESSAGE);
	MUST(write(message[0], "three", 5) == 5 && send(message[0], "", 0, 0) == 0);
	MUST(write(packet[1], "alpha", 5) == 5 && write(packet[1], "beta", 4) == 4);
	MUST(!shutdown(marker[0], SHUT_RDWR) && !close(marker[1]));
	MUST(write(half[0], "last", 4) == 4 && !shutdown(half[0], SHUT_WR));
	MUST(write(gone[1], "left", 4) == 4 && !close(gone[1]));
	MUST(write(reset[0], "unread", 6) == 6 && !close(reset[1]));
	MUST(!setsockopt(family[0], SOL_SOCKET, SO_PASSCRED, &one, sizeof one));
}

static void make_named(void)
{
	int closed;

	named = bound(SOCK_STREAM, "named", 5);
	MUST(!chmod("named", 0640));
	client = joined(SOCK_STREAM, "named");
	accepted = accept(named, 0, 0);
	MUST(accepted >= 0 && write(client, "ask", 3) == 3 && write(accepted, "answer", 6) == 6);
	abstract = bound(SOCK_SEQPACKET, "@abstract", 3);
	pending[0] = joined(SOCK_SEQPACKET, "@abstract");
	pending[1] = joined(SOCK_SEQPACKET, "@abstract");
	closed = bound(SOCK_STREAM, "@closed", 1);
	stranger = joined(SOCK_STREAM, "@closed");
	orphan = accept(closed, 0, 0);
	MUST(orphan >= 0 && !close(closed) && write(stranger, "still", 5) == 5);
	receiver = bound(SOCK_DGRAM, "receiver", -1);
	sender = joined(SOCK_DGRAM, "receiver");
	MUST(write(sender, "first", 5) == 5 && write(sender, "second", 6) == 6);
	relative = bound(SOCK_DGRAM, "below/relative", -1);
	deleted = bound(SOCK_STREAM, "deleted", 2);
	MUST(!unlink("deleted"));
}

static int reads(int fd, const char *wanted)
{
	ssize_t length = read(fd, text, LARGE);

	return length == (ssize_t)strlen(wanted) && !memcmp(text, wanted, length);
}

static int number(int fd, int option)
{
	int value = -1;
	socklen_t length = sizeof value;

	getsockopt(fd, SOL_SOCKET, option, &value, &length);
	return value;
}

static int is_named(int fd, const char *path, int peer)
{
	struct sockaddr_un name, wanted;
	socklen_t length = sizeof name, expected = path ? address(&wanted, path) : sizeof(sa_family_t);

	if (peer ? getpeername(fd, (struct sockaddr *)&name, &length)
		 : getsockname(fd, (struct sockaddr *)&name, &length))
		return 0;
	return length == expected && (!path || !memcmp(&name, &wanted, length));
}

static void check_pairs(void)
{
	struct timeval patience;
	struct ucred other;
	socklen_t length = sizeof patience;
	struct pollfd look = { .fd = marker[0], .events = POLLIN };

	CHECK(recv(stream[1], text, LARGE, MSG_WAITALL) == LARGE && !memcmp(text, content, LARGE));
	CHECK(read(stream[1], text, 1) == -1 && errno == EAGAIN);
	CHECK(reads(stream[0], "back"));
	CHECK(number(stream[0], SO_SNDBUF) == 60000 && number(stream[0], SO_TIMESTAMP) == 1);
	CHECK(number(stream[1], SO_TIMESTAMP) == 0);
	CHECK(!getsockopt(stream[0], SOL_SOCKET, SO_RCVTIMEO, &patience, &length) && patience.tv_sec == 3);
	CHECK(reads(message[1], "one") && read(message[1], text, LARGE) == MESSAGE);
	CHECK(!memcmp(text, content, MESSAGE) && reads(message[1], "three"));
	CHECK(recv(message[1], text, LARGE, MSG_DONTWAIT) == 0);
	CHECK(recv(message[1], text, LARGE, MSG_DONTWAIT) == -1 && errno == EAGAIN);
	CHECK(number(family[0], SO_PASSCRED) == 1 && reads(packet[0], "alpha") && reads(packet[0], "beta"));
	CHECK(read(unconnected, content, 1) < 0 && errno == ENOTCONN);
	CHECK(fcntl(packet[0], F_GETFD) == FD_CLOEXEC && fcntl(stream[0], F_GETFD) == 0);
	CHECK(read(marker[0], text, 1) == 0 && send(marker[0], "x", 1, MSG_NOSIGNAL) == -1 && errno == EPIPE);
	CHECK(poll(&look, 1, 0) == 1 && (look.revents & POLLHUP));
	CHECK(reads(half[1], "last") && read(half[1], text, 1) == 0);
	CHECK(send(half[0], "x", 1, MSG_NOSIGNAL) == -1 && write(half[1], "on", 2) == 2 &&
	      reads(half[0], "on"));
	CHECK(reads(gone[0], "left") && read(gone[0], text, 1) == 0);
	CHECK(read(reset[0], text, 1) == -1 && errno == ECONNRESET && read(reset[0], text, 1) == 0);
	CHECK(reads(lost[0], "gone") && write(lost[0], "x", 1) == -1 && errno == ECONNREFUSED);
	length = sizeof other;
	CHECK(!getsockopt(stream[0], SOL_SOCKET, SO_PEERCRED, &other, &length) && other.uid == getuid());
}

static void check_named(void)
{
	struct stat now;
	int fresh;

	CHECK(!stat("named", &now) && (now.st_mode & 07777) == 0640 && S_ISSOCK(now.st_mode));
	CHECK(reads(accepted, "ask") && reads(client, "answer"));
	CHECK(is_named(accepted, "named", 0) && is_named(client, "named", 1) && is_named(client, 0, 0));
	fresh = joined(SOCK_STREAM, "named");
	CHECK(close(accept(named, 0, 0)) == 0 && close(fresh) == 0);
	for (int i = 0; i < 2; i++) {
		fresh = accept(abstract, 0, 0);
		CHECK(fresh >= 0 && write(pending[i], "late", 4) == 4 && reads(fresh, "late") &&
		      !close(fresh));
	}
	CHECK(reads(orphan, "still") && write(orphan, "yes", 3) == 3 && reads(stranger, "yes"));
	CHECK(is_named(orphan, "@closed", 0) && is_named(stranger, "@closed", 1));
	CHECK(reads(receiver, "first") && reads(receiver, "second"));
	CHECK(write(sender, "third", 5) == 5 && reads(receiver, "third") &&
	      is_named(receiver, "receiver", 0));
	CHECK(is_named(relative, "below/relative", 0) && !stat("below/relative", &now));
	CHECK(is_named(deleted, "deleted", 0) && stat("deleted", &now) == -1 &&
	      number(deleted, SO_ACCEPTCONN) == 1);
}

static void serve_family(const sigset_t *wanted)
{
	int signal;

	close(family[0]);
	sigwait(wanted, &signal);
	if (write(family[1], "child", 5) != 5 || !reads(family[1], "parent"))
		_exit(1);
	_exit(0);
}

int main(int argc, char **argv)
{
	int status;
	pid_t child;

	enter(argc, argv);
	MUST(!mkdir("below", 0700));
	for (int i = 0; i < LARGE; i++)
		content[i] = i * 7 + i / 251;
	make_pairs();
	make_named();
	child = fork();
	if (!child)
		serve_family(&examination);
	close(family[1]);
	await_examination();
	check_pairs();
	check_named();
	CHECK(write(family[0], "parent", 6) == 6 && !kill(child, SIGUSR1) && reads(family[0], "child"));
	CHECK(waitpid(child, &status, 0) == child && status == 0);
	tell_result();
}
