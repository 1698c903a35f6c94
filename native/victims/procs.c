/* SPDX-License-Identifier: Apache-2.0
 *
 * procs DIR: holds files that the kernel makes up: of itself, read in part; of its child and of init; of the system; and namespaces it
 * is in. Upon SIGUSR1 it looks whether they are where they were, and can be read on.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "examined.h"

#define READ 100

static char text[65536], again[65536];

static int half_read(const char *name)
{
	int fd = open(name, O_RDONLY);

	MUST(fd >= 0 && read(fd, text, READ) == READ);
	return fd;
}

/* Whether the rest is what a new reader finds there; of files that do not change. */
static int goes_on(int fd, const char *name)
{
	int other = open(name, O_RDONLY);
	ssize_t length = read(other, again, sizeof again), rest = read(fd, text, sizeof text);

	close(other);
	/* What was read first, and how much at a time, may cut it elsewhere. */
	return rest > 0 && length > READ &&
	       !memcmp(text, again + READ, rest < length - READ ? rest : length - READ);
}

static int same_file(int fd, const char *name)
{
	struct stat one, other;

	return !fstat(fd, &one) && !stat(name, &other) && one.st_ino == other.st_ino &&
	       one.st_dev == other.st_dev;
}

int main(int argc, char **argv)
{
	static const char *const kinds[] = { "net", "uts", "ipc", "mnt", "user", "pid" };
	int maps, info, stat, of_child, init, system_file, spaces[6], signal, status;
	char name[64], child_name[64];
	pid_t child;

	enter(argc, argv);
	child = fork();
	if (!child) {
		sigwait(&examination, &signal);
		_exit(0);
	}
	snprintf(child_name, sizeof child_name, "/proc/%d/status", child);
	maps = half_read("/proc/self/maps");
	stat = half_read("/proc/self/status");
	of_child = open(child_name, O_RDONLY);
	init = open("/proc/1/stat", O_RDONLY);
	system_file = half_read("/proc/filesystems");
	info = open("/proc/self/fdinfo/0", O_RDONLY);
	MUST(child > 0 && of_child >= 0 && init >= 0 && info >= 0 && read(info, text, 5) == 5);
	for (int i = 0; i < 6; i++) {
		snprintf(name, sizeof name, "/proc/self/ns/%s", kinds[i]);
		spaces[i] = open(name, O_RDONLY | O_CLOEXEC);
		MUST(spaces[i] >= 0);
	}
	await_examination();
	CHECK(lseek(maps, 0, SEEK_CUR) == READ && !lseek(maps, 0, SEEK_SET) &&
	      read(maps, text, READ) == READ);
	CHECK(lseek(stat, 0, SEEK_CUR) == READ && lseek(system_file, 0, SEEK_CUR) == READ);
	CHECK(goes_on(system_file, "/proc/filesystems"));
	CHECK(lseek(info, 0, SEEK_CUR) == 5 && read(info, text, 64) > 0);
	CHECK(same_file(init, "/proc/1/stat") && same_file(of_child, child_name));
	CHECK(read(of_child, text, sizeof text) > 0 && !memcmp(text, "Name:\tprocs", 11));
	for (int i = 0; i < 6; i++) {
		snprintf(name, sizeof name, "/proc/self/ns/%s", kinds[i]);
		CHECK(same_file(spaces[i], name) && fcntl(spaces[i], F_GETFD) == FD_CLOEXEC);
	}
	CHECK(!kill(child, SIGUSR1) && waitpid(child, &status, 0) == child && status == 0);
	tell_result();
}
