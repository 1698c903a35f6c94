/* SPDX-License-Identifier: Apache-2.0
 *
 * pidfds DIR: holds pidfds of itself, of a child, of a thread, of a zombie, and of children that are dead and reaped. See
 * examined.h.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "examined.h"

#ifndef PIDFD_THREAD
#define PIDFD_THREAD O_EXCL
#endif

static int own, nonblocking, childs, zombies, again, dead, shared, other, threads;
static pid_t child, zombie, tid;

static int handle(pid_t pid, unsigned flags)
{
	int fd = (int)syscall(SYS_pidfd_open, pid, flags);

	MUST(fd >= 0);
	return fd;
}

static int send(int fd, int signal)
{
	return (int)syscall(SYS_pidfd_send_signal, fd, signal, 0, 0);
}

static void *rest(void *ready)
{
	tid = (pid_t)syscall(SYS_gettid);
	MUST(write(*(int *)ready, "x", 1) == 1);
	for (;;)
		pause();
}

/* The child must not be reaped before it has its handles. */
static pid_t start(int code)
{
	pid_t pid = fork();

	if (!pid) {
		if (code < 0)
			for (;;)
				pause();
		_exit(code);
	}
	return pid;
}

static long number(int fd, const char *key)
{
	char name[64], line[256];
	long value = -7;
	FILE *file;

	snprintf(name, sizeof name, "/proc/self/fdinfo/%d", fd);
	file = fopen(name, "r");
	while (file && fgets(line, sizeof line, file)) {
		if (!strncmp(line, key, strlen(key)))
			value = strtol(line + strlen(key), 0, key[0] == 'f' ? 8 : 10);
	}
	if (file)
		fclose(file);
	return value;
}

static int ended(int fd)
{
	struct pollfd one = { fd, POLLIN, 0 };

	return poll(&one, 1, 0) == 1 && (one.revents & POLLIN);
}

static unsigned long inode(int fd)
{
	struct stat status;

	return fstat(fd, &status) ? 0 : status.st_ino;
}

static void check(void)
{
	siginfo_t info = { 0 };
	int status;

	CHECK(number(own, "Pid:") == getpid() && number(childs, "Pid:") == child);
	CHECK(number(nonblocking, "Pid:") == child && (fcntl(nonblocking, F_GETFL) & O_NONBLOCK));
	CHECK(waitid(P_PIDFD, (id_t)nonblocking, &info, WEXITED) == -1 && errno == EAGAIN);
	CHECK(number(threads, "Pid:") == tid && (number(threads, "flags:") & PIDFD_THREAD));
	CHECK(fcntl(childs, F_GETFD) == 0 && fcntl(own, F_GETFD) == FD_CLOEXEC);
	CHECK(!ended(own) && !ended(childs) && !ended(threads));
	CHECK(ended(zombies) && number(zombies, "Pid:") == zombie);
	CHECK(number(dead, "Pid:") == -1 && ended(dead) && ended(again) && ended(other));
	CHECK(send(dead, 0) == -1 && errno == ESRCH);
	CHECK(inode(dead) == inode(again) && inode(dead) != inode(other) && inode(dead) == inode(shared));
	CHECK(fcntl(again, F_GETFL) & O_NONBLOCK);
	CHECK(!waitid(P_PIDFD, (id_t)zombies, &info, WEXITED) && info.si_status == 7);
	CHECK(!send(childs, SIGTERM) && waitpid(child, &status, 0) == child && WTERMSIG(status) == SIGTERM);
	CHECK(ended(childs) && ended(nonblocking) && number(childs, "Pid:") == -1);
}

int main(int argc, char **argv)
{
	int ends[2], gone, further;
	pthread_t thread;
	char one;

	enter(argc, argv);
	MUST(!pipe(ends) && !pthread_create(&thread, 0, rest, &ends[1]) && read(ends[0], &one, 1) == 1);
	own = handle(getpid(), 0);
	threads = handle(tid, PIDFD_THREAD);
	gone = start(3);
	dead = handle(gone, 0);
	again = handle(gone, O_NONBLOCK);
	further = start(4);
	other = handle(further, 0);
	MUST(waitpid(gone, 0, 0) == gone && waitpid(further, 0, 0) == further);
	shared = dup(dead);
	child = start(-1);
	childs = handle(child, 0);
	nonblocking = handle(child, O_NONBLOCK);
	zombie = start(7);
	zombies = handle(zombie, 0);
	MUST(!fcntl(childs, F_SETFD, 0));
	while (!ended(zombies))
		usleep(1000);
	await_examination();
	check();
	tell_result();
}
