/* SPDX-License-Identifier: Apache-2.0
 *
 * A process with every kind of mapping that Baton saves. Usage: victim DIRECTORY [SEED]. With a seed, a random jumble
 * of them instead. Writes its brk to DIRECTORY/ready when all is in place, then sleeps.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#define PAGE 4096ul
#define GUARD_INSTALL 102
#define DROPPABLE 0x8
#define WIPEONFORK 18

static char *directory;

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static void fill(char *start, size_t length, unsigned int seed)
{
	for (size_t i = 0; i < length; i += sizeof(uint32_t)) {
		seed = seed * 1664525 + 1013904223;
		*(uint32_t *)(start + i) = seed;
	}
}

static char *map(size_t length, int protection, int flags)
{
	char *at = mmap(0, length, protection, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);

	if (at == MAP_FAILED)
		fail("mmap");
	return at;
}

static char *map_file(const char *name, int open_flags, int protection, int flags, size_t offset)
{
	char path[4096];
	char *at;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	fd = open(path, O_RDWR | O_CREAT, 0600);
	if (fd < 0 || ftruncate(fd, 16 * PAGE))
		fail(path);
	close(fd);
	fd = open(path, open_flags);
	at = mmap(0, 4 * PAGE, protection, flags, fd, offset);
	if (fd < 0 || at == MAP_FAILED)
		fail(path);
	close(fd);
	return at;
}

static void advised(int advice, unsigned int seed)
{
	char *at = map(3 * PAGE, PROT_READ | PROT_WRITE, 0);

	if (madvise(at, 3 * PAGE, advice))
		perror("madvise");
	fill(at + PAGE, PAGE, seed);
	/* Apart from its neighbours. */
	map(PAGE, PROT_NONE, 0);
}

static void anonymous(void)
{
	char *at = map(16 * PAGE, PROT_READ | PROT_WRITE, 0);
	volatile char sink;

	fill(at, 4 * PAGE, 1);
	sink = at[8 * PAGE]; /* the page of zeros */
	(void)sink;
	fill(at + 12 * PAGE, PAGE, 2);
	mprotect(at + 2 * PAGE, PAGE, PROT_NONE);
	mprotect(at + 12 * PAGE, PAGE, PROT_WRITE);
	mprotect(at + 13 * PAGE, PAGE, PROT_READ | PROT_EXEC);

	at = map(1ul << 40, PROT_NONE, MAP_NORESERVE);
	if (mprotect(at + (1ul << 39), 2 * PAGE, PROT_READ | PROT_WRITE))
		fail("mprotect");
	fill(at + (1ul << 39), PAGE, 3);

	at = map(8 * PAGE, PROT_READ | PROT_WRITE, MAP_GROWSDOWN);
	fill(at, 8 * PAGE, 4);

	at = map(8 * PAGE, PROT_READ | PROT_WRITE, 0);
	fill(at, 8 * PAGE, 5);
	if (madvise(at + 3 * PAGE, 2 * PAGE, GUARD_INSTALL))
		perror("MADV_GUARD_INSTALL");

	at = mmap(0, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | DROPPABLE, -1, 0);
	if (at != MAP_FAILED)
		fill(at, PAGE, 6);
	at = map(2 * PAGE, PROT_READ | PROT_WRITE, MAP_LOCKED);
	fill(at, 2 * PAGE, 7);
}

static char *shared_map(size_t length)
{
	char *at = mmap(0, length, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED)
		fail("mmap");
	return at;
}

static void shared(void)
{
	char *at = shared_map(16 * PAGE);

	/* Whole, but with holes. */
	fill(at, 2 * PAGE, 40);
	fill(at + 9 * PAGE, PAGE, 41);
	/* Read only, and without any contents. */
	at = shared_map(4 * PAGE);
	fill(at + PAGE, PAGE, 42);
	mprotect(at, 4 * PAGE, PROT_READ);
	shared_map(3 * PAGE);
	/* Two windows into one object, with what nobody sees between. */
	at = shared_map(16 * PAGE);
	fill(at, 16 * PAGE, 43);
	munmap(at + 4 * PAGE, 5 * PAGE);
	mprotect(at + PAGE, PAGE, PROT_NONE);
	/* The same page twice. */
	at = shared_map(2 * PAGE);
	fill(at, 2 * PAGE, 44);
	if (mremap(at, 0, 2 * PAGE, MREMAP_MAYMOVE) == MAP_FAILED)
		fail("mremap");
}

static void files(void)
{
	int zero = open("/dev/zero", O_RDWR);
	char *at;

	fill(map_file("shared", O_RDWR, PROT_READ | PROT_WRITE, MAP_SHARED, 0), 2 * PAGE, 10);
	map_file("shared", O_RDWR, PROT_READ, MAP_SHARED, 8 * PAGE);
	map_file("shared", O_RDONLY, PROT_READ, MAP_SHARED, 4 * PAGE);
	at = map_file("private\nname", O_RDONLY, PROT_READ | PROT_WRITE, MAP_PRIVATE, PAGE);
	fill(at + 2 * PAGE, PAGE, 11);
	at = map_file("private\nname", O_RDONLY, PROT_READ | PROT_WRITE, MAP_PRIVATE, 0);
	fill(at, PAGE, 12);
	mprotect(at, 4 * PAGE, PROT_READ);
	at = mmap(0, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, zero, 0);
	fill(at + PAGE, PAGE, 13);
	close(zero);
}

