/* SPDX-License-Identifier: Apache-2.0
 *
 * baton-workload: what baton bench saves and restores, an ordinary program with a C library, all of whose tasks pause.
 * workload READY SHAPE [N [BYTES]]: star (N processes, a root and its children), chain (N, each the child of the one
 * before), binary (N), threads (N of them in one process), memory (one process with BYTES written), prefork (a root that
 * has written BYTES and its N children, which share them). READY is made when all are there.
 * workload - semaphore: hands a baton on by POSIX semaphores as baton-floor does by other means; see floor.h.
 */
#define _GNU_SOURCE
#include "floor.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096

static int arrivals[2]; /* a pipe: each process writes a byte into it when it is there */

static _Noreturn void rest(void)
{
	for (;;)
		pause();
}

static void *thread(void *count)
{
	__atomic_add_fetch((int *)count, 1, __ATOMIC_SEQ_CST);
	rest();
}

static void threads(int n)
{
	static int count = 1;
	pthread_attr_t attributes;
	pthread_t made;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, 65536);
	for (int i = 1; i < n; i++)
		if (pthread_create(&made, &attributes, thread, &count))
			exit(1);
	while (__atomic_load_n(&count, __ATOMIC_SEQ_CST) < n)
		usleep(1000);
}

/* Every word differs from its neighbours, so that no page is like another. */
static void fill(size_t bytes)
{
	uint64_t *words = mmap(0, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint64_t x = 88172645463325252ULL;

	if (words == MAP_FAILED)
		exit(1);
	for (size_t i = 0; i < bytes / sizeof(*words); i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		words[i] = x;
	}
}

static _Noreturn void arrive(void)
{
	if (write(arrivals[1], "", 1) != 1)
		exit(1);
	close(arrivals[0]);
	close(arrivals[1]);
	rest();
}

static void await(int n)
{
	char byte;

	close(arrivals[1]);
	while (n--)
		if (read(arrivals[0], &byte, 1) != 1)
			exit(1);
	close(arrivals[0]);
}

static void branch(int i, int n, int binary)
{
	for (int child = 2 * i + 1; binary && child <= 2 * i + 2 && child < n; child++) {
		pid_t pid = fork();

		if (pid < 0)
			exit(1);
		if (!pid) {
			branch(child, n, 1);
			arrive();
		}
	}
	for (int child = 1; !binary && child < n; child++) {
		pid_t pid = fork();

		if (pid < 0)
			exit(1);
		if (!pid)
			arrive();
	}
}

static void chain(int n)
{
	for (int i = 1; i < n; i++) {
		pid_t pid = fork();

		if (pid < 0)
			exit(1);
		if (pid && i == 1)
			return;
		if (pid)
			arrive();
	}
	if (n > 1)
		arrive();
}

static void wake(uint32_t *word)
{
	__atomic_store_n(word, 1, __ATOMIC_RELEASE);
	syscall(SYS_futex, word, FUTEX_WAKE, 1, 0, 0, 0);
}

static void wait_for(uint32_t *word)
{
	while (!__atomic_load_n(word, __ATOMIC_ACQUIRE))
		syscall(SYS_futex, word, FUTEX_WAIT, 0, 0, 0, 0);
}

static void hand_on(struct floor_header *header, struct floor_line *lines, uint32_t i)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (__atomic_add_fetch(&header->arrived, 1, __ATOMIC_ACQ_REL) == header->tasks)
		wake(&header->ready);
	if (i == 0)
		wait_for(&lines[i].turn);
	else
		while (sem_wait((sem_t *)lines[i].semaphore) && errno == EINTR)
			;
	if (i + 1 == header->tasks)
		wake(&header->done);
	else
		sem_post((sem_t *)lines[i + 1].semaphore);
	rest();
}

static int semaphore(void)
{
	struct floor_header *header = mmap(0, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, FLOOR_FD, 0);
	struct floor_line *lines;

	_Static_assert(sizeof(sem_t) <= sizeof(lines->semaphore), "room for a semaphore");
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (header == MAP_FAILED)
		return 1;
	header = mmap(0, floor_stacks(header->tasks), PROT_READ | PROT_WRITE, MAP_SHARED, FLOOR_FD, 0);
	if (header == MAP_FAILED)
		return 1;
	lines = (struct floor_line *)((char *)header + FLOOR_LINES_OFFSET);
	for (uint32_t i = 0; i < header->tasks; i++)
		sem_init((sem_t *)lines[i].semaphore, 1, 0);
	for (uint32_t i = 0; i < header->tasks; i++) {
		pid_t pid = fork();

		if (!pid)
			hand_on(header, lines, i);
		lines[i].tid = pid;
		if (pid < 0) {
			header->error = -errno;
			wake(&header->ready);
			break;
		}
	}
	wait_for(&header->quit);
	for (uint32_t i = 0; i < header->tasks; i++)
		if (lines[i].tid > 0)
			kill(lines[i].tid, SIGKILL);
	while (wait(0) > 0)
		;
	return 0;
}

int main(int count, char **arguments)
{
	const char *shape = count > 2 ? arguments[2] : "";
	int n = count > 3 ? atoi(arguments[3]) : 1;
	size_t bytes = count > 4 ? strtoul(arguments[4], 0, 10) : 0;
	int others = n - 1;

	if (!strcmp(shape, "semaphore"))
		return semaphore();
	if (pipe(arrivals))
		return 1;
	if (!strcmp(shape, "star")) {
		branch(0, n, 0);
	} else if (!strcmp(shape, "binary")) {
		branch(0, n, 1);
	} else if (!strcmp(shape, "chain")) {
		chain(n);
	} else if (!strcmp(shape, "threads")) {
		threads(n);
		others = 0;
	} else if (!strcmp(shape, "memory")) {
		fill(bytes);
		others = 0;
	} else if (!strcmp(shape, "prefork")) {
		fill(bytes);
		branch(0, n + 1, 0);
		others = n;
	} else {
		return 2;
	}
	await(others);
	close(open(arguments[1], O_CREAT | O_WRONLY, 0600));
	rest();
}
