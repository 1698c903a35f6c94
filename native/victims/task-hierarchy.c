/* SPDX-License-Identifier: Apache-2.0
 *
 * A process that checkpoints the hierarchy it belongs to: a root with workers, all in one freezer group but the caller, a
 * child of the root's.
 *
 * task-hierarchy COMMAND LOG DIRECTORY ROUNDS GROUP OPTION...: as task-checkpoints; GROUP is the group's directory, of v1
 * or v2. The caller freezes it before each round and thaws it afterwards, in both lives.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "baton_task.h"

#define WORKERS 4

static void append(const char *file, const char *text)
{
	int fd = open(file, O_WRONLY | O_APPEND | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0) {
		fprintf(stderr, "%s: %s\n", file, strerror(errno));
		exit(1);
	}
	close(fd);
}

static int holds(const char *file, const char *text)
{
	char line[256] = "";
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	int found = fd >= 0 && read(fd, line, sizeof(line) - 1) > 0 && strstr(line, text);

	close(fd);
	return found;
}

static void freeze(const char *group, int frozen)
{
	char file[4096];

	snprintf(file, sizeof(file), "%s/freezer.state", group);
	if (!access(file, F_OK)) {
		append(file, frozen ? "FROZEN" : "THAWED");
		while (frozen && !holds(file, "FROZEN"))
			usleep(500);
		return;
	}
	snprintf(file, sizeof(file), "%s/cgroup.freeze", group);
	append(file, frozen ? "1" : "0");
	snprintf(file, sizeof(file), "%s/cgroup.events", group);
	while (frozen && !holds(file, "frozen 1"))
		usleep(500);
}

static void work(int kind)
{
	volatile unsigned long count = 0;

	for (;;) {
		count++;
		if (kind == 1)
			usleep(1000);
		if (kind == 2) {
			pid_t child = fork();

			if (child == 0)
				_exit(0);
			waitpid(child, NULL, 0);
		}
	}
}

static void call(char **argv)
{
	struct baton_checkpoint_options options = { .root = getppid(), .command = argv[1], .log = argv[2] };
	char line[4096];

	options.arguments = (const char *const *)argv + 6;
	for (int round = 0; round < atoi(argv[4]); round++) {
		int result;

		freeze(argv[5], 1);
		snprintf(line, sizeof(line), "%s/%d", argv[3], round);
		result = baton_checkpoint(line, &options);
		freeze(argv[5], 0);
		snprintf(line, sizeof(line), "%d %d\n", round, result);
		append(argv[2], line);
	}
	for (;;)
		pause();
}

int main(int argc, char **argv)
{
	char file[4096];
	int ready[2];
	char byte;
	pid_t caller;

	if (argc < 6 || pipe(ready))
		return 2;
	caller = fork();
	if (caller == 0) {
		close(ready[1]);
		if (read(ready[0], &byte, 1) < 0)
			return 1;
		close(ready[0]);
		call(argv);
	}
	close(ready[0]);
	snprintf(file, sizeof(file), "%s/cgroup.procs", argv[5]);
	append(file, "0");
	for (int i = 0; i < WORKERS; i++) {
		if (fork() == 0) {
			close(ready[1]);
			work(i);
		}
	}
	close(ready[1]);
	for (;;)
		pause();
}
