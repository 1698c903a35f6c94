/* SPDX-License-Identifier: Apache-2.0
 *
 * A task that cannot be frozen: it waits, uninterruptibly, for the lock of a pipe, which its parent holds while its write
 * waits for a page that never comes (userfaultfd).
 *
 *   stuck FILE         writes the pid of the task that is stuck
 */
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096

static void pause_for(long milliseconds)
{
	struct timespec time = { milliseconds / 1000, milliseconds % 1000 * 1000000 };

	nanosleep(&time, NULL);
}

int main(int argc, char **argv)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register range = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	char text[32] = "";
	char *area;
	int ends[2];
	int faults;
	int file;
	pid_t child;

	if (argc != 2 || pipe(ends))
		return 1;
	faults = (int)syscall(SYS_userfaultfd, O_CLOEXEC);
	area = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	range.range.start = (unsigned long)area;
	range.range.len = PAGE;
	if (faults < 0 || ioctl(faults, UFFDIO_API, &api) || ioctl(faults, UFFDIO_REGISTER, &range))
		return 2;
	child = fork();
	if (child == 0) {
		char byte;

		pause_for(
			100); /* until the parent has the lock; if it has not, we sleep interruptibly, and the test sees that */
		return read(ends[0], &byte, 1) == 1 ? 0 : 3;
	}
	snprintf(text, sizeof(text), "%d\n", child);
	file = open(argv[1], O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (write(file, text, strlen(text)) < 0)
		return 1;
	close(file);
	return write(ends[1], area, PAGE) < 0;
}
