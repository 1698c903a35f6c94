/* SPDX-License-Identifier: Apache-2.0
 *
 * A victim that holds things in a directory, DIR: it writes its pid to DIR/ready and waits; upon SIGUSR1 it looks whether
 * all is as it was, and writes what is not, or PASS, to DIR/result.
 */
#ifndef BATON_EXAMINED_H
#define BATON_EXAMINED_H

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static FILE *result;
static int faults;
static sigset_t examination;

#define CHECK(condition)                                                                          \
	do {                                                                                      \
		if (!(condition)) {                                                               \
			fprintf(result, "line %d: %s (errno %d)\n", __LINE__, #condition, errno); \
			faults++;                                                                 \
		}                                                                                 \
	} while (0)
#define MUST(condition)                                             \
	do {                                                        \
		if (!(condition)) {                                 \
			fprintf(stderr, "line %d: %m\n", __LINE__); \
			abort();                                    \
		}                                                   \
	} while (0)

/* Before anything is made. */
static void enter(int argc, char **argv)
{
	if (argc != 2 || chdir(argv[1]))
		_exit(2);
	sigemptyset(&examination);
	sigaddset(&examination, SIGUSR1);
	sigprocmask(SIG_BLOCK, &examination, 0);
}

/* All is there; returns when it is to be looked at. */
static void await_examination(void)
{
	FILE *ready = fopen("ready.new", "w");
	int signal;

	MUST(ready && fprintf(ready, "%d\n", getpid()) > 0 && !fclose(ready) &&
	     !rename("ready.new", "ready"));
	sigwait(&examination, &signal);
	result = fopen("result.new", "w");
	MUST(result);
}

static _Noreturn void tell_result(void)
{
	fprintf(result, "%s", faults ? "" : "PASS\n");
	fclose(result);
	MUST(!rename("result.new", "result"));
	for (;;)
		pause();
}

#endif
