/* SPDX-License-Identifier: Apache-2.0
 *
 * memfds DIR: holds memory files, open in several ways, mapped, sealed, in a parent and its children. See examined.h.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "examined.h"

#define PAGE 4096
#define SIZE (5 * PAGE + 77)

static int plain, reader, appender, sealed, future, mapped, childs;
static char *window;

static int reopen(int fd, int flags)
{
	char name[64];

	snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
	return open(name, flags);
}

static int make(const char *name, const char *text, unsigned flags)
{
	int fd = memfd_create(name, flags);

	MUST(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	return fd;
}

static void make_all(void)
{
	plain = make("plain", "a file in memory", MFD_CLOEXEC);
	MUST(!ftruncate(plain, SIZE) && pwrite(plain, "end", 3, SIZE - 3) == 3 &&
	     lseek(plain, 9, SEEK_SET) == 9);
	reader = reopen(plain, O_RDONLY);
	appender = reopen(plain, O_WRONLY | O_APPEND);
	MUST(reader >= 0 && appender >= 0 && lseek(reader, 2, SEEK_SET) == 2 && !fchmod(plain, 0640));
	sealed = make("sealed with blanks", "seal", MFD_ALLOW_SEALING);
	MUST(!fcntl(sealed, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL));
	future = make("future", "written", MFD_ALLOW_SEALING);
	MUST(!fcntl(future, F_ADD_SEALS, F_SEAL_FUTURE_WRITE));
	mapped = make("mapped", "both", 0);
	MUST(!ftruncate(mapped, 3 * PAGE));
	window = mmap(0, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, mapped, PAGE);
	MUST(window != MAP_FAILED);
	strcpy(window, "window");
}

static int is(int fd, off_t at, const char *text)
{
	char found[64] = "";

	return pread(fd, found, strlen(text), at) == (ssize_t)strlen(text) && !strcmp(found, text);
}

static ino_t inode(int fd)
{
	struct stat status;

	return fstat(fd, &status) ? 0 : status.st_ino;
}

static int is_named(int fd, const char *name)
{
	char link[64], target[256] = "";

	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	return readlink(link, target, sizeof target - 1) > 0 && !strcmp(target, name);
}

static void check(void)
{
	struct stat status;

	CHECK(!fstat(plain, &status) && status.st_size == SIZE && (status.st_mode & 07777) == 0640);
	CHECK(status.st_blocks * 512 == 2 * PAGE);
	CHECK(inode(plain) == inode(reader) && inode(plain) == inode(appender));
	CHECK(is(reader, 0, "a file in memory") && is(plain, SIZE - 3, "end"));
	CHECK(lseek(plain, 0, SEEK_CUR) == 9 && lseek(reader, 0, SEEK_CUR) == 2);
	CHECK(fcntl(plain, F_GETFD) == FD_CLOEXEC && fcntl(reader, F_GETFD) == 0);
	CHECK(write(reader, "x", 1) == -1 && write(appender, "!", 1) == 1 && is(plain, SIZE, "!"));
	CHECK(fcntl(plain, F_GET_SEALS) == F_SEAL_SEAL && is_named(plain, "/memfd:plain (deleted)"));
	CHECK(fcntl(sealed, F_GET_SEALS) == (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL));
	CHECK(write(sealed, "x", 1) == -1 && errno == EPERM && is(sealed, 0, "seal"));
	CHECK(is_named(sealed, "/memfd:sealed with blanks (deleted)"));
	CHECK(fcntl(future, F_GET_SEALS) == F_SEAL_FUTURE_WRITE && write(future, "x", 1) == -1);
	CHECK(is(future, 0, "written"));
	CHECK(is(mapped, 0, "both") && is(mapped, PAGE, "window"));
	CHECK(pwrite(mapped, "W", 1, PAGE) == 1 && !strcmp(window, "Window"));
	CHECK(is(childs, 0, "of a child"));
}

/* It has the first one only mapped, the second only open. */
static void child(int other)
{
	char *view = mmap(0, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, childs, 0);
	int signal;

	MUST(view != MAP_FAILED && !close(childs) && !munmap(window, 2 * PAGE) && !close(plain));
	MUST(!close(future));
	sigwait(&examination, &signal);
	_exit(!strcmp(view, "of a child") && is(other, 0, "both") && is(reader, 0, "a file") ? 0 : 1);
}

int main(int argc, char **argv)
{
	int status;
	pid_t pid;

	enter(argc, argv);
	make_all();
	childs = make("child", "of a child", 0);
	pid = fork();
	if (!pid)
		child(mapped);
	await_examination();
	check();
	CHECK(!kill(pid, SIGUSR1) && waitpid(pid, &status, 0) == pid && status == 0);
	tell_result();
}
