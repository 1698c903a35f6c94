/* SPDX-License-Identifier: Apache-2.0
 *
 * A process that is asked before it is dumped, and behaves as told:
 *
 *	task-suspends MODE[(CHILD,...)] [REPORT]
 *
 * complete, poll, inside (COMPLETE within the callback), late:MILLIS, late (when there is REPORT.go), never, stuck (in
 * the callback), postpone, reason (and says why), crash, exit, none. Each CHILD is such a word again, with children or
 * without. Appends a line to REPORT for all that happens: "ready", "start", "continued", "restored", "ignored".
 */
#define _GNU_SOURCE
#include "baton_task.h"

#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

static const char *mode;
static const char *report;
static char go[4096];
static sem_t asked;

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
		__builtin_trap();
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
		sem_post(&asked);
	return BATON_HOUSEKEEPING;
}

/* Does its housekeeping on the main thread, as event loops do. */
static void loop(void)
{
	long delay = !strncmp(mode, "late:", 5) ? atol(mode + 5) : 0;

	for (;;) {
		if (sem_wait(&asked) < 0 || !strcmp(mode, "never"))
			continue;
		if (delay)
			pause_millis(delay);
		while (!strcmp(mode, "late") && access(go, F_OK))
			pause_millis(2);
		complete();
	}
}

static void poll_loop(void)
{
	baton_open();
	tell("ready");
	for (;;) {
		if (baton_asked(1000) != 1)
			continue;
		tell("start");
		baton_answer(BATON_HOUSEKEEPING);
		complete();
	}
}

static void run(void)
{
	if (!strcmp(mode, "none")) {
		tell("ready");
		for (;;)
			pause();
	}
	if (!strcmp(mode, "poll"))
		poll_loop();
	if (baton_register(start, NULL) != 0)
		_exit(2);
	tell("ready");
	loop();
}

/* The end of a word and all its children. */
static const char *skip(const char *at)
{
	for (int depth = 0; *at && (depth > 0 || (*at != ',' && *at != ')')); at++)
		depth += (*at == '(') - (*at == ')');
	return at;
}

/* Each child goes on with its own word, until there is none that has children. */
static void become(const char *at)
{
	for (;;) {
		size_t length = strcspn(at, "(,)");
		int born = 0;

		mode = strndup(at, length);
		at += length;
		if (*at == '(') {
			do {
				at++;
				born = fork() == 0;
				if (!born)
					at = skip(at);
			} while (!born && *at == ',');
		}
		if (!born)
			return;
	}
}

int main(int argc, char **argv)
{
	report = argc > 2 ? argv[2] : NULL;
	snprintf(go, sizeof go, "%s.go", report ? report : "");
	/* Whose parent ends stays in the tree. */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	become(argc > 1 ? argv[1] : "complete");
	run();
}
