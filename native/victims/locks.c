/* SPDX-License-Identifier: Apache-2.0
 *
 * locks DIR: a process and three children with locks of all kinds, made at random by the number in DIR/seed, on files and
 * descriptions of which some are shared. See examined.h; the test compares what the kernel shows of the locks.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>

#include "examined.h"

#define CHILDREN 3
#define FILES 4
#define SHARED 3
#define STEPS 40

static int fds[SHARED + 2 * FILES];
static int count, leased, broken, alarms;
static unsigned seed;

static int pick(int among)
{
	seed = seed * 1103515245 + 12345;
	return (int)(seed >> 16) % among;
}

static int open_one(int file)
{
	char name[16];
	int fd;

	snprintf(name, sizeof name, "file%d", file);
	fd = open(name, O_CREAT | O_RDWR, 0600);
	MUST(fd >= 0);
	return fd;
}

/* Whoever finds a lock in his way does without. */
static void step(void)
{
	static const short types[] = { F_RDLCK, F_WRLCK, F_RDLCK, F_UNLCK };
	static const int operations[] = { LOCK_SH, LOCK_EX, LOCK_UN };
	struct flock range = { .l_type = types[pick(4)], .l_start = pick(60), .l_len = pick(30) };
	int fd = fds[pick(count)];

	switch (pick(3)) {
	case 0:
		fcntl(fd, F_SETLK, &range);
		break;
	case 1:
		fcntl(fd, F_OFD_SETLK, &range);
		break;
	default:
		flock(fd, operations[pick(3)] | LOCK_NB);
	}
}

static void lock_all(void)
{
	for (int i = 0; i < 2 * FILES; i++)
		fds[count++] = open_one(i % FILES);
	for (int i = 0; i < STEPS; i++)
		step();
}

static void alarmed(int signal)
{
	(void)signal;
	alarms++;
}

/* One that stands, and one that somebody wants to be given up: its holder has been told, once. */
static void lease(void)
{
	int reader;

	signal(SIGIO, alarmed);
	close(open("leased", O_CREAT | O_RDWR, 0600));
	close(open("broken", O_CREAT | O_RDWR, 0600));
	leased = open("leased", O_RDWR);
	broken = open("broken", O_RDONLY);
	reader = open("broken", O_RDONLY);
	MUST(!fcntl(leased, F_SETLEASE, F_WRLCK) && !fcntl(broken, F_SETLEASE, F_RDLCK));
	MUST(!fcntl(reader, F_SETLEASE, F_RDLCK) && !fcntl(reader, F_SETLEASE, F_UNLCK) && !close(reader));
	MUST(open("broken", O_WRONLY | O_NONBLOCK) == -1 && errno == EWOULDBLOCK && alarms == 1);
}

static void check(void)
{
	int fd;

	CHECK(alarms == 1);
	CHECK(fcntl(leased, F_GETLEASE) == F_WRLCK && fcntl(broken, F_GETLEASE) == F_UNLCK);
	CHECK(open("broken", O_WRONLY | O_NONBLOCK) == -1 && errno == EWOULDBLOCK);
	CHECK(!fcntl(broken, F_SETLEASE, F_UNLCK) && (fd = open("broken", O_WRONLY | O_NONBLOCK)) >= 0);
	CHECK(alarms == 1);
	CHECK(open("leased", O_RDONLY | O_NONBLOCK) == -1 && errno == EWOULDBLOCK && alarms == 2);
	CHECK(fcntl(leased, F_GETLEASE) == F_RDLCK);
}

int main(int argc, char **argv)
{
	int ends[2], status, ready;
	FILE *file;
	char one;

	enter(argc, argv);
	file = fopen("seed", "r");
	MUST(file && fscanf(file, "%u", &seed) == 1 && !fclose(file) && !pipe(ends));
	ready = ends[0];
	for (count = 0; count < SHARED; count++)
		fds[count] = open_one(count);
	for (int i = 0; i < CHILDREN; i++) {
		if (!fork()) {
			seed += 7919 * (i + 1);
			lock_all();
			MUST(write(ends[1], "x", 1) == 1);
			for (;;)
				pause();
		}
	}
	lock_all();
	lease();
	for (int i = 0; i < CHILDREN; i++)
		MUST(read(ready, &one, 1) == 1);
	await_examination();
	check();
	signal(SIGTERM, SIG_IGN);
	kill(0, SIGTERM);
	while (wait(&status) > 0)
		;
	tell_result();
}
