/* SPDX-License-Identifier: Apache-2.0
 *
 * A process that checkpoints itself, again and again, while its other threads count.
 *
 * task-checkpoints COMMAND LOG DIRECTORY ROUNDS OPTION...: image of round n in DIRECTORY/n; a line "round result" to LOG for
 * each return. A restored process goes on with the next round. "counts WORDS" tells how far the threads are; then it
 * sleeps.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "baton_task.h"

#define THREADS 3

static volatile uint64_t counts[THREADS];

static void *count(void *word)
{
	for (;;) {
		(*(volatile uint64_t *)word)++;
		if (word == &counts[0])
			usleep(100);
	}
	return NULL;
}

static void say(const char *log, const char *text)
{
	int file = open(log, O_WRONLY | O_APPEND | O_CLOEXEC);

	if (file < 0 || write(file, text, strlen(text)) < 0)
		abort();
	close(file);
}

int main(int argc, char **argv)
{
	struct baton_checkpoint_options options = { 0 };
	char line[4096];

	if (argc < 5)
		return 2;
	options.command = argv[1];
	options.log = argv[2];
	options.arguments = (const char *const *)argv + 5;
	for (int i = 0; i < THREADS; i++) {
		pthread_t thread;

		if (pthread_create(&thread, NULL, count, (void *)&counts[i]))
			return 1;
	}
	for (int round = 0; round < atoi(argv[4]); round++) {
		uint64_t before = counts[1];
		int result;

		snprintf(line, sizeof(line), "%s/%d", argv[3], round);
		result = baton_checkpoint(line, &options);
		while (counts[1] == before)
			;
		snprintf(line, sizeof(line), "%d %d\n", round, result);
		say(argv[2], line);
	}
	for (;;)
		pause();
}
