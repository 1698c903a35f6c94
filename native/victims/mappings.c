/* SPDX-License-Identifier: Apache-2.0
 *
 * mappings DIR: private mappings of memory files and of shared anonymous memory, some with pages of their own, in a parent and a
 * child; memory that is locked as it is touched, and sealed memory. See examined.h.
 */
#define _GNU_SOURCE
#include "examined.h"
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#define PAGE 4096UL
#define RW (PROT_READ | PROT_WRITE)
#ifndef SYS_mseal
#define SYS_mseal 462
#endif

static volatile char *shared, *own, *alone, *sealed_file, *whole, *part, *on_fault, *sealed, *told;
static int file, can_seal;

static volatile char *map(int fd, int pages, int protection, int flags, int first)
{
	char *at = mmap(0, pages * PAGE, protection, flags, fd, first * PAGE);

	MUST(at != MAP_FAILED);
	return at;
}

/* A memory file whose pages begin with 'a', 'b' and so on. */
static int memory_file(const char *name, int pages)
{
	int fd = memfd_create(name, MFD_ALLOW_SEALING);

	MUST(fd >= 0 && !ftruncate(fd, pages * PAGE));
	for (int i = 0; i < pages; i++)
		MUST(pwrite(fd, &(char){ 'a' + i }, 1, i * PAGE) == 1);
	return fd;
}

static void make_files(void)
{
	int fd;

	file = memory_file("open", 4);
	shared = map(file, 4, RW, MAP_SHARED, 0);
	own = map(file, 4, RW, MAP_PRIVATE, 0);
	own[PAGE] = 'B';
	/* Which nobody has but by this mapping, of which a part may not be written any more. */
	fd = memory_file("alone", 6);
	alone = map(fd, 4, RW, MAP_PRIVATE, 1);
	alone[2 * PAGE] = 'D';
	MUST(!mprotect((void *)alone + PAGE, 2 * PAGE, PROT_READ) && !close(fd));
	fd = memory_file("sealed", 2);
	MUST(!fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW));
	sealed_file = map(fd, 2, RW, MAP_PRIVATE, 0);
	sealed_file[PAGE] = 'X';
	MUST(!close(fd));
}

/* The private mapping reaches beyond the end of what it is of. */
static void make_anonymous(void)
{
	char path[80];
	int fd;

	whole = map(-1, 4, RW, MAP_SHARED | MAP_ANONYMOUS, 0);
	for (int i = 0; i < 4; i++)
		whole[i * PAGE] = 'a' + i;
	snprintf(path, sizeof(path), "/proc/self/map_files/%lx-%lx", (long)whole, (long)whole + 4 * PAGE);
	fd = open(path, O_RDWR);
	MUST(fd >= 0);
	part = map(fd, 4, RW, MAP_PRIVATE, 1);
	part[PAGE] = 'C';
	MUST(!close(fd));
}

static void make_locked(void)
{
	on_fault = map(-1, 64, RW, MAP_PRIVATE | MAP_ANONYMOUS, 0);
	MUST(!syscall(SYS_mlock2, on_fault, 64 * PAGE, 1));
	on_fault[5 * PAGE] = 5;
	sealed = map(-1, 3, RW, MAP_PRIVATE | MAP_ANONYMOUS, 0);
	sealed[PAGE] = 7;
	MUST(!mprotect((void *)sealed, PAGE, PROT_READ));
	can_seal = !syscall(SYS_mseal, sealed, 2 * PAGE, 0);
}

/* Says what it sees at a word of the parent's. */
static _Noreturn void follow(void)
{
	own[2 * PAGE] = 'Y';
	told[0] = 1;
	for (;;) {
		told[1] = own[0];
		told[2] = own[PAGE];
		told[3] = own[2 * PAGE];
		told[4] = alone[2 * PAGE];
		usleep(5000);
	}
}

/* Kilobytes that are there of a mapping, or a flag: from smaps. */
static int resident(const volatile char *at, const char *flag)
{
	FILE *smaps = fopen("/proc/self/smaps", "r");
	char line[400];
	int in = 0, size = -1;

	while (smaps && fgets(line, sizeof(line), smaps)) {
		unsigned long start, end;

		if (sscanf(line, "%lx-%lx ", &start, &end) == 2)
			in = (unsigned long)at >= start && (unsigned long)at < end;
		else if (in && !strncmp(line, "Rss:", 4))
			size = atoi(line + 4);
		else if (in && !strncmp(line, "VmFlags:", 8) && !strstr(line, flag))
			size = -2;
	}
	if (smaps)
		fclose(smaps);
	return size;
}

static void check_files(void)
{
	char byte;

	CHECK(own[0] == 'a' && own[PAGE] == 'B' && own[2 * PAGE] == 'c' && shared[PAGE] == 'b');
	shared[0] = 'z';
	shared[PAGE] = 'z';
	CHECK(own[0] == 'z' && own[PAGE] == 'B');
	CHECK(pread(file, &byte, 1, 0) == 1 && byte == 'z');
	own[3 * PAGE] = 'W';
	CHECK(shared[3 * PAGE] == 'd');
	CHECK(alone[0] == 'b' && alone[PAGE] == 'c' && alone[2 * PAGE] == 'D' && alone[3 * PAGE] == 'e');
	CHECK(sealed_file[0] == 'a' && sealed_file[PAGE] == 'X');
	usleep(50000);
	for (int i = 0; i < 1000 && told[1] != 'z'; i++)
		usleep(5000);
	CHECK(told[1] == 'z' && told[2] == 'B' && told[3] == 'Y' && told[4] == 'D');
	CHECK(own[2 * PAGE] == 'c' && shared[2 * PAGE] == 'c');
}

static void check_anonymous(void)
{
	CHECK(part[0] == 'b' && part[PAGE] == 'C' && part[2 * PAGE] == 'd');
	whole[PAGE] = 'Z';
	whole[2 * PAGE] = 'Z';
	CHECK(part[0] == 'Z' && part[PAGE] == 'C');
	part[2 * PAGE] = 'Q';
	CHECK(whole[3 * PAGE] == 'd');
}

static void check_locked(void)
{
	CHECK(resident(on_fault, " lf") == 4 && on_fault[5 * PAGE] == 5);
	CHECK(sealed[PAGE] == 7 && !sealed[0]);
	if (can_seal) {
		CHECK(mprotect((void *)sealed, PAGE, RW) && errno == EPERM);
		CHECK(munmap((void *)sealed + PAGE, PAGE) && errno == EPERM);
	}
	CHECK(!mprotect((void *)sealed + 2 * PAGE, PAGE, PROT_READ));
}

int main(int argc, char **argv)
{
	enter(argc, argv);
	told = map(-1, 1, RW, MAP_SHARED | MAP_ANONYMOUS, 0);
	make_files();
	make_anonymous();
	make_locked();
	if (!fork())
		follow();
	while (!told[0])
		usleep(1000);
	await_examination();
	check_files();
	check_anonymous();
	check_locked();
	tell_result();
}
