/* SPDX-License-Identifier: Apache-2.0
 *
 * A victim of many tasks, all of them pausing. star READY SHAPE N: star (N children), chain (N deep), threads (N of
 * them), leaderless (N threads, their leader exits), zombies (N), sockets (N of netlink), family (a bit of everything), clan (all of it). READY
 * is made when all are there.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *ready;

static void rest(void)
{
	for (;;)
		pause();
}

static void tell(void)
{
	close(open(ready, O_CREAT | O_WRONLY, 0600));
}

static void *thread(void *unused)
{
	rest();
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
	int done[2];
	char end;

	if (pipe(done))
		exit(1);
	for (int i = 0; i < n; i++) {
		if (fork()) {
			if (i == 0) {
				close(done[1]);
				if (read(done[0], &end, 1) < 0)
					exit(1);
				return;
			}
			close(done[1]);
			rest();
		}
	}
	close(done[1]);
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
		threads(2);
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

	ready = arguments[1];
	if (!strcmp(arguments[2], "star")) {
		star(n);
	} else if (!strcmp(arguments[2], "chain")) {
		chain(n);
	} else if (!strcmp(arguments[2], "threads")) {
		threads(n);
	} else if (!strcmp(arguments[2], "leaderless")) {
		threads(n);
		tell();
		pthread_exit(0);
	} else if (!strcmp(arguments[2], "zombies")) {
		zombies(n);
	} else if (!strcmp(arguments[2], "sockets")) {
		while (n--)
			if (socket(AF_NETLINK, SOCK_RAW, 0) < 0)
				exit(1);
	} else if (!strcmp(arguments[2], "family")) {
		family();
	} else if (!strcmp(arguments[2], "clan")) {
		clan();
	} else {
		return 1;
	}
	usleep(10000);
	tell();
	rest();
}
