/* SPDX-License-Identifier: Apache-2.0
 *
 * inet DIR: holds TCP and UDP sockets of IPv4 and IPv6 on the loopback device. Writes its pid to DIR/ready and waits. Upon
 * SIGUSR1 it looks whether all is as it was, and writes what is not, or PASS, to DIR/result.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "examined.h"

/* One whose place a socket has. */
struct place {
	int fd;
	struct sockaddr_in6 name;
	socklen_t length;
};

static struct place server, server6, taken, bare, bare6, receiver, sender, receiver6, shared[2], shut[2],
	absent;
static int set;

static void remember(struct place *place)
{
	place->length = sizeof place->name;
	MUST(!getsockname(place->fd, (struct sockaddr *)&place->name, &place->length));
}

static void option(int fd, int level, int name, int value)
{
	MUST(!setsockopt(fd, level, name, &value, sizeof value));
}

static int number(int fd, int level, int name)
{
	int value = -1;
	socklen_t length = sizeof value;

	getsockopt(fd, level, name, &value, &length);
	return value;
}

/* On a port that the kernel chooses, unless one is given. */
static void bound(struct place *place, int family, int type, int port)
{
	struct sockaddr_in four = { .sin_family = AF_INET,
				    .sin_port = htons(port),
				    .sin_addr = { htonl(INADDR_LOOPBACK) } };
	struct sockaddr_in6 six = { .sin6_family = AF_INET6,
				    .sin6_port = htons(port),
				    .sin6_addr = IN6ADDR_LOOPBACK_INIT };

	if (!place->fd)
		place->fd = socket(family, type, 0);
	MUST(place->fd >= 0);
	MUST(family == AF_INET ? !bind(place->fd, (struct sockaddr *)&four, sizeof four)
			       : !bind(place->fd, (struct sockaddr *)&six, sizeof six));
	remember(place);
}

static int joined(const struct place *place, int type)
{
	int fd = socket(place->name.sin6_family, type, 0);

	return fd >= 0 && !connect(fd, (const struct sockaddr *)&place->name, place->length) ? fd : -1;
}

