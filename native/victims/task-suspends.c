/* SPDX-License-Identifier: Apache-2.0
 *
 * A process that is asked before it is dumped, and behaves as told:
 *
 *	suspends MODE [REPORT]
 *
 * complete, poll, inside (COMPLETE within the callback), late:MILLIS, never, postpone, crash, exit, none, reason.
 * Appends a line to REPORT for all that happens: "start", "continued", "restored", "ignored".
 */
#define _GNU_SOURCE
#include "baton_task.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char *mode;
static const char *report;
static int asked;

static void tell(const char *what)
{
	char line[64];
	int length = snprintf(line, sizeof line, "%d %s\n", getpid(), what);
	int fd = report ? open(report, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666) : -1;

	if (fd >= 0 && write(fd, line, length) != length)
		_exit(3);
	if (fd >= 0)
		close(fd);
}

static void pause_millis(long millis)
{
	struct timespec time = { millis / 1000, millis % 1000 * 1000000 };

	while (nanosleep(&time, &time) < 0)
		;
}

static void complete(void)
{
	int result = baton_complete();

	tell(result == BATON_RESTORED ? "restored" : result == BATON_CONTINUED ? "continued" : "ignored");
}

static int start(void *context)
{
	(void)context;
	tell("start");
	if (!strcmp(mode, "crash"))
		abort();
	if (!strcmp(mode, "exit"))
		_exit(7);
	if (!strcmp(mode, "stuck"))
		pause();
	if (!strcmp(mode, "postpone"))
		return BATON_POSTPONE;
	if (!strcmp(mode, "reason")) {
		baton_reason("not in the mood");
		return BATON_POSTPONE;
	}
	if (!strcmp(mode, "inside"))
		complete();
	else
		__atomic_add_fetch(&asked, 1, __ATOMIC_RELEASE);
	return BATON_HOUSEKEEPING;
}

/* Does its housekeeping on the main thread, as event loops do. */
static void loop(void)
{
	int done = 0;
	long delay = !strncmp(mode, "late:", 5) ? atol(mode + 5) : 0;

	for (;;) {
		pause_millis(2);
		if (__atomic_load_n(&asked, __ATOMIC_ACQUIRE) == done || !strcmp(mode, "never"))
			continue;
		done++;
		if (delay)
			pause_millis(delay);
		complete();
	}
}

static void poll_loop(void)
{
	baton_open();
	tell("ready");
	for (;;) {
		if (baton_asked(100) != 1)
			continue;
		tell("start");
		baton_answer(BATON_HOUSEKEEPING);
		complete();
	}
}

int main(int argc, char **argv)
{
	mode = argc > 1 ? argv[1] : "complete";
	report = argc > 2 ? argv[2] : NULL;
	signal(SIGABRT, SIG_DFL);
	if (!strcmp(mode, "none")) {
		tell("ready");
		for (;;)
			pause();
	}
	if (!strcmp(mode, "poll"))
		poll_loop();
	if (baton_register(start, NULL) != 0)
		return 2;
	tell("ready");
	loop();
}
