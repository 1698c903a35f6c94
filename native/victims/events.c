/* SPDX-License-Identifier: Apache-2.0
 *
 * events DIR: holds epoll sets, timers, signal descriptors and counters, in a parent and its child. Writes its pid to
 * DIR/ready and waits. Upon SIGUSR1 both look whether all is as it was; what is not, or PASS, goes to DIR/result.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "examined.h"

#define DATA 0x1122334455667788UL
#define LATER 1000

static int set, outer, shared, counter, full, pipes[2], moved[2], sides[2], childs[2];
static int signals, idle, relative, expired, repeating, absolute;

static void add(int epoll, int fd, uint32_t events, uint64_t data)
{
	struct epoll_event event = { .events = events, .data.u64 = data };

	MUST(!epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event));
}

static int timer(int clock, int flags, long seconds, long nanos, long interval)
{
	struct itimerspec time = { { interval, 0 }, { seconds, nanos } };
	int fd = timerfd_create(clock, TFD_NONBLOCK);

	MUST(fd >= 0 && !timerfd_settime(fd, flags, &time, 0));
	return fd;
}

static void make_sets(void)
{
	int other;

	set = epoll_create1(EPOLL_CLOEXEC);
	outer = epoll_create1(0);
	MUST(set >= 0 && outer >= 0 && !pipe(pipes) && !pipe(moved));
	MUST(!socketpair(AF_UNIX, SOCK_STREAM, 0, sides));
	counter = eventfd(0, EFD_NONBLOCK);
	full = eventfd(5, EFD_NONBLOCK);
	add(set, counter, EPOLLIN, DATA);
	add(set, full, EPOLLIN | EPOLLET, 2);
	add(set, pipes[0], EPOLLIN | EPOLLONESHOT, 3);
	add(set, sides[0], EPOLLIN | EPOLLRDHUP, 5);
	add(outer, set, EPOLLIN, 6);
	/* Known by a number that is another file's by now. */
	add(set, moved[0], EPOLLIN, 7);
	other = fcntl(moved[0], F_DUPFD, 100);
	MUST(other >= 100 && dup2(counter, moved[0]) == moved[0]);
	moved[0] = other;
}

static void make_timers(const sigset_t *wanted)
{
	struct timespec now;

	signals = signalfd(-1, wanted, SFD_NONBLOCK | SFD_CLOEXEC);
	idle = timerfd_create(CLOCK_MONOTONIC, 0);
	relative = timer(CLOCK_MONOTONIC, 0, LATER, 0, 0);
	expired = timer(CLOCK_MONOTONIC, 0, 0, 1, 0);
	repeating = timer(CLOCK_BOOTTIME, 0, 0, 1, LATER);
	MUST(signals >= 0 && idle >= 0 && !clock_gettime(CLOCK_REALTIME, &now));
	absolute = timer(CLOCK_REALTIME, TFD_TIMER_ABSTIME, now.tv_sec + LATER, 0, 7);
	add(set, expired, EPOLLIN, 8);
}

/* Which of the numbers below 32 are told as data, as bits; DATA counts as 1. */
static uint32_t told(int epoll)
{
	struct epoll_event events[16];
	int count = epoll_wait(epoll, events, 16, 0);
	uint32_t all = 0;

	for (int i = 0; i < count; i++)
		all |= 1U << (events[i].data.u64 == DATA ? 1 : events[i].data.u64 & 31);
	return all;
}

static int same(int epoll, int fd, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.u64 = 9 };

	return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == -1 && errno == EEXIST;
}

static void check_sets(void)
{
	uint64_t one = 1;

	CHECK(told(set) == (1U << 2 | 1U << 8) && told(set) == 1U << 8);
	CHECK(told(outer) == 1U << 6);
	CHECK(same(set, counter, EPOLLIN) && same(set, pipes[0], EPOLLIN) && same(outer, set, EPOLLIN));
	CHECK(write(counter, &one, 8) == 8 && told(set) == (1U << 1 | 1U << 8) &&
	      read(counter, &one, 8) == 8);
	CHECK(write(pipes[1], "x", 1) == 1 && told(set) == (1U << 3 | 1U << 8) && told(set) == 1U << 8);
	CHECK(write(moved[1], "x", 1) == 1 && told(set) == (1U << 7 | 1U << 8) &&
	      read(moved[0], &one, 1) == 1);
	CHECK(!shutdown(sides[1], SHUT_WR) && told(set) == (1U << 5 | 1U << 8));
	CHECK(fcntl(set, F_GETFD) == FD_CLOEXEC && fcntl(outer, F_GETFD) == 0);
}

static void check_timers(void)
{
	struct itimerspec time;
	struct signalfd_siginfo info;
	uint64_t ticks;

	CHECK(!timerfd_gettime(idle, &time) && time.it_value.tv_sec == 0 && time.it_value.tv_nsec == 0);
	CHECK(!timerfd_gettime(relative, &time) && time.it_value.tv_sec >= LATER - 60 &&
	      time.it_value.tv_sec < LATER);
	CHECK(read(relative, &ticks, 8) == -1 && errno == EAGAIN);
	CHECK(read(expired, &ticks, 8) == 8 && ticks == 1 && read(expired, &ticks, 8) == -1);
	CHECK(read(repeating, &ticks, 8) == 8 && ticks == 1 && !timerfd_gettime(repeating, &time));
	CHECK(time.it_interval.tv_sec == LATER && time.it_value.tv_sec > LATER - 60);
	CHECK(!timerfd_gettime(absolute, &time) && time.it_interval.tv_sec == 7);
	CHECK(time.it_value.tv_sec >= LATER - 60 && time.it_value.tv_sec < LATER);
	raise(SIGUSR2);
	CHECK(read(signals, &info, sizeof info) == sizeof info && info.ssi_signo == SIGUSR2);
	CHECK(read(signals, &info, sizeof info) == -1 && errno == EAGAIN);
	CHECK(fcntl(signals, F_GETFD) == FD_CLOEXEC);
}

/* Adds what only it has to a set that it shares with its parent. */
static void serve(const sigset_t *wanted, int ready)
{
	int signal;

	MUST(!pipe(childs));
	add(shared, childs[0], EPOLLIN, 4);
	close(ready);
	sigwait(wanted, &signal);
	if (write(childs[1], "x", 1) != 1)
		_exit(1);
	sigwait(wanted, &signal);
	_exit(0);
}

int main(int argc, char **argv)
{
	sigset_t other;
	int status, there[2];
	char nothing;
	pid_t child;

	enter(argc, argv);
	sigemptyset(&other);
	sigaddset(&other, SIGUSR2);
	sigprocmask(SIG_BLOCK, &other, 0);
	make_sets();
	make_timers(&other);
	shared = epoll_create1(0);
	MUST(shared >= 0 && !pipe(there));
	child = fork();
	if (!child) {
		close(there[0]);
		serve(&examination, there[1]);
	}
	close(there[1]);
	MUST(read(there[0], &nothing, 1) == 0 && !close(there[0]));
	await_examination();
	check_sets();
	check_timers();
	CHECK(told(shared) == 0 && !kill(child, SIGUSR1));
	for (int i = 0; i < 5000 && !told(shared); i++)
		usleep(1000);
	CHECK(told(shared) == 1U << 4 && !kill(child, SIGUSR1));
	CHECK(waitpid(child, &status, 0) == child && status == 0);
	tell_result();
}
