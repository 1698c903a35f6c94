/* SPDX-License-Identifier: Apache-2.0
 *
 * ptys DIR: pseudo terminals whose masters it has: one that controls a child's session, with unread data in both
 * directions, one nobody has opened, and one that was hung up. Writes its pid to DIR/ready. Upon SIGUSR1 parent and child
 * look whether all is as it was, and the parent writes what is not, or PASS, to DIR/result.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

static FILE *result;
static int faults;

#define CHECK(condition)                                                                              \
	do {                                                                                          \
		if (!(condition)) {                                                                   \
			fprintf(result, "line %d: %s (%s)\n", __LINE__, #condition, strerror(errno)); \
			faults++;                                                                     \
		}                                                                                     \
	} while (0)

static char directory[4096];

static FILE *open_file(const char *name, const char *mode)
{
	char path[5000];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	file = fopen(path, mode);
	if (!file)
		exit(1);
	return file;
}

static int master(char *name)
{
	int fd = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
	int number;

	if (fd < 0 || ioctl(fd, TIOCGPTN, &number) || unlockpt(fd))
		exit(1);
	sprintf(name, "/dev/pts/%d", number);
	return fd;
}

static void raise_flag(const char *name)
{
	char from[5000];
	char to[5000];

	fclose(open_file("fresh", "w"));
	snprintf(from, sizeof(from), "%s/fresh", directory);
	snprintf(to, sizeof(to), "%s/%s", directory, name);
	if (rename(from, to))
		exit(1);
}

static void child(const char *name, sigset_t *wanted)
{
	struct termios settings;
	struct stat owned;
	char line[100] = "";
	int signal;
	int slave;
	int tty;

	setsid();
	slave = open(name, O_RDWR);
	tty = open("/dev/tty", O_RDWR);
	if (slave < 0 || tty < 0 || tcgetattr(slave, &settings))
		exit(1);
	if (fchown(slave, 12345, 54321))
		exit(1);
	settings.c_cc[VINTR] = 7;
	settings.c_oflag |= ONLCR;
	tcsetattr(slave, TCSANOW, &settings);
	if (write(slave, "unread\n", 7) != 7)
		exit(1);
	raise_flag("child-ready");
	sigwait(wanted, &signal);
	result = open_file("child", "w");
	CHECK(tcgetpgrp(slave) == getpid());
	CHECK(tcgetsid(tty) == getpid());
	CHECK(fstat(slave, &owned) == 0 && owned.st_uid == 12345 && owned.st_gid == 54321);
	CHECK(tcgetattr(tty, &settings) == 0 && settings.c_cc[VINTR] == 7);
	CHECK(read(tty, line, sizeof(line)) == 6 && !strcmp(line, "whole\n"));
	CHECK(fcntl(slave, F_SETFL, O_NONBLOCK) == 0);
	memset(line, 0, sizeof(line));
	CHECK(read(slave, line, sizeof(line)) < 0 && errno == EAGAIN);
	settings.c_lflag &= ~(ICANON | ECHO);
	CHECK(tcsetattr(slave, TCSANOW, &settings) == 0);
	CHECK(read(slave, line, sizeof(line)) == 4 && !strcmp(line, "part"));
	CHECK(write(tty, "bye", 3) == 3);
	fclose(result);
	_exit(faults);
}

int main(int argc, char **argv)
{
	struct winsize size = { 33, 101, 7, 9 };
	char first[100];
	char unopened[100];
	char hung[100];
	char buffer[100] = "";
	int masters[3];
	int on = 1;
	int status = -1;
	int signal;
	int gone;
	sigset_t wanted;
	pid_t pid;
	FILE *ready;

	if (argc != 2)
		return 2;
	strcpy(directory, argv[1]);
	sigemptyset(&wanted);
	sigaddset(&wanted, SIGUSR1);
	sigprocmask(SIG_BLOCK, &wanted, NULL);
	masters[0] = master(first);
	masters[1] = master(unopened);
	masters[2] = master(hung);
	gone = open(hung, O_RDWR | O_NOCTTY);
	if (write(gone, "left", 4) != 4)
		return 1;
	close(gone);
	ioctl(masters[0], TIOCSWINSZ, &size);
	ioctl(masters[1], TIOCPKT, &on);
	pid = fork();
	if (pid == 0)
		child(first, &wanted);
	for (;;) {
		char path[5000];

		snprintf(path, sizeof(path), "%s/child-ready", directory);
		if (!access(path, F_OK))
			break;
		usleep(1000);
	}
	if (write(masters[0], "whole\npart", 10) != 10)
		return 1;
	usleep(10000);
	ready = open_file("pid", "w");
	fprintf(ready, "%d %d\n", getpid(), pid);
	fclose(ready);
	raise_flag("ready");
	sigwait(&wanted, &signal);
	result = open_file("verdict", "w");
	memset(&size, 0, sizeof(size));
	CHECK(ioctl(masters[0], TIOCGWINSZ, &size) == 0 && size.ws_row == 33 && size.ws_col == 101 &&
	      size.ws_ypixel == 9);
	for (int i = 0; i < 3; i++) {
		char name[100];
		int number = -1;

		CHECK(ioctl(masters[i], TIOCGPTN, &number) == 0);
		sprintf(name, "/dev/pts/%d", number);
		CHECK(!strcmp(name, i == 0 ? first : i == 1 ? unopened : hung));
	}
	CHECK(read(masters[0], buffer, sizeof(buffer)) > 0);
	CHECK(strstr(buffer, "unread\r\n") == buffer);
	CHECK(ioctl(masters[1], TIOCGPKT, &on) == 0 && on == 1);
	{
		struct pollfd polled[2] = { { masters[1], POLLIN, 0 }, { masters[2], POLLIN, 0 } };

		CHECK(poll(polled, 2, 0) == 1 && polled[0].revents == 0 && (polled[1].revents & POLLHUP));
	}
	memset(buffer, 0, sizeof(buffer));
	CHECK(read(masters[2], buffer, sizeof(buffer)) == 4 && !strcmp(buffer, "left"));
	CHECK(read(masters[2], buffer, sizeof(buffer)) < 0 && errno == EIO);
	kill(pid, SIGUSR1);
	CHECK(waitpid(pid, &status, 0) == pid && status == 0);
	memset(buffer, 0, sizeof(buffer));
	for (int length = 0, got;
	     (got = (int)read(masters[0], buffer + length, sizeof(buffer) - 1 - (size_t)length)) > 0;)
		length += got;
	CHECK(strstr(buffer, "bye") != NULL);
	if (!faults)
		fprintf(result, "PASS\n");
	fclose(result);
	raise_flag("result");
	return 0;
}
