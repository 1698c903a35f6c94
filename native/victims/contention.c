/* SPDX-License-Identifier: Apache-2.0
 *
 * contention LOG threads|processes: workers that meet at a mutex with conditions, a priority-inheriting mutex, a semaphore
 * and a barrier, all in memory they share, so that at any moment most of them wait in futex(2). They are threads, or
 * processes. What the locks protect goes to LOG as a line "NAME N"; a line "NAME-failed N" says that a lock did not.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define WORKERS 6
#define ROOM 8

struct shared {
	pthread_mutex_t mutex;
	pthread_cond_t not_full, not_empty;
	pthread_mutex_t inheriting;
	pthread_barrier_t barrier;
	sem_t semaphore;
	unsigned long items[ROOM];
	unsigned long put, taken;
	unsigned long left, right;
	unsigned long rounds;
	unsigned long passes;
	volatile int inside;
};

static struct shared *shared;
static int out;

static void say(const char *name, unsigned long n)
{
	char line[64];
	int length = snprintf(line, sizeof(line), "%s %lu\n", name, n);

	if (write(out, line, (size_t)length) != length)
		abort();
}

static void expect(int result, const char *name)
{
	if (result)
		say(name, (unsigned long)result);
}

static void put(void)
{
	expect(pthread_mutex_lock(&shared->mutex), "lock-failed");
	while (shared->put - shared->taken == ROOM)
		expect(pthread_cond_wait(&shared->not_full, &shared->mutex), "wait-failed");
	shared->put++;
	shared->items[shared->put % ROOM] = shared->put;
	expect(pthread_cond_signal(&shared->not_empty), "signal-failed");
	expect(pthread_mutex_unlock(&shared->mutex), "unlock-failed");
}

static void take(void)
{
	expect(pthread_mutex_lock(&shared->mutex), "lock-failed");
	while (shared->put == shared->taken)
		expect(pthread_cond_wait(&shared->not_empty, &shared->mutex), "wait-failed");
	shared->taken++;
	say("item", shared->items[shared->taken % ROOM]);
	expect(pthread_cond_broadcast(&shared->not_full), "broadcast-failed");
	expect(pthread_mutex_unlock(&shared->mutex), "unlock-failed");
}

static void inherit(void)
{
	expect(pthread_mutex_lock(&shared->inheriting), "inherit-lock-failed");
	if (shared->left != shared->right)
		say("inherit-failed", shared->left);
	shared->left++;
	say("inherit", shared->left);
	shared->right++;
	expect(pthread_mutex_unlock(&shared->inheriting), "inherit-unlock-failed");
}

static void pass(void)
{
	expect(sem_wait(&shared->semaphore), "semaphore-wait-failed");
	if (__atomic_add_fetch(&shared->inside, 1, __ATOMIC_SEQ_CST) != 1)
		say("semaphore-failed", shared->passes);
	say("semaphore", ++shared->passes);
	__atomic_sub_fetch(&shared->inside, 1, __ATOMIC_SEQ_CST);
	expect(sem_post(&shared->semaphore), "semaphore-post-failed");
}

static void *work(void *number)
{
	for (;;) {
		int result;

		for (int i = 0; i < 10; i++) {
			if ((intptr_t)number % 2)
				put();
			else
				take();
			inherit();
			pass();
		}
		result = pthread_barrier_wait(&shared->barrier);
		if (result == PTHREAD_BARRIER_SERIAL_THREAD) {
			say("barrier", ++shared->rounds);
			usleep(1000);
		} else {
			expect(result, "barrier-failed");
		}
	}
	return 0;
}

static void prepare(void)
{
	pthread_mutexattr_t mutex;
	pthread_condattr_t condition;
	pthread_barrierattr_t barrier;

	pthread_mutexattr_init(&mutex);
	pthread_mutexattr_setpshared(&mutex, PTHREAD_PROCESS_SHARED);
	pthread_mutex_init(&shared->mutex, &mutex);
	pthread_mutexattr_setprotocol(&mutex, PTHREAD_PRIO_INHERIT);
	pthread_mutex_init(&shared->inheriting, &mutex);
	pthread_condattr_init(&condition);
	pthread_condattr_setpshared(&condition, PTHREAD_PROCESS_SHARED);
	pthread_cond_init(&shared->not_full, &condition);
	pthread_cond_init(&shared->not_empty, &condition);
	pthread_barrierattr_init(&barrier);
	pthread_barrierattr_setpshared(&barrier, PTHREAD_PROCESS_SHARED);
	pthread_barrier_init(&shared->barrier, &barrier, WORKERS);
	sem_init(&shared->semaphore, 1, 1);
}

int main(int count, char **words)
{
	pthread_t thread;

	if (count != 3 || (out = open(words[1], O_WRONLY | O_APPEND | O_CREAT, 0666)) < 0)
		return 1;
	shared = mmap(0, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		return 1;
	prepare();
	for (intptr_t i = 1; i < WORKERS; i++) {
		if (!strcmp(words[2], "threads")) {
			if (pthread_create(&thread, 0, work, (void *)i))
				return 1;
		} else if (fork() == 0) {
			work((void *)i);
		}
	}
	work(0);
	return 0;
}
