/* SPDX-License-Identifier: Apache-2.0
 *
 * Forks as fast as it can. All of it is one process group, by which it can be ended.
 *
 *   storm READY turnover N   N processes make children that end at once
 *   storm READY relay N      N runners: each forks and ends, its child goes on; the root is their reaper
 *   storm READY escape N     likewise, but the root is a child of the process that is their reaper
 *   storm READY orphans N    N processes make children that make children and end; those end soon after
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void turnover(void)
{
	for (;;) {
		pid_t child = fork();

		if (child == 0)
			_exit(0);
		if (child > 0)
			waitpid(child, NULL, 0);
	}
}

static void relay(void)
{
	for (;;)
		if (fork() > 0)
			_exit(0);
}

static void orphans(void)
{
	struct timespec moment = { 0, 2000000 };

	for (;;) {
		pid_t child = fork();

		if (child == 0) {
			if (fork() == 0)
				nanosleep(&moment, NULL);
			_exit(0);
		}
		if (child > 0)
			waitpid(child, NULL, 0);
	}
}

static void start(const char *shape)
{
	if (fork())
		return;
	if (!strcmp(shape, "turnover"))
		turnover();
	if (!strcmp(shape, "orphans"))
		orphans();
	relay();
}

int main(int argc, char **argv)
{
	if (argc != 4)
		return 1;
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	if (!strcmp(argv[2], "escape") && fork() > 0) {
		while (waitpid(-1, NULL, 0) > 0)
			;
		return 0;
	}
	for (int i = atoi(argv[3]); i > 0; i--)
		start(argv[2]);
	close(open(argv[1], O_CREAT | O_WRONLY, 0600));
	for (;;)
		if (waitpid(-1, NULL, 0) < 0)
			pause();
}
