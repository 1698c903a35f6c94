/* SPDX-License-Identifier: Apache-2.0
 *
 * talker DIR: serves one TCP connection on the address in DIR/address. Writes its port to DIR/port, its pid to DIR/ready
 * once somebody has come, and sends and reads, all the time and at once, until the other end has no more; then it ends its
 * own and writes to DIR/result how much it has read and sent, or what was wrong.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MUST(condition)                                             \
	do {                                                        \
		if (!(condition)) {                                 \
			fprintf(stderr, "line %d: %m\n", __LINE__); \
			abort();                                    \
		}                                                   \
	} while (0)

static char content(int side, long at)
{
	unsigned long mixed = (side + 1) * 0x9e3779b97f4a7c15UL + at * 0xbf58476d1ce4e5b9UL;

	return (char)(mixed >> 56 ^ mixed >> 20);
}

static void tell(const char *name, const char *format, long one, long other)
{
	char fresh[64];
	FILE *file;

	snprintf(fresh, sizeof fresh, "%s.new", name);
	file = fopen(fresh, "w");
	MUST(file && fprintf(file, format, one, other) > 0 && !fclose(file) && !rename(fresh, name));
}

static void talk(int fd)
{
	static char piece[8192];
	long got = 0, sent = 0;

	for (;;) {
		struct pollfd ready = { fd, POLLIN | POLLOUT, 0 };
		long length;

		MUST(poll(&ready, 1, -1) == 1 || errno == EINTR);
		length = recv(fd, piece, sizeof piece, MSG_DONTWAIT);
		if (length == 0)
			break;
		if (length < 0 && errno != EAGAIN) {
			tell("result", "errno %ld after %ld\n", errno, got);
			return;
		}
		for (long i = 0; i < length; i++)
			if (piece[i] != content(0, got + i)) {
				tell("result", "wrong at %ld: %ld\n", got + i, piece[i]);
				return;
			}
		got += length > 0 ? length : 0;
		for (long i = 0; i < (long)sizeof piece; i++)
			piece[i] = content(1, sent + i);
		length = send(fd, piece, sizeof piece, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (length < 0 && errno != EAGAIN) {
			tell("result", "errno %ld after sending %ld\n", errno, sent);
			return;
		}
		sent += length > 0 ? length : 0;
		usleep(500);
	}
	MUST(!shutdown(fd, SHUT_WR));
	tell("result", "read %ld sent %ld\n", got, sent);
}

int main(int argc, char **argv)
{
	struct sockaddr_in6 name = { .sin6_family = AF_INET6 };
	socklen_t length = sizeof name;
	char address[64];
	FILE *file;
	int server, fd;

	if (argc != 2 || chdir(argv[1]))
		_exit(2);
	file = fopen("address", "r");
	MUST(file && fscanf(file, "%63s", address) == 1);
	fclose(file);
	MUST(inet_pton(AF_INET6, address, &name.sin6_addr) == 1);
	server = socket(AF_INET6, SOCK_STREAM, 0);
	MUST(server >= 0 && !bind(server, (struct sockaddr *)&name, length) && !listen(server, 1));
	MUST(!getsockname(server, (struct sockaddr *)&name, &length));
	tell("port", "%ld\n", ntohs(name.sin6_port), 0);
	fd = accept(server, 0, 0);
	MUST(fd >= 0);
	tell("ready", "%ld\n", getpid(), 0);
	talk(fd);
	for (;;)
		pause();
}