/* Breakpoints and relocations leave their own copies of program text. */
static void text(void)
{
	char *page = (char *)((uintptr_t)&fail & ~(PAGE - 1));

	if (mprotect(page, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC))
		fail("mprotect text");
	*(volatile char *)page = *(volatile char *)page;
	mprotect(page, PAGE, PROT_READ | PROT_EXEC);
}

static void many(void)
{
	char *at = map(2000 * PAGE, PROT_READ | PROT_WRITE, 0);

	for (int i = 0; i < 2000; i += 2) {
		fill(at + i * PAGE, PAGE, 100 + i);
		mprotect(at + i * PAGE, PAGE, PROT_READ);
	}
	at = map(4000 * PAGE, PROT_READ | PROT_WRITE, 0);
	for (int i = 0; i < 4000; i += 2)
		fill(at + i * PAGE, PAGE, 5000 + i);
}

static unsigned int below(unsigned int limit)
{
	return rand() / 7 % limit;
}

/* Maps, unmaps, protects, advises and writes at random in an area of 2,048 pages. Most calls may fail. */
static void jumble(unsigned int seed)
{
	enum { PAGES = 2048 };
	static const int advices[] = {MADV_RANDOM,   MADV_SEQUENTIAL,  MADV_DONTFORK, MADV_NOHUGEPAGE, MADV_DONTDUMP,
				      MADV_DONTNEED, MADV_NORMAL, MADV_DOFORK,   MADV_DODUMP,	    GUARD_INSTALL};
	char *area = map(PAGES * PAGE, PROT_NONE, MAP_NORESERVE);
	char path[4096];
	int file;

	snprintf(path, sizeof(path), "%s/jumble", directory);
	file = open(path, O_RDWR | O_CREAT, 0600);
	if (file < 0 || ftruncate(file, 64 * PAGE))
		fail(path);
	srand(seed);
	for (int i = 0; i < 6000; i++) {
		unsigned int first = below(PAGES), count = 1 + below(24);
		char *at = area + first * PAGE;
		int protection = below(8);
		int shared = below(2) ? MAP_SHARED : MAP_PRIVATE;

		if (first + count > PAGES)
			count = PAGES - first;
		switch (below(10)) {
		case 0:
			mmap(at, count * PAGE, protection, MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
			break;
		case 1:
			mmap(at, count * PAGE, protection, MAP_FIXED | MAP_SHARED | MAP_ANONYMOUS, -1, 0);
			break;
		case 2:
			mmap(at, count * PAGE, protection, MAP_FIXED | shared, file, below(32) * PAGE);
			break;
		case 3:
			if (below(4) == 0)
				munmap(at, count * PAGE);
			break;
		case 4:
			madvise(at, count * PAGE, advices[below(sizeof(advices) / sizeof(*advices))]);
			break;
		case 5:
			mprotect(at, count * PAGE, protection);
			break;
		case 6:
			mremap(at, count * PAGE, count * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
			       area + below(PAGES - count) * PAGE);
			break;
		default:
			/* The kernel copies, and reports what would be a fault here. */
			lseek(file, 0, SEEK_SET);
			if (read(file, at, PAGE) == PAGE)
				fill(at, PAGE, seed + i);
		}
	}
	close(file);
}

int main(int argc, char **argv)
{
	static const int advices[] = {MADV_RANDOM,    MADV_SEQUENTIAL, MADV_DONTFORK, MADV_MERGEABLE,
				      MADV_NOHUGEPAGE, MADV_DONTDUMP,	WIPEONFORK};
	char path[4096];
	char text_of_brk[32];
	int fd;

	if (argc < 2)
		return 2;
	directory = argv[1];
	if (argc == 2) {
		anonymous();
		shared();
		files();
		text();
		many();
		for (unsigned int i = 0; i < sizeof(advices) / sizeof(*advices); i++)
			advised(advices[i], 20 + i);
	} else {
		jumble(strtoul(argv[2], 0, 10));
	}
	fill(sbrk(5 * PAGE), 3 * PAGE, 30);
	snprintf(path, sizeof(path), "%s/ready.new", directory);
	fd = open(path, O_WRONLY | O_CREAT, 0600);
	snprintf(text_of_brk, sizeof(text_of_brk), "%lu", (unsigned long)sbrk(0));
	if (write(fd, text_of_brk, strlen(text_of_brk)) < 0)
		fail("write");
	close(fd);
	char ready[4096];

	snprintf(ready, sizeof(ready), "%s/ready", directory);
	rename(path, ready);
	for (;;)
		pause();
}
