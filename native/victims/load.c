/* SPDX-License-Identifier: Apache-2.0
 *
 * A process that never rests: threads that spin, sleep, take page faults and fork. Each counts in a word of a shared file;
 * whoever finds something wrong counts that in the first word.
 *
 *   load FILE          the file must be there, 4096 bytes
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	ERRORS,
	READY,
	SPINNER,
	OTHER_SPINNER,
	SLEEPER,
	FAULTER,
	FORKER,
	WORDS
};

#define PAGES 16
#define PAGE 4096

static volatile uint64_t *words;

static void wrong(void)
{
	__atomic_fetch_add(&words[ERRORS], 1, __ATOMIC_RELAXED);
}

static void *spin(void *word)
{
	for (;;)
		words[(uintptr_t)word]++;
	return NULL;
}

static void *sleeping(void *unused)
{
	struct timespec moment = { 0, 300000 };

	(void)unused;
	for (;;) {
		if (nanosleep(&moment, NULL) && errno != EINTR)
			wrong();
		words[SLEEPER]++;
	}
	return NULL;
}

static void *faulting(void *unused)
{
	volatile char *area =
		mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)unused;
	for (;;) {
		for (int i = 0; i < PAGES; i++) {
			if (area[i * PAGE])
				wrong();
			area[i * PAGE] = (char)(i + 1);
		}
		for (int i = 0; i < PAGES; i++)
			if (area[i * PAGE] != (char)(i + 1))
				wrong();
		if (madvise((void *)area, PAGES * PAGE, MADV_DONTNEED))
			wrong();
		words[FAULTER]++;
	}
	return NULL;
}

static void *forking(void *unused)
{
	(void)unused;
	for (;;) {
		int status;
		pid_t child = fork();

		if (child == 0)
			_exit(7);
		if (child < 0) {
			wrong();
			continue;
		}
		while (waitpid(child, &status, 0) < 0)
			if (errno != EINTR) {
				wrong();
				break;
			}
		if (!WIFEXITED(status) || WEXITSTATUS(status) != 7)
			wrong();
		words[FORKER]++;
	}
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t thread;
	int file;

	if (argc != 2 || (file = open(argv[1], O_RDWR)) < 0)
		return 1;
	words = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	close(file);
	if (words == MAP_FAILED)
		return 1;
	if (pthread_create(&thread, NULL, spin, (void *)SPINNER) ||
	    pthread_create(&thread, NULL, spin, (void *)OTHER_SPINNER) ||
	    pthread_create(&thread, NULL, sleeping, NULL) || pthread_create(&thread, NULL, faulting, NULL))
		return 1;
	words[READY] = 1;
	forking(NULL);
}
