/* SPDX-License-Identifier: Apache-2.0
 *
 * streams DIR: holds TCP connections, made at random from the number in DIR/seed: so much sent, so much read, shut down by
 * one end, the other, both or none. If DIR/outside exists a process outside the tree has all the other ends. Writes its pid
 * to DIR/ready and waits. Upon SIGUSR1 it looks at the states, makes DIR/looked, and both ends send the rest, read all to its end and look at every byte; what is wrong,
 * or PASS, goes to DIR/result, and of the process outside to DIR/result-outside.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>

#include "examined.h"

#define PAIRS 12
#define PIECE 65536

/* One end of a connection: what it sends is told by the pair, the side and the place in the stream. */
struct end {
	int fd;
	int state;
	int shut;
	int ended;
	long total;
	long sent;
	long got;
};

static struct end ends[PAIRS][2];
static int servers[PAIRS];
static unsigned long seed;

static unsigned long any(unsigned long below)
{
	seed = seed * 6364136223846793005UL + 1442695040888963407UL;
	return (seed >> 33) % below;
}

static char content(int pair, int side, long at)
{
	unsigned long mixed = (pair * 2 + side + 1) * 0x9e3779b97f4a7c15UL + at * 0xbf58476d1ce4e5b9UL;

	return (char)(mixed >> 56 ^ mixed >> 20);
}

static int state_of(int fd)
{
	struct tcp_info info;
	socklen_t length = sizeof info;

	return getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length) ? -1 : info.tcpi_state;
}

/* What was on its way may have arrived meanwhile, the other end's end too; but nothing goes back. */
static int can_become(int was, int is, int other_shut)
{
	enum {
		ESTABLISHED = 1,
		FIN_WAIT1 = 4,
		FIN_WAIT2 = 5,
		CLOSE = 7,
		CLOSE_WAIT = 8,
		LAST_ACK = 9,
		CLOSING = 11
	};

	if (was == FIN_WAIT1 && (is == FIN_WAIT2 || is == CLOSING))
		return 1;
	if (other_shut && ((was == ESTABLISHED && is == CLOSE_WAIT) || (was == FIN_WAIT2 && is == CLOSE)))
		return 1;
	return is == was || (is == CLOSE && (was == FIN_WAIT1 || was == LAST_ACK || was == CLOSING));
}

static void join(int pair)
{
	/* IPv4, IPv6, and IPv4 through sockets of IPv6 at both ends. */
	struct sockaddr_in four = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	struct sockaddr_in6 six = { .sin6_family = AF_INET6 };
	int kind = pair % 3, family = kind ? AF_INET6 : AF_INET, one = 1;
	struct sockaddr *name = kind ? (struct sockaddr *)&six : (struct sockaddr *)&four;
	socklen_t length = kind ? sizeof six : sizeof four;
	int server = socket(family, SOCK_STREAM, 0);

	inet_pton(AF_INET6, kind == 1 ? "::1" : "::ffff:127.0.0.1", &six.sin6_addr);
	MUST(server >= 0 && (pair & 1 || !setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one)));
	MUST(!bind(server, name, length) && !listen(server, 1) && !getsockname(server, name, &length));
	ends[pair][0].fd = socket(family, SOCK_STREAM, 0);
	MUST(!connect(ends[pair][0].fd, name, length));
	ends[pair][1].fd = accept(server, 0, 0);
	MUST(ends[pair][1].fd >= 0);
	servers[pair] = server;
	if (pair % 4)
		close(server);
}

