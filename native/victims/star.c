/* SPDX-License-Identifier: Apache-2.0
 *
 * A victim of many tasks, all of them pausing. star READY SHAPE N: star (N children), chain (N deep), threads (N of
 * them), leaderless (N threads, their leader exits), zombies (N), userfaults (N userfaultfds), family (a bit of everything), clan (all of it). READY
 * is made when all are there.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *ready;
/* Whoever is where he will stay closes it; when all have, the first process reads its end. */
static int done[2];

static void in_place(void)
{
	close(done[0]);
	close(done[1]);
}

static void stay(void)
{
	for (;;)
		pause();
}

static void rest(void)
{
	in_place();
	stay();
}

/* By another name first: when the file is there, it is not open any more. */
static void tell(void)
{
	char name[4096];

	strcpy(name, ready);
	strcat(name, ".new");
	close(open(name, O_CREAT | O_WRONLY, 0600));
	if (rename(name, ready))
		exit(1);
}

static void *thread(void *unused)
{
	stay();
	return unused;
}

/* A thread that outlives its leader, and says so once that one is dead. */
static void *heir(void *unused)
{
	char state[512] = "";

	while (!strstr(state, ") Z")) {
		int stat = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);

		usleep(100);
		if (stat < 0 || read(stat, state, sizeof(state) - 1) < 0)
			exit(1);
		close(stat);
	}
	in_place();
	stay();
	return unused;
}

static void threads(int n)
{
	pthread_attr_t attributes;
	pthread_t made;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, 65536);
	for (int i = 0; i < n; i++)
		if (pthread_create(&made, &attributes, thread, 0))
			exit(1);
}

static void star(int n)
{
	for (int i = 0; i < n; i++)
		if (!fork())
			rest();
}

static void chain(int n)
{
	for (int i = 0; i < n; i++) {
		if (!fork())
			continue;
		if (i > 0)
			rest();
		return;
	}
	if (n > 0)
		rest();
}

static void zombies(int n)
{
	for (int i = 0; i < n; i++) {
		pid_t child = fork();
		siginfo_t info;

		if (!child)
			_exit(200 + i);
		waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT);
	}
}

static void family(void)
{
	if (!fork()) {
		setsid();
		rest();
	}
	if (!fork()) {
		setpgid(0, 0);
		star(1);
		threads(2);
		rest();
	}
	zombies(1);
	if (!fork()) {
		pthread_t made;

		threads(1);
		pthread_create(&made, 0, heir, 0);
		pthread_exit(0); /* a dead leader, its threads live on */
	}
}

/* A family with a pipe that has something in it, a session whose leader has gone, and a child killed by a signal. */
static void clan(void)
{
	int ends[2];

	prctl(PR_SET_CHILD_SUBREAPER, 1);
	if (pipe(ends) || write(ends[1], "kept", 4) != 4)
		exit(1);
	if (!fork()) {
		setsid();
		if (!fork()) {
			setpgid(0, 0);
			rest();
		}
		if (!fork())
			rest();
		_exit(3);
	}
	if (!fork())
		raise(SIGKILL);
	family();
	close(ends[1]);
}

int main(int count, char **arguments)
{
	int n = count > 3 ? atoi(arguments[3]) : 0;
	char end;

	ready = arguments[1];
	if (pipe(done))
		return 1;
	if (!strcmp(arguments[2], "star")) {
		star(n);
	} else if (!strcmp(arguments[2], "chain")) {
		chain(n);
	} else if (!strcmp(arguments[2], "threads")) {
		threads(n);
	} else if (!strcmp(arguments[2], "leaderless")) {
		threads(n);
		in_place();
		tell();
		pthread_exit(0);
	} else if (!strcmp(arguments[2], "zombies")) {
		zombies(n);
	} else if (!strcmp(arguments[2], "userfaults")) {
		while (n--)
			if (syscall(SYS_userfaultfd, 0) < 0)
				exit(1);
	} else if (!strcmp(arguments[2], "family")) {
		family();
	} else if (!strcmp(arguments[2], "clan")) {
		clan();
	} else {
		return 1;
	}
	close(done[1]);
	if (read(done[0], &end, 1))
		return 1;
	close(done[0]);
	tell();
	stay();
}
