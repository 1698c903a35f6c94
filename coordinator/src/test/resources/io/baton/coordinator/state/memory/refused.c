/* SPDX-License-Identifier: Apache-2.0
 *
 * A process with mappings that Baton does not save yet. Usage: refused DIRECTORY. What this kernel cannot make is left
 * out; what was made is written to DIRECTORY/ready, a word for each, then it sleeps.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <linux/userfaultfd.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PAGE 4096ul
#define NR_MSEAL 462
#define ONFAULT 1

static FILE *made;

static void *map(int flags, int fd)
{
	return mmap(0, 2 * PAGE, PROT_READ | PROT_WRITE, flags, fd, 0);
}

static void report(const char *what, int good)
{
	if (good)
		fprintf(made, "%s ", what);
}

static int new_file(const char *name)
{
	int fd = open(name, O_RDWR | O_CREAT, 0600);

	if (ftruncate(fd, 2 * PAGE))
		exit(1);
	return fd;
}

static void files(void)
{
	int memfd = memfd_create("secret", 0);

	report("memfd", !ftruncate(memfd, 2 * PAGE) && map(MAP_PRIVATE, memfd) != MAP_FAILED);
	report("unlinked", map(MAP_SHARED, new_file("unlinked")) != MAP_FAILED && !link("unlinked", "link") &&
				   !unlink("unlinked"));
}

static void watched(void)
{
	struct uffdio_api api = {.api = UFFD_API};
	struct uffdio_register area = {.range = {.len = 2 * PAGE}, .mode = UFFDIO_REGISTER_MODE_MISSING};
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC);

	area.range.start = (uintptr_t)map(MAP_PRIVATE | MAP_ANONYMOUS, -1);
	report("userfaultfd", fd >= 0 && !ioctl(fd, UFFDIO_API, &api) && !ioctl(fd, UFFDIO_REGISTER, &area));
}

int main(int argc, char **argv)
{
	aio_context_t context = 0;
	int segment = shmget(IPC_PRIVATE, 2 * PAGE, 0600);
	void *at;

	if (argc != 2 || chdir(argv[1]))
		return 2;
	made = fopen("ready.new", "w");
	files();
	watched();
	report("sysv", segment >= 0 && shmat(segment, 0, 0) != (void *)-1);
	shmctl(segment, IPC_RMID, 0);
	report("aio", !syscall(SYS_io_setup, 8, &context));
	at = map(MAP_PRIVATE | MAP_ANONYMOUS, -1);
	report("sealed", !syscall(NR_MSEAL, at, PAGE, 0));
	mmap(0, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	at = map(MAP_PRIVATE | MAP_ANONYMOUS, -1);
	report("onfault", !syscall(SYS_mlock2, at, PAGE, ONFAULT));
	fclose(made);
	rename("ready.new", "ready");
	for (;;)
		pause();
}
