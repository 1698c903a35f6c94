/* SPDX-License-Identifier: Apache-2.0
 *
 * A tree of processes that share memory since their forks, and have written to some of it:
 *
 *   cow CONTROL SEED TASKS PAGES WRITES
 *
 * CONTROL is a file of TASKS + 1 records of four words: what all have in common (next task, address, pages, 0), and
 * for each task its pid, whether it is ready, how often it has looked, what it found wrong. Upon SIGUSR1 a task looks
 * whether its memory is as it left it. SEED 0 makes a star, where nobody but the children writes.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE 4096UL

struct record {
	uint64_t pid;	/* of the first: the next task's number */
	uint64_t ready; /* address of the memory */
	uint64_t looks; /* its pages */
	uint64_t wrong;
};

static struct record *control;
static uint8_t *memory;
static uint64_t *expected; /* 0: never written, or thrown away */
static uint64_t pages;
static uint64_t state;

static uint64_t next(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static void put(uint64_t page, uint64_t value)
{
	uint64_t *words = (uint64_t *)(memory + page * PAGE);

	words[0] = value;
	words[PAGE / 8 - 1] = value;
	expected[page] = value;
}

/* A page here, some in a row there; now and then some are thrown away. */
static void write_some(uint64_t writes)
{
	for (uint64_t i = 0; i < writes; i++) {
		uint64_t page = next() % pages;
		uint64_t count = next() % 8 ? 1 : next() % 64;

		for (; count-- && page < pages; page++) {
			if (state % 16 == 3) {
				madvise(memory + page * PAGE, PAGE, MADV_DONTNEED);
				expected[page] = 0;
			} else {
				put(page, next() | 1);
			}
		}
	}
}

static void look(struct record *own)
{
	for (uint64_t i = 0; i < pages; i++) {
		const uint64_t *words = (const uint64_t *)(memory + i * PAGE);

		own->wrong += words[0] != expected[i] || words[PAGE / 8 - 1] != expected[i];
	}
	own->looks++;
}

static void *map(uint64_t length, int flags, int fd)
{
	void *mapped = mmap(0, length, PROT_READ | PROT_WRITE, flags, fd, 0);

	if (mapped == MAP_FAILED)
		_exit(3);
	return mapped;
}

int main(int argc, char **argv)
{
	uint64_t seed = argc == 6 ? strtoull(argv[2], 0, 10) : 0;
	uint64_t tasks = argc == 6 ? strtoull(argv[3], 0, 10) : 0;
	uint64_t writes = argc == 6 ? strtoull(argv[5], 0, 10) : 0;
	int file = open(argc == 6 ? argv[1] : "", O_RDWR);
	uint64_t own = 0;
	sigset_t look_now;
	int signal;

	if (file < 0)
		return 2;
	pages = strtoull(argv[4], 0, 10);
	control = map((tasks + 1) * sizeof(*control), MAP_SHARED, file);
	close(file);
	memory = map(pages * PAGE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	expected = map(pages * 8, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	sigemptyset(&look_now);
	sigaddset(&look_now, SIGUSR1);
	sigprocmask(SIG_BLOCK, &look_now, 0);
	state = seed * 0x9e3779b97f4a7c15 + 88172645463325252;
	for (uint64_t i = 0; i < pages; i++)
		put(i, next() | 1);
	control[0].ready = (uint64_t)memory;
	control[0].looks = pages;
	control[0].pid = 1;
	for (;;) {
		uint64_t child = own && (!seed || next() % 3 == 0)
					 ? tasks
					 : __atomic_fetch_add(&control[0].pid, 1, __ATOMIC_SEQ_CST);

		if (child >= tasks)
			break;
		if (fork() == 0) {
			own = child;
			state += child * 0x9e3779b97f4a7c15;
			write_some(writes);
		} else if (seed) {
			write_some(next() % (writes + 1));
		}
	}
	if (next() % 4 == 0 && seed) /* of two mappings, one of which cannot be written */
		mprotect(memory, pages / 3 * PAGE, PROT_READ);
	control[1 + own].pid = (uint64_t)getpid();
	control[1 + own].ready = 1;
	for (;;) {
		sigwait(&look_now, &signal);
		look(&control[1 + own]);
	}
}
