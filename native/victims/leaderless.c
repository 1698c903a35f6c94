/* SPDX-License-Identifier: Apache-2.0
 *
 * leaderless DIR: a process whose leader has exited, with a thread that reads from a pipe, and a child that has the other
 * end and shares a file with it. Writes the child's pid to DIR/ready. Upon SIGUSR1 the child moves the file's position
 * and writes to the pipe; then the thread writes what it has read, and the position, to DIR/result.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

static int ends[2], file;

static void *reader(void *unused)
{
	char text[16];
	int length = (int)read(ends[0], text, sizeof text);
	FILE *result = fopen("result.new", "w");

	fprintf(result, "%.*s %ld\n", length, text, (long)lseek(file, 0, SEEK_CUR));
	fclose(result);
	rename("result.new", "result");
	for (;;)
		pause();
	return unused;
}

static void act(int signal)
{
	(void)signal;
	lseek(file, 77, SEEK_SET);
	if (write(ends[1], "hello", 5) != 5)
		_exit(1);
}

int main(int argc, char **argv)
{
	pthread_t thread;
	FILE *ready;

	if (argc != 2 || chdir(argv[1]) || pipe(ends))
		return 2;
	file = open("file", O_CREAT | O_RDWR, 0600);
	if (!fork()) {
		close(ends[0]);
		signal(SIGUSR1, act);
		ready = fopen("ready.new", "w");
		fprintf(ready, "%d\n", getpid());
		fclose(ready);
		rename("ready.new", "ready");
		for (;;)
			pause();
	}
	close(ends[1]);
	pthread_create(&thread, 0, reader, 0);
	pthread_exit(0);
}
