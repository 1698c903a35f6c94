/* SPDX-License-Identifier: Apache-2.0
 *
 * outside DIR: connects Unix datagram sockets to two that somebody else has: DIR/log and, abstract, DIR; and a stream to
 * DIR/stream if that is there. Upon SIGUSR1 looks whether all is as it was, sends something through each, and writes what is
 * not as it was, or PASS, to DIR/result.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "examined.h"

static const char *directory;
static int plain, named, shut, abstract, family;

static socklen_t address(struct sockaddr_un *name, const char *file)
{
	memset(name, 0, sizeof *name);
	name->sun_family = AF_UNIX;
	if (!file) {
		strcpy(name->sun_path + 1, directory);
		return offsetof(struct sockaddr_un, sun_path) + 1 + strlen(directory);
	}
	return offsetof(struct sockaddr_un, sun_path) + 1 +
	       snprintf(name->sun_path, sizeof name->sun_path, "%s/%s", directory, file);
}

static int connected(int fd, const char *file)
{
	struct sockaddr_un name;
	socklen_t length = address(&name, file);

	MUST(fd >= 0 && !connect(fd, (struct sockaddr *)&name, length));
	return fd;
}

static int datagrams(int flags)
{
	return socket(AF_UNIX, SOCK_DGRAM | flags, 0);
}

static void check_peer(int fd, const char *file)
{
	struct sockaddr_un wanted, found;
	socklen_t length = address(&wanted, file), size = sizeof found;

	CHECK(!getpeername(fd, (struct sockaddr *)&found, &size) && size == length &&
	      !memcmp(&found, &wanted, size));
}

/* One that is bound, and got two messages before it was connected. */
static void make_named(void)
{
	struct sockaddr_un name;
	socklen_t length = address(&name, "named");
	int stranger = datagrams(0);

	named = datagrams(0);
	MUST(!bind(named, (struct sockaddr *)&name, length));
	connected(stranger, "named");
	MUST(send(stranger, "one", 3, 0) == 3 && send(stranger, "three", 5, 0) == 5);
	connected(named, "log");
	close(stranger);
}

static void check_named(void)
{
	char text[16];

	CHECK(recv(named, text, sizeof text, MSG_DONTWAIT) == 3 && !memcmp(text, "one", 3));
	CHECK(recv(named, text, sizeof text, MSG_DONTWAIT) == 5 && !memcmp(text, "three", 5));
	CHECK(recv(named, text, sizeof text, MSG_DONTWAIT) < 0 && errno == EAGAIN);
}

static void send_word(int fd, const char *word)
{
	CHECK(send(fd, word, strlen(word), MSG_NOSIGNAL) == (ssize_t)strlen(word));
}

/* A socket of its own, and one of its parent's. */
static _Noreturn void child(int own)
{
	int signal;

	sigwait(&examination, &signal);
	_exit(send(own, "child", 5, 0) != 5 || send(family, "family", 6, 0) != 6);
}

int main(int argc, char **argv)
{
	int pid, own, status;

	enter(argc, argv);
	directory = argv[1];
	plain = connected(datagrams(SOCK_NONBLOCK | SOCK_CLOEXEC), "log");
	make_named();
	shut = connected(datagrams(0), "log");
	MUST(!shutdown(shut, SHUT_WR));
	abstract = connected(datagrams(0), 0);
	family = connected(datagrams(0), "log");
	if (!access("stream", F_OK))
		connected(socket(AF_UNIX, SOCK_STREAM, 0), "stream");
	own = connected(datagrams(0), "log");
	pid = fork();
	MUST(pid >= 0);
	if (!pid)
		child(own);
	close(own);
	await_examination();
	check_peer(plain, "log");
	check_peer(named, "log");
	check_peer(shut, "log");
	check_peer(abstract, 0);
	check_named();
	CHECK(fcntl(plain, F_GETFL) == (O_RDWR | O_NONBLOCK) && fcntl(plain, F_GETFD) == FD_CLOEXEC);
	CHECK(send(shut, "no", 2, MSG_NOSIGNAL) < 0 && errno == EPIPE);
	send_word(plain, "plain");
	send_word(named, "named");
	send_word(abstract, "abstract");
	kill(pid, SIGUSR1);
	CHECK(waitpid(pid, &status, 0) == pid && !status);
	tell_result();
}