/* Sends until so much is sent, or no more fits. */
static void push(int pair, int side, long until)
{
	struct end *end = &ends[pair][side];
	static char piece[PIECE];

	while (end->sent < until) {
		long length = until - end->sent < PIECE ? until - end->sent : PIECE;

		for (long i = 0; i < length; i++)
			piece[i] = content(pair, side, end->sent + i);
		length = send(end->fd, piece, length, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (length < 0) {
			MUST(errno == EAGAIN);
			return;
		}
		end->sent += length;
	}
}

/* Reads until so much is read, or there is no more; returns whether all was as it was sent. */
static int pull(int pair, int side, long until)
{
	struct end *end = &ends[pair][side];
	static char piece[PIECE];

	while (end->got < until) {
		long length = recv(end->fd, piece, until - end->got < PIECE ? until - end->got : PIECE,
				   MSG_DONTWAIT);

		if (length < 0)
			return errno == EAGAIN;
		if (length == 0) {
			end->ended = 1;
			return 1;
		}
		for (long i = 0; i < length; i++)
			if (piece[i] != content(pair, !side, end->got + i))
				return 0;
		end->got += length;
	}
	return 1;
}

static void shut(int pair, int side)
{
	struct end *end = &ends[pair][side];

	MUST(!shutdown(end->fd, SHUT_WR));
	end->shut = 1;
	end->total = end->sent;
}

static int waiting(int pair, int side)
{
	int bytes = 0;

	return !ioctl(ends[pair][side].fd, TIOCOUTQ, &bytes) && bytes > 50000;
}

static void make(int pair)
{
	int first = any(2);

	join(pair);
	for (int side = 0; side < 2; side++) {
		/* Nothing, a little, a lot, more than fits. */
		static const unsigned long amounts[] = { 1, 3000, 300000, 12000000 };

		push(pair, side, any(amounts[any(4)]));
		ends[pair][side].total = ends[pair][side].sent + any(100000);
	}
	usleep(1000);
	for (int side = 0; side < 2; side++)
		if (any(2))
			MUST(pull(pair, side, any(50000)));
	/* None, one, or both, unless that would be the end of it: something is to be still on its way. */
	for (int i = 0, count = any(3); i < count; i++)
		if (i == 0 || waiting(pair, 0) || waiting(pair, 1))
			shut(pair, i ? !first : first);
}

/* All that is left, both ways. */
static void finish(int from, int to)
{
	struct timespec now, start;

	clock_gettime(CLOCK_MONOTONIC, &start);
	for (int open = 1; open;) {
		struct pollfd polls[PAIRS * 2];
		int count = 0;

		open = 0;
		for (int pair = 0; pair < PAIRS; pair++)
			for (int side = from; side <= to; side++) {
				struct end *end = &ends[pair][side];

				if (!end->shut) {
					push(pair, side, end->total);
					if (end->sent == end->total)
						shut(pair, side);
				}
				if (!end->ended && !pull(pair, side, 1L << 40)) {
					fprintf(result, "pair %d side %d: wrong at %ld (errno %d)\n", pair,
						side, end->got, errno);
					faults++;
					end->ended = 1;
				}
				if (!end->ended || !end->shut) {
					polls[count++] = (struct pollfd){ end->fd,
									  POLLIN | (end->shut ? 0 : POLLOUT),
									  0 };
					open++;
				}
			}
		if (open)
			poll(polls, count, 100);
		clock_gettime(CLOCK_MONOTONIC, &now);
		if (now.tv_sec - start.tv_sec > 40)
			break;
	}
	for (int pair = 0; pair < PAIRS; pair++)
		for (int side = from; side <= to; side++) {
			struct end *end = &ends[pair][side], *other = &ends[pair][!side];

			if (!end->ended || !end->shut || end->got != other->total) {
				fprintf(result,
					"pair %d side %d: got %ld of %ld, sent %ld of %ld, was %d, is %d\n",
					pair, side, end->got, other->total, end->sent, end->total, end->state,
					state_of(end->fd));
				faults++;
			}
		}
}

/* The other ends, in a process that is nobody's child in the tree. */
static void leave(void)
{
	pid_t child = fork();
	int signal;

	MUST(child >= 0);
	if (child > 0) {
		MUST(waitpid(child, 0, 0) == child);
		return;
	}
	setsid();
	child = fork();
	if (child) {
		FILE *file = fopen("outside.new", "w");

		MUST(file && fprintf(file, "%d\n", child) > 0 && !fclose(file) &&
		     !rename("outside.new", "outside.pid"));
		_exit(0);
	}
	for (int pair = 0; pair < PAIRS; pair++) {
		close(ends[pair][0].fd);
		if (pair % 4 == 0)
			close(servers[pair]);
	}
	sigwait(&examination, &signal);
	result = fopen("result-outside.new", "w");
	MUST(result);
	finish(1, 1);
	fprintf(result, "%s", faults ? "" : "PASS\n");
	fclose(result);
	MUST(!rename("result-outside.new", "result-outside"));
	_exit(0);
}

int main(int argc, char **argv)
{
	FILE *file;
	int outside;

	enter(argc, argv);
	file = fopen("seed", "r");
	MUST(file && fscanf(file, "%lu", &seed) == 1);
	fclose(file);
	outside = !access("outside", F_OK);
	for (int pair = 0; pair < PAIRS; pair++)
		make(pair);
	usleep(20000);
	for (int pair = 0; pair < PAIRS; pair++)
		for (int side = 0; side < 2; side++)
			ends[pair][side].state = state_of(ends[pair][side].fd);
	if (outside) {
		leave();
		for (int pair = 0; pair < PAIRS; pair++)
			close(ends[pair][1].fd);
	}
	await_examination();
	for (int pair = 0; pair < PAIRS; pair++)
		for (int side = 0; side < 2 - outside; side++)
			if (!can_become(ends[pair][side].state, state_of(ends[pair][side].fd),
					ends[pair][!side].shut)) {
				fprintf(result, "pair %d side %d: was in state %d, is %d\n", pair, side,
					ends[pair][side].state, state_of(ends[pair][side].fd));
				faults++;
			}
	file = fopen("looked", "w"); /* now the other ends may go on */
	MUST(file && !fclose(file));
	finish(0, 1 - outside);
	tell_result();
}
