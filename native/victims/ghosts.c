/* SPDX-License-Identifier: Apache-2.0
 *
 * ghosts DIR: holds files that have no name any more, open and mapped, in a parent and its child. Writes its pid to DIR/ready and
 * waits. Upon SIGUSR1 it looks whether all is as it was, and writes what is not, or PASS, to DIR/result.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "examined.h"

#define LARGE 3000000
#define END 5000000
#define PAGE 4096

static char content[LARGE], text[LARGE];

static int large, again, unnamed, replaced;
static char *shared, *own, *mapped;

static int make(const char *name, const char *words, int flags)
{
	int fd = open(name, O_CREAT | O_RDWR | flags, 0640);

	MUST(fd >= 0 && write(fd, words, strlen(words)) == (ssize_t)strlen(words));
	return fd;
}

static void make_all(void)
{
	int fd;

	large = make("large", "", 0);
	MUST(write(large, content, LARGE) == LARGE && !ftruncate(large, END) &&
	     lseek(large, 77, SEEK_SET) == 77);
	again = open("large", O_RDONLY);
	shared = mmap(0, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, large, PAGE);
	own = mmap(0, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, large, 0);
	MUST(again >= 0 && shared != MAP_FAILED && own != MAP_FAILED && lseek(again, 5, SEEK_SET) == 5);
	own[0] = 'o';
	shared[0] = 's';
	MUST(!unlink("large"));
	unnamed = open(".", O_TMPFILE | O_RDWR, 0600);
	MUST(unnamed >= 0 && write(unnamed, "no name", 7) == 7);
	replaced = make("replaced", "old", O_APPEND);
	MUST(!unlink("replaced"));
	close(make("replaced", "a new one", 0));
	fd = make("mapped", "only mapped", 0);
	MUST(!ftruncate(fd, PAGE));
	mapped = mmap(0, PAGE, PROT_READ, MAP_SHARED, fd, 0);
	MUST(mapped != MAP_FAILED && !unlink("mapped") && !close(fd));
}

static int is_deleted(int fd, const char *name)
{
	char link[64], target[4096] = "";
	const char *end;

	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	if (readlink(link, target, sizeof target - 1) < 0)
		return 0;
	end = strrchr(target, '/');
	return end && !strncmp(end + 1, name, strlen(name)) && strstr(target, " (deleted)");
}

static void check(void)
{
	struct stat status, other;

	CHECK(lseek(large, 0, SEEK_CUR) == 77 && lseek(again, 0, SEEK_CUR) == 5);
	CHECK(!fstat(large, &status) && !fstat(again, &other) && status.st_ino == other.st_ino);
	CHECK(status.st_nlink == 0 && status.st_size == END && (status.st_mode & 07777) == 0640);
	CHECK(status.st_blocks * 512 < END);
	CHECK(pread(large, text, LARGE, 0) == LARGE && text[PAGE] == 's');
	text[PAGE] = content[PAGE];
	CHECK(!memcmp(text, content, LARGE));
	CHECK(shared[0] == 's' && own[0] == 'o' && own[1] == content[1]);
	shared[1] = 't';
	CHECK(pread(again, text, 1, PAGE + 1) == 1 && text[0] == 't' && write(again, "x", 1) == -1);
	CHECK(is_deleted(large, "large") && is_deleted(replaced, "replaced"));
	CHECK(pread(unnamed, text, 8, 0) == 7 && !memcmp(text, "no name", 7) && write(unnamed, "!", 1) == 1);
	CHECK(pread(replaced, text, 4, 0) == 3 && !memcmp(text, "old", 3) && write(replaced, "er", 2) == 2);
	CHECK(pread(replaced, text, 8, 0) == 5);
	CHECK(!stat("replaced", &other) && other.st_size == 9 && stat("large", &other) == -1);
	CHECK(!strcmp(mapped, "only mapped"));
}

int main(int argc, char **argv)
{
	int signal, status;
	pid_t child;

	enter(argc, argv);
	for (int i = 0; i < LARGE; i++)
		content[i] = i * 7 + i / 251;
	make_all();
	child = fork();
	if (!child) {
		sigwait(&examination, &signal);
		_exit(shared[1] == 't' && lseek(large, 0, SEEK_CUR) == 77 ? 0 : 1);
	}
	await_examination();
	check();
	CHECK(!kill(child, SIGUSR1) && waitpid(child, &status, 0) == child && status == 0);
	tell_result();
}
