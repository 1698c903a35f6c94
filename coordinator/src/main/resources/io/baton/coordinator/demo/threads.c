/* SPDX-License-Identifier: Apache-2.0
 *
 * Threads that count, each into a file of its own.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define THREADS 3

static void *count(void *number)
{
	const struct timespec pause = { 0, 200000000 };
	char name[32];
	char line[32];

	snprintf(name, sizeof(name), "thread-%ld", (long)number);
	int file = open(name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

	for (int i = 1;; i++) {
		int length = snprintf(line, sizeof(line), "%d\n", i);

		if (write(file, line, length) != length)
			return NULL;
		nanosleep(&pause, NULL);
	}
}

int main(void)
{
	pthread_t threads[THREADS];

	for (long i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, count, (void *)(i + 1)))
			return 1;
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	return 0;
}
