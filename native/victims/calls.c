/* SPDX-License-Identifier: Apache-2.0
 *
 * calls FILE MILLISECONDS: a thread in each kind of system call that the kernel restarts in its own way, for so long.
 * When it returns, a line goes to FILE: name, result, errno, time (CLOCK_MONOTONIC ms). The first line, "start", says that
 * all are about to begin; the last is "end".
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static const char *file;
static long milliseconds;
static int pipes[2];
static int word;

static long now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static void say(const char *name, long result)
{
	char line[128];
	int length =
		snprintf(line, sizeof(line), "%s %ld %d %ld\n", name, result, result < 0 ? errno : 0, now());
	int fd = open(file, O_WRONLY | O_APPEND | O_CREAT, 0666);

	if (write(fd, line, (size_t)length) != length)
		abort();
	close(fd);
}

static struct timespec span(void)
{
	return (struct timespec){ milliseconds / 1000, milliseconds % 1000 * 1000000 };
}

static void *sleep_with_rest(void *name)
{
	struct timespec time = span();
	struct timespec rest = { 0, 0 };

	say(name, syscall(SYS_nanosleep, &time, &rest));
	return 0;
}

static void *sleep_on_clock(void *name)
{
	struct timespec time = span();

	say(name, syscall(SYS_clock_nanosleep, CLOCK_REALTIME, 0, &time, &time));
	return 0;
}

static void *sleep_without_rest(void *name)
{
	struct timespec time = span();

	say(name, syscall(SYS_nanosleep, &time, 0));
	return 0;
}

static void *sleep_until(void *name)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	time.tv_sec += 1 + milliseconds / 1000;
	say(name, syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, TIMER_ABSTIME, &time, 0));
	return 0;
}

static void *poll_nothing(void *name)
{
	say(name, poll(0, 0, (int)milliseconds));
	return 0;
}

static void *select_nothing(void *name)
{
	struct timeval time = { milliseconds / 1000, milliseconds % 1000 * 1000 };

	say(name, select(0, 0, 0, 0, &time));
	return 0;
}

static void *read_pipe(void *name)
{
	char byte;

	say(name, read(pipes[0], &byte, 1));
	return 0;
}

static void *wait_on_futex(void *name)
{
	struct timespec time = span();
	long result = syscall(SYS_futex, &word, FUTEX_WAIT, 0, &time, 0, 0);

	say(name, result < 0 && errno == ETIMEDOUT ? 0 : result);
	return 0;
}

static void *spin(void *name)
{
	long end = now() + milliseconds;

	while (now() < end)
		;
	say(name, 0);
	return 0;
}

int main(int count, char **arguments)
{
	static const struct {
		const char *name;
		void *(*work)(void *name);
	} calls[] = {
		{ "nanosleep", sleep_with_rest },
		{ "clock_nanosleep", sleep_on_clock },
		{ "bare", sleep_without_rest },
		{ "until", sleep_until },
		{ "poll", poll_nothing },
		{ "select", select_nothing },
		{ "read", read_pipe },
		{ "futex", wait_on_futex },
		{ "spin", spin },
	};
	enum {
		CALLS = sizeof(calls) / sizeof(calls[0])
	};
	pthread_t threads[CALLS];

	if (count != 3 || pipe(pipes))
		return 1;
	file = arguments[1];
	milliseconds = atol(arguments[2]);
	say("start", 0);
	for (int i = 0; i < CALLS; i++)
		pthread_create(&threads[i], 0, calls[i].work, (void *)calls[i].name);
	sleep_with_rest("main");
	if (write(pipes[1], "x", 1) != 1)
		return 1;
	for (int i = 0; i < CALLS; i++)
		pthread_join(threads[i], 0);
	say("end", 0);
	return 0;
}
