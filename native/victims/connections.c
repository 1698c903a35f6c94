/* SPDX-License-Identifier: Apache-2.0
 *
 * connections DIR: holds TCP connections with itself, and one that waits to be accepted. Writes its pid to DIR/ready and
 * waits. Upon SIGUSR1 it looks whether they are closed and the server serves, and writes what is not, or PASS, to DIR/result.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "examined.h"

static struct sockaddr_in place = { .sin_family = AF_INET };

static int joined(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	return fd >= 0 && !connect(fd, (struct sockaddr *)&place, sizeof place) ? fd : -1;
}

static int is_closed(int fd)
{
	struct pollfd look = { .fd = fd, .events = POLLIN };
	struct sockaddr_in name;
	socklen_t length = sizeof name;
	char text;

	return read(fd, &text, 1) == 0 && send(fd, "x", 1, MSG_NOSIGNAL) == -1 && errno == EPIPE &&
	       getpeername(fd, (struct sockaddr *)&name, &length) == -1 && poll(&look, 1, 0) == 1 &&
	       (look.revents & POLLHUP);
}

int main(int argc, char **argv)
{
	socklen_t length = sizeof place;
	int server, client, accepted, waiting, fresh;
	char text[8] = "";

	enter(argc, argv);
	place.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	server = socket(AF_INET, SOCK_STREAM, 0);
	MUST(server >= 0 && !bind(server, (struct sockaddr *)&place, sizeof place) && !listen(server, 8));
	MUST(!getsockname(server, (struct sockaddr *)&place, &length));
	client = joined();
	accepted = accept(server, 0, 0);
	MUST(client >= 0 && accepted >= 0 && write(client, "unread", 6) == 6 &&
	     !fcntl(client, F_SETFL, O_NONBLOCK));
	waiting = joined();
	MUST(waiting >= 0);
	await_examination();
	CHECK(is_closed(client) && is_closed(accepted) && is_closed(waiting));
	CHECK(fcntl(client, F_GETFL) == (O_RDWR | O_NONBLOCK));
	fresh = joined();
	accepted = accept(server, 0, 0);
	CHECK(fresh >= 0 && accepted >= 0 && write(fresh, "new", 3) == 3 && read(accepted, text, 8) == 3);
	tell_result();
}
