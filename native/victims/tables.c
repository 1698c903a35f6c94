/* SPDX-License-Identifier: Apache-2.0
 *
 * tables DIR: a process, its child and its grandchild have one descriptor table; a second child has a copy. All have mapped a
 * file and set memory of their own. Upon SIGUSR1 it looks whether what one opens or closes is open or closed for those, and only those.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "examined.h"

#define FILE_FD 10
#define NEW_FD 20
#define LATE_FD 30

static volatile char *mapped, *own;
static int pipes[2];

static pid_t make(int flags)
{
	pid_t child = syscall(SYS_clone, flags | SIGCHLD, 0, 0, 0, 0);

	MUST(child >= 0);
	return child;
}

static int is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

/* Whether FILE_FD is what all had, and NEW_FD as it should be. */
static int is_well(int shares, char mark)
{
	char byte;

	return mapped[0] == 'm' && own[0] == mark && pread(FILE_FD, &byte, 1, 0) == 1 && byte == 'm' &&
	       is_open(NEW_FD) == shares && write(pipes[1], &mark, 1) == 1;
}

static _Noreturn void live(int shares, char mark, pid_t below)
{
	int signal, status;

	own[0] = mark;
	sigwait(&examination, &signal);
	if (below && (kill(below, SIGUSR1) || waitpid(below, &status, 0) != below || status))
		_exit(2);
	if (!is_well(shares, mark))
		_exit(1);
	if (shares && !below)
		close(NEW_FD), dup2(FILE_FD, NEW_FD), dup2(FILE_FD, LATE_FD);
	_exit(0);
}

static pid_t family(void)
{
	pid_t child = make(CLONE_FILES), grandchild;

	if (child)
		return child;
	grandchild = make(CLONE_FILES);
	if (!grandchild)
		live(1, 'g', 0);
	live(1, 'c', grandchild);
}

int main(int argc, char **argv)
{
	int status, fd;
	char text[8] = "";
	pid_t child, copied;

	enter(argc, argv);
	fd = open("file", O_CREAT | O_RDWR, 0600);
	MUST(fd >= 0 && write(fd, "m 456", 5) == 5 && dup2(fd, FILE_FD) == FILE_FD && !close(fd));
	mapped = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, FILE_FD, 0);
	own = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	MUST(mapped != MAP_FAILED && own != MAP_FAILED && !pipe(pipes));
	child = family();
	copied = make(0);
	if (!copied)
		live(0, 'f', 0);
	own[0] = 'r';
	await_examination();
	fd = open("file", O_RDONLY);
	CHECK(dup2(fd, NEW_FD) == NEW_FD && !close(fd));
	CHECK(!kill(copied, SIGUSR1) && waitpid(copied, &status, 0) == copied && status == 0);
	CHECK(!kill(child, SIGUSR1) && waitpid(child, &status, 0) == child && status == 0);
	CHECK(is_open(NEW_FD) && is_open(LATE_FD) && lseek(LATE_FD, 0, SEEK_CUR) == 5);
	CHECK(read(pipes[0], text, 8) == 3 && !strcmp(text, "fgc") && own[0] == 'r');
	/* Nothing of the restore is left open in any of them. */
	for (fd = 3; fd < 1024; fd++)
		CHECK(!is_open(fd) || fd == FILE_FD || fd == NEW_FD || fd == LATE_FD || fd == pipes[0] ||
		      fd == pipes[1] || fd == fileno(result));
	tell_result();
}
