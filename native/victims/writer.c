/* SPDX-License-Identifier: Apache-2.0
 *
 * Writes to its memory at random and knows what should be in it:
 *
 *   writer CONTROL PAGES SEED
 *
 * CONTROL is a file: a page of words (see below) for it, one for the child it may be told to make, and 64 of zeros. Every page of its regions holds a number at both ends, of which it keeps a copy elsewhere.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <unistd.h>

#define PAGE 4096UL
#define LAST (PAGE / 8 - 1)

enum {
	READY,
	COMMAND,
	DONE,
	ERRORS,
	WRITES,
	IDLE
};
enum {
	CHECK = 1,
	REMAP,
	MOVE,
	GROW,
	FORK,
	EXEC,
	DISCARD,
	KERNEL,
	PROTECT
};

struct region {
	uint64_t *pages;
	uint64_t *expected;
	uint64_t count;
};

static volatile uint64_t *control;
static struct region regions[4];
static uint64_t state;

static uint64_t next(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static void *must(void *mapped)
{
	if (mapped == MAP_FAILED) {
		perror("mmap");
		exit(1);
	}
	return mapped;
}

static void *anonymous(uint64_t count)
{
	return must(mmap(NULL, count * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
}

static void put(struct region *region, uint64_t index, uint64_t value)
{
	region->pages[index * PAGE / 8] = value;
	region->pages[index * PAGE / 8 + LAST] = value;
	region->expected[index] = value;
}

static void fill(struct region *region)
{
	for (uint64_t i = 0; i < region->count; i++)
		put(region, i, next());
}

static void make(struct region *region, void *pages, uint64_t count)
{
	region->pages = pages;
	region->count = count;
	region->expected = anonymous((count * 8 + PAGE - 1) / PAGE);
	fill(region);
}

static uint64_t wrong(const struct region *region)
{
	uint64_t count = 0;

	for (uint64_t i = 0; i < region->count; i++) {
		const uint64_t *page = region->pages + i * PAGE / 8;

		count += page[0] != region->expected[i] || page[LAST] != region->expected[i];
	}
	return count;
}

static struct region *any(void)
{
	return &regions[next() % 4];
}

static void grown(struct region *region, uint64_t count, void *pages)
{
	uint64_t before = region->count;
	uint64_t *expected = anonymous((count * 8 + PAGE - 1) / PAGE);

	memcpy(expected, region->expected, before * 8);
	munmap(region->expected, (before * 8 + PAGE - 1) / PAGE * PAGE);
	region->expected = expected;
	region->pages = pages;
	region->count = count;
	for (uint64_t i = before; i < count; i++)
		put(region, i, next());
}

static void obey(uint64_t command, char **argv)
{
	struct region *mapped = &regions[0];
	struct region *region = any();
	uint64_t size = mapped->count * PAGE;
	uint64_t *moved;

	switch (command & 0xff) { /* the rest is a count, so that each differs from the one before */
	case CHECK:
		for (int i = 0; i < 4; i++)
			control[ERRORS] += wrong(&regions[i]);
		break;
	case REMAP: /* others at the very same place */
		must(mmap(mapped->pages, size, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
		fill(mapped);
		break;
	case MOVE: /* the second half over the first, and new memory where it was */
		moved = mapped->pages + mapped->count / 2 * (PAGE / 8);
		must(mremap(moved, mapped->count / 2 * PAGE, mapped->count / 2 * PAGE,
			    MREMAP_MAYMOVE | MREMAP_FIXED, mapped->pages));
		must(mmap(moved, size - mapped->count / 2 * PAGE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
		memcpy(mapped->expected, mapped->expected + mapped->count / 2, mapped->count / 2 * 8);
		for (uint64_t i = mapped->count / 2; i < mapped->count; i++)
			put(mapped, i, i % 2 ? next() : 0);
		break;
	case GROW: /* the kernel grows no more than one mapping, and MOVE leaves two */
		moved = mremap(mapped->pages, size, size + 16 * PAGE, MREMAP_MAYMOVE);
		if (moved != MAP_FAILED)
			grown(mapped, mapped->count + 16, moved);
		sbrk(16 * PAGE);
		grown(&regions[1], regions[1].count + 16, regions[1].pages);
		break;
	case FORK:
		if (fork() == 0) {
			control += PAGE / 8;
			control[READY] = 1;
			state += 12345;
			control[DONE] = control[COMMAND];
			return;
		}
		break;
	case EXEC:
		control[DONE] = command;
		execv("/proc/self/exe", argv);
		exit(1);
	case DISCARD: /* pages of zeros, or of the file's bytes, which are zeros too */
		for (int i = 0; i < 8; i++) {
			uint64_t index = next() % region->count;

			madvise(region->pages + index * PAGE / 8, PAGE, MADV_DONTNEED);
			region->expected[index] = 0;
		}
		break;
	case KERNEL: /* written by the kernel for us */
		for (int i = 0; i < 8; i++) {
			uint64_t index = next() % region->count;
			uint64_t *page = region->pages + index * PAGE / 8;

			if (getrandom(page, 8, 0) != 8 || getrandom(page + LAST, 8, 0) != 8)
				exit(1);
			page[LAST] = page[0];
			region->expected[index] = page[0];
		}
		break;
	case PROTECT: /* and back: what was there stays */
		mprotect(mapped->pages, size / 2 / PAGE * PAGE, PROT_NONE);
		usleep(2000);
		mprotect(mapped->pages, size / 2 / PAGE * PAGE, PROT_READ | PROT_WRITE);
		break;
	default:
		exit(2);
	}
	control[DONE] = command;
}

int main(int argc, char **argv)
{
	int file = open(argc > 3 ? argv[1] : "", O_RDWR);
	uint64_t count = argc > 3 ? strtoull(argv[2], NULL, 10) : 0;
	int zeros;

	if (file < 0 || count < 2)
		return 1;
	control = must(mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0));
	close(file);
	state = strtoull(argv[3], NULL, 10) * 0x9e3779b97f4a7c15 + 1;
	make(&regions[0], anonymous(count), count);
	make(&regions[1], (void *)(((uintptr_t)sbrk((count / 4 + 2) * PAGE) + PAGE - 1) & -PAGE),
	     count / 4 + 1);
	sbrk(PAGE);
	zeros = open(argv[1], O_RDONLY);
	/* Of the file's third page on, which nobody writes. */
	make(&regions[2], must(mmap(NULL, 64 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, zeros, 2 * PAGE)),
	     64);
	close(zeros);
	make(&regions[3], anonymous(32), 32);
	control[READY] = 1;
	for (;;) {
		uint64_t command = control[COMMAND];

		if (command != control[DONE]) {
			obey(command, argv);
		} else if (control[IDLE]) {
			usleep(500);
		} else {
			struct region *region = any();

			put(region, next() % region->count, next());
			if (++control[WRITES] % 16 == 0)
				usleep(200);
		}
	}
}
