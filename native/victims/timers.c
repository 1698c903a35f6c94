/* SPDX-License-Identifier: Apache-2.0
 *
 * timers LOG: everything that ticks. A line "NAME N" goes to LOG at each tick of an interval timer, of two POSIX timers
 * (one for a certain thread) and of two sleepers; a line "NAME-failed ERRNO" for a sleep that did not last, which no dump
 * may cause. The sleepers and the workers block the signals, the main thread takes them and never gets through its sleep.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define SECOND 1000000000
#define STEP 5000000

/* The C library's name for it has come and gone. */
#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

static int out;
static int taker;

static void say(const char *name, unsigned long n)
{
	char line[64];
	int length = snprintf(line, sizeof(line), "%s %lu\n", name, n);

	if (write(out, line, (size_t)length) != length)
		abort();
}

static uint64_t nanoseconds(const struct timespec *time)
{
	return (uint64_t)time->tv_sec * SECOND + (uint64_t)time->tv_nsec;
}

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return nanoseconds(&time);
}

static void on_alarm(int signal)
{
	static unsigned long n;
	int before = errno;

	(void)signal;
	say("alarm", ++n);
	errno = before;
}

static void on_tick(int signal, siginfo_t *info, void *context)
{
	static unsigned long ticks[2];
	static const char *const names[] = { "timer", "thread-timer" };
	int before = errno;
	int which = info->si_value.sival_int;

	(void)context;
	if (which < 0 || which > 1 || signal != SIGRTMIN + which || info->si_code != SI_TIMER)
		say("timer-failed", (unsigned long)which);
	else if (which == 1 && syscall(SYS_gettid) != taker)
		say("thread-timer-failed", (unsigned long)syscall(SYS_gettid));
	else
		say(names[which], ++ticks[which]);
	errno = before;
}

static void *sleep_again(void *unused)
{
	for (unsigned long n = 1;; n++) {
		struct timespec time = { 0, STEP };
		uint64_t start = now();

		if (nanosleep(&time, &time))
			say("nanosleep-failed", (unsigned long)errno);
		if (now() - start < STEP)
			say("nanosleep-short-failed", n);
		say("nanosleep", n);
	}
	return unused;
}

static void *sleep_until(void *unused)
{
	uint64_t next = now();

	for (unsigned long n = 1;; n++) {
		struct timespec time;
		int error;

		next += STEP;
		time.tv_sec = (time_t)(next / SECOND);
		time.tv_nsec = (long)(next % SECOND);
		error = clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, 0);
		if (error)
			say("until-failed", (unsigned long)error);
		if (now() < next)
			say("until-short-failed", n);
		say("until", n);
		/* Time goes on while a process is saved; this is no race to catch up. */
		if (now() > next + 20 * STEP)
			next = now();
	}
	return unused;
}

static void *take_ticks(void *unused)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN + 1);
	__atomic_store_n(&taker, (int)syscall(SYS_gettid), __ATOMIC_SEQ_CST);
	pthread_sigmask(SIG_UNBLOCK, &set, 0);
	for (;;)
		pause();
	return unused;
}

static void start_timer(int which, int thread)
{
	struct sigevent event = { .sigev_notify = thread ? SIGEV_THREAD_ID : SIGEV_SIGNAL,
				  .sigev_signo = SIGRTMIN + which,
				  .sigev_value.sival_int = which };
	struct itimerspec time = { { 0, STEP + which * 1000000 }, { 0, STEP } };
	struct sigaction action = { .sa_sigaction = on_tick, .sa_flags = SA_SIGINFO | SA_RESTART };
	timer_t timer;

	event.sigev_notify_thread_id = thread;
	sigaction(SIGRTMIN + which, &action, 0);
	if (timer_create(CLOCK_MONOTONIC, &event, &timer) || timer_settime(timer, 0, &time, 0))
		abort();
}

int main(int count, char **words)
{
	struct itimerval interval = { { 0, 7000 }, { 0, 7000 } };
	struct sigaction action = { .sa_handler = on_alarm, .sa_flags = SA_RESTART };
	sigset_t all, old;
	pthread_t thread;

	if (count != 2 || (out = open(words[1], O_WRONLY | O_APPEND | O_CREAT, 0666)) < 0)
		return 1;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	if (pthread_create(&thread, 0, sleep_again, 0) || pthread_create(&thread, 0, sleep_until, 0) ||
	    pthread_create(&thread, 0, take_ticks, 0))
		return 1;
	while (!__atomic_load_n(&taker, __ATOMIC_SEQ_CST))
		usleep(1000);
	sigaddset(&old, SIGRTMIN + 1);
	pthread_sigmask(SIG_SETMASK, &old, 0);
	sigaction(SIGALRM, &action, 0);
	start_timer(0, 0);
	start_timer(1, taker);
	if (setitimer(ITIMER_REAL, &interval, 0))
		return 1;
	for (;;)
		sleep(1000);
}
