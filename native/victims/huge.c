/* SPDX-License-Identifier: Apache-2.0
 *
 * huge DIR: memory of huge pages (hugetlbfs): private, shared with a child, and a memory file's, shared and private; 12 pages of
 * 2 MB. See examined.h.
 */
#define _GNU_SOURCE
#include "examined.h"
#include <linux/memfd.h>
#include <string.h>
#include <sys/mman.h>

#define HUGE (2UL << 20)
#define RW (PROT_READ | PROT_WRITE)
#define ANONYMOUS (MAP_ANONYMOUS | MAP_HUGETLB)

static volatile char *private, *shared, *file, *own, *only_own;

static volatile char *map(int fd, int pages, int flags)
{
	volatile char *at = mmap(0, pages * HUGE, RW, flags, fd, 0);

	MUST(at != MAP_FAILED);
	return at;
}

static _Noreturn void follow(void)
{
	private[HUGE] = 'q';
	for (;;) {
		if (private[HUGE] == 'q')
			shared[HUGE + 1] = shared[HUGE];
		usleep(5000);
	}
}

/* Whether memory is of huge pages. */
static int is_huge(const volatile char *at)
{
	FILE *smaps = fopen("/proc/self/smaps", "r");
	char line[400];
	int in = 0, huge = 0;

	while (smaps && fgets(line, sizeof(line), smaps)) {
		unsigned long start, end;

		if (sscanf(line, "%lx-%lx ", &start, &end) == 2)
			in = (unsigned long)at >= start && (unsigned long)at < end;
		else if (in && !strncmp(line, "VmFlags:", 8))
			huge = !!strstr(line, " ht");
	}
	if (smaps)
		fclose(smaps);
	return huge;
}

int main(int argc, char **argv)
{
	char byte;
	int fd, gone;

	enter(argc, argv);
	private = map(-1, 3, MAP_PRIVATE | ANONYMOUS);
	private[0] = 'a';
	private[HUGE + 4096] = 'b';
	shared = map(-1, 2, MAP_SHARED | ANONYMOUS);
	shared[0] = 'c';
	shared[HUGE] = 'd';
	fd = memfd_create("huge", MFD_HUGETLB);
	MUST(fd >= 0 && !ftruncate(fd, 2 * HUGE));
	file = map(fd, 2, MAP_SHARED);
	own = map(fd, 2, MAP_PRIVATE);
	file[HUGE] = 'e';
	file[5] = 'f';
	own[HUGE] = 'E';
	gone = memfd_create("gone", MFD_HUGETLB);
	MUST(gone >= 0 && !ftruncate(gone, HUGE));
	only_own = map(gone, 1, MAP_PRIVATE);
	only_own[7] = 'g';
	MUST(!close(gone));
	if (!fork())
		follow();
	while (shared[HUGE + 1] != 'd')
		usleep(1000);
	await_examination();

	CHECK(is_huge(private) && is_huge(shared) && is_huge(file) && is_huge(own) && is_huge(only_own));
	CHECK(private[0] == 'a' && private[HUGE + 4096] == 'b' && !private[HUGE] && !private[2 * HUGE]);
	CHECK(shared[0] == 'c' && shared[HUGE] == 'd');
	shared[HUGE] = 'D';
	for (int i = 0; i < 1000 && shared[HUGE + 1] != 'D'; i++)
		usleep(5000);
	CHECK(shared[HUGE + 1] == 'D');
	CHECK(file[5] == 'f' && own[5] == 'f' && file[HUGE] == 'e' && own[HUGE] == 'E');
	file[5] = 'F';
	CHECK(own[5] == 'F' && pread(fd, &byte, 1, 5) == 1 && byte == 'F');
	CHECK(only_own[7] == 'g');
	tell_result();
}