static void make(void)
{
	struct timeval patience = { 2, 250000 };
	struct linger linger = { 1, 9 };

	bound(&server, AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	option(server.fd, IPPROTO_TCP, TCP_NODELAY, 1);
	option(server.fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, 3);
	option(server.fd, SOL_SOCKET, SO_RCVBUF, 50000);
	option(server.fd, SOL_SOCKET, SO_KEEPALIVE, 1);
	MUST(!listen(server.fd, 7) && !fcntl(server.fd, F_SETFL, O_NONBLOCK));
	server6.fd = socket(AF_INET6, SOCK_STREAM, 0);
	option(server6.fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
	option(server6.fd, SOL_SOCKET, SO_REUSEADDR, 1);
	bound(&server6, AF_INET6, SOCK_STREAM, 0);
	MUST(!listen(server6.fd, 100));
	bound(&taken, AF_INET, SOCK_STREAM, 0);
	bare.fd = socket(AF_INET, SOCK_STREAM, 0);
	MUST(!setsockopt(bare.fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger));
	MUST(!setsockopt(bare.fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience));
	option(bare.fd, IPPROTO_TCP, TCP_USER_TIMEOUT, 12345);
	bare6.fd = socket(AF_INET6, SOCK_DGRAM, 0);
	option(bare6.fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, 17);
	option(bare6.fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
	bound(&receiver, AF_INET, SOCK_DGRAM, 0);
	option(receiver.fd, IPPROTO_IP, IP_TTL, 33);
	option(receiver.fd, IPPROTO_IP, IP_PKTINFO, 1);
	option(receiver.fd, SOL_SOCKET, SO_BROADCAST, 1);
	sender.fd = joined(&receiver, SOCK_DGRAM);
	remember(&sender);
	bound(&receiver6, AF_INET6, SOCK_DGRAM, 0);
}

/* What cannot be done like that any more: two of one port, one without the option that this takes; a name that is none here. */
static void make_odd(void)
{
	struct sockaddr_in6 nobody = { .sin6_family = AF_INET6 };

	for (int i = 0; i < 2; i++) {
		shared[i].fd = socket(AF_INET, SOCK_STREAM, 0);
		option(shared[i].fd, SOL_SOCKET, SO_REUSEPORT, 1);
		bound(&shared[i], AF_INET, SOCK_STREAM, i ? ntohs(shared[0].name.sin6_port) : 0);
		MUST(!listen(shared[i].fd, 4));
	}
	option(shared[0].fd, SOL_SOCKET, SO_REUSEPORT, 0);
	bound(&shut[0], AF_INET, SOCK_DGRAM, 0);
	bound(&shut[1], AF_INET, SOCK_DGRAM, 0);
	for (int i = 0; i < 2; i++)
		MUST(!connect(shut[i].fd, (struct sockaddr *)&shut[!i].name, shut[!i].length));
	MUST(!shutdown(shut[0].fd, SHUT_WR) && !shutdown(shut[1].fd, SHUT_RD));
	absent.fd = socket(AF_INET6, SOCK_DGRAM, 0);
	option(absent.fd, IPPROTO_IP, IP_FREEBIND, 1);
	nobody.sin6_addr.s6_addr[0] = 0x20;
	nobody.sin6_addr.s6_addr[1] = 0x01;
	nobody.sin6_addr.s6_addr[15] = 7;
	MUST(!bind(absent.fd, (struct sockaddr *)&nobody, sizeof nobody));
	remember(&absent);
	option(absent.fd, IPPROTO_IP, IP_FREEBIND, 0);
}

static int in_place(const struct place *place)
{
	struct sockaddr_in6 name;
	socklen_t length = sizeof name;

	return !getsockname(place->fd, (struct sockaddr *)&name, &length) && length == place->length &&
	       !memcmp(&name, &place->name, length);
}

static int serves(const struct place *place)
{
	char text[4] = "";
	int client = joined(place, SOCK_STREAM), other;

	if (client < 0 || write(client, "hey", 3) != 3)
		return 0;
	for (int i = 0; (other = accept(place->fd, 0, 0)) < 0 && errno == EAGAIN && i < 5000; i++)
		usleep(1000);
	return other >= 0 && read(other, text, 3) == 3 && !strcmp(text, "hey") && !close(client) &&
	       !close(other);
}

static void check(void)
{
	char text[16] = "";
	struct timeval patience;
	struct linger linger;
	struct tcp_info info;
	struct epoll_event event;
	struct pollfd hung = { .fd = shut[1].fd, .events = POLLRDHUP };
	socklen_t length = sizeof patience;

	CHECK(in_place(&server) && serves(&server) && in_place(&server6) && serves(&server6));
	CHECK(number(server.fd, IPPROTO_TCP, TCP_NODELAY) == 1 &&
	      number(server.fd, IPPROTO_TCP, TCP_DEFER_ACCEPT) == 3);
	CHECK(number(server.fd, SOL_SOCKET, SO_RCVBUF) == 100000 &&
	      number(server.fd, SOL_SOCKET, SO_KEEPALIVE) == 1);
	CHECK(number(server.fd, SOL_SOCKET, SO_REUSEADDR) == 0 &&
	      number(server6.fd, SOL_SOCKET, SO_REUSEADDR) == 1);
	CHECK(fcntl(server.fd, F_GETFD) == FD_CLOEXEC && fcntl(server.fd, F_GETFL) == (O_RDWR | O_NONBLOCK));
	CHECK(number(server6.fd, IPPROTO_IPV6, IPV6_V6ONLY) == 1);
	CHECK(epoll_wait(set, &event, 1, 0) == 0);
	CHECK(in_place(&taken) && number(taken.fd, SOL_SOCKET, SO_REUSEADDR) == 0 && !listen(taken.fd, 1));
	CHECK(serves(&taken));
	CHECK(!getsockopt(bare.fd, SOL_SOCKET, SO_SNDTIMEO, &patience, &length) && patience.tv_sec == 2);
	length = sizeof linger;
	CHECK(!getsockopt(bare.fd, SOL_SOCKET, SO_LINGER, &linger, &length) && linger.l_onoff &&
	      linger.l_linger == 9);
	CHECK(number(bare.fd, IPPROTO_TCP, TCP_USER_TIMEOUT) == 12345 && read(bare.fd, text, 1) == -1);
	CHECK(number(bare6.fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS) == 17);
	CHECK(number(bare6.fd, IPPROTO_IPV6, IPV6_RECVPKTINFO) == 1);
	CHECK(in_place(&receiver) && in_place(&sender) && in_place(&receiver6));
	CHECK(number(receiver.fd, IPPROTO_IP, IP_TTL) == 33 &&
	      number(receiver.fd, IPPROTO_IP, IP_PKTINFO) == 1);
	CHECK(number(receiver.fd, SOL_SOCKET, SO_BROADCAST) == 1);
	CHECK(write(sender.fd, "datagram", 8) == 8 && recv(receiver.fd, text, 16, 0) == 8);
	CHECK(in_place(&shared[0]) && in_place(&shared[1]) &&
	      number(shared[1].fd, SOL_SOCKET, SO_REUSEPORT) == 1);
	CHECK(number(shared[0].fd, SOL_SOCKET, SO_REUSEPORT) == 0);
	CHECK(in_place(&shut[0]) && in_place(&shut[1]) && in_place(&absent));
	CHECK(send(shut[0].fd, "x", 1, MSG_NOSIGNAL) == -1 && errno == EPIPE &&
	      write(shut[1].fd, "y", 1) == 1);
	CHECK(read(shut[0].fd, text, 16) == 1 && poll(&hung, 1, 0) == 1 && (hung.revents & POLLRDHUP));
	CHECK(number(absent.fd, IPPROTO_IP, IP_FREEBIND) == 0);
	length = sizeof info;
	CHECK(!getsockopt(server.fd, IPPROTO_TCP, TCP_INFO, &info, &length) && info.tcpi_sacked == 7);
}

int main(int argc, char **argv)
{
	struct epoll_event event = { .events = EPOLLIN };

	enter(argc, argv);
	make();
	make_odd();
	set = epoll_create1(0);
	MUST(set >= 0 && !epoll_ctl(set, EPOLL_CTL_ADD, server.fd, &event));
	await_examination();
	check();
	tell_result();
}
