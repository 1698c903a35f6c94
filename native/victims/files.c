/* SPDX-License-Identifier: Apache-2.0
 *
 * files DIR: opens files of many kinds in DIR, in a parent and its child, and shares some of them. Writes both pids to
 * DIR/ready and waits. Upon SIGUSR1 it looks whether all is as it was, and writes what is not, or PASS, to DIR/result.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define CONTENT 300000
#define CAPACITY (1 << 20)

static FILE *result;
static int faults;

#define CHECK(condition)                                                        \
	do {                                                                    \
		if (!(condition)) {                                             \
			fprintf(result, "line %d: %s\n", __LINE__, #condition); \
			faults++;                                               \
		}                                                               \
	} while (0)

enum {
	FILE_FD = 3,
	APPEND_FD,
	AGAIN_FD,
	READER_FD,
	WRITER_FD,
	COUNTER_FD,
	LARGE_FD,
	FIFO_FD,
	DIRECTORY_FD,
	PATH_FD
};
enum {
	FILE_COPY_FD = 20,
	AGAIN_COPY_FD = 30,
	LINK_FD = 40,
	NEW_READER_FD = 60,
	DEVICE_FD = 61
};

static char content[CONTENT];

static void move(int from, int to)
{
	if (from == to)
		return;
	if (dup2(from, to) != to)
		abort();
	close(from);
}

static void expect(int fd, int flags)
{
	int has = fcntl(fd, F_GETFL);

	if (has != flags) {
		fprintf(result, "fd %d: flags 0%o, expected 0%o\n", fd, has, flags);
		faults++;
	}
}

static void make(void)
{
	int ends[2];
	uint64_t large = 0xfffffffffffff00UL;

	move(open("file", O_CREAT | O_RDWR, 0600), FILE_FD);
	if (write(FILE_FD, "hello world\n", 12) != 12)
		abort();
	lseek(FILE_FD, 5, SEEK_SET);
	move(open("append", O_CREAT | O_WRONLY | O_APPEND, 0600), APPEND_FD);
	fcntl(APPEND_FD, F_SETFD, FD_CLOEXEC);
	if (write(APPEND_FD, "abc", 3) != 3)
		abort();
	move(open("file", O_RDONLY), AGAIN_FD);
	lseek(AGAIN_FD, 3, SEEK_SET);
	if (pipe2(ends, O_NONBLOCK))
		abort();
	move(ends[0], READER_FD);
	move(ends[1], WRITER_FD);
	fcntl(READER_FD, F_SETPIPE_SZ, CAPACITY);
	if (write(WRITER_FD, content, CONTENT) != CONTENT)
		abort();
	move(eventfd(3, EFD_SEMAPHORE | EFD_NONBLOCK), COUNTER_FD);
	move(eventfd(0, 0), LARGE_FD);
	if (write(LARGE_FD, &large, 8) != 8 || mkfifo("fifo", 0600))
		abort();
	move(open("fifo", O_RDWR | O_NONBLOCK), FIFO_FD);
	if (write(FIFO_FD, "fifo data", 9) != 9)
		abort();
	move(open(".", O_RDONLY | O_DIRECTORY), DIRECTORY_FD);
	move(open("file", O_PATH), PATH_FD);
	dup2(FILE_FD, FILE_COPY_FD);
	dup3(AGAIN_FD, AGAIN_COPY_FD, O_CLOEXEC);
	move(open("/proc/self/fd/6", O_RDONLY), NEW_READER_FD);
	move(open("/dev/zero", O_RDONLY), DEVICE_FD);
	fcntl(FILE_FD, F_SETSIG, SIGUSR2);
	fcntl(READER_FD, F_SETOWN, getpid());
}

static void check_files(void)
{
	char text[32];

	CHECK(lseek(FILE_FD, 0, SEEK_CUR) == 5);
	CHECK(lseek(FILE_COPY_FD, 1, SEEK_CUR) == 6 && lseek(FILE_FD, 0, SEEK_CUR) == 6);
	CHECK(lseek(AGAIN_FD, 0, SEEK_CUR) == 3);
	CHECK(lseek(AGAIN_COPY_FD, 1, SEEK_CUR) == 4 && lseek(AGAIN_FD, 0, SEEK_CUR) == 4);
	CHECK(read(AGAIN_FD, text, 5) == 5 && !memcmp(text, "o wor", 5));
	CHECK(lseek(APPEND_FD, 0, SEEK_SET) == 0 && write(APPEND_FD, "def", 3) == 3);
	CHECK(lseek(APPEND_FD, 0, SEEK_CUR) == 6);
	CHECK(fcntl(APPEND_FD, F_GETFD) == FD_CLOEXEC && fcntl(AGAIN_FD, F_GETFD) == 0);
	CHECK(fcntl(AGAIN_COPY_FD, F_GETFD) == FD_CLOEXEC);
	CHECK(faccessat(DIRECTORY_FD, "fifo", F_OK, 0) == 0);
	CHECK(read(PATH_FD, text, 1) == -1);
	CHECK(read(DEVICE_FD, text, 4) == 4 && !memcmp(text, "\0\0\0\0", 4));
	CHECK(fcntl(FILE_FD, F_GETSIG) == SIGUSR2 && fcntl(READER_FD, F_GETOWN) == getpid());
	expect(FILE_FD, O_RDWR | 0100000);
	expect(APPEND_FD, O_WRONLY | O_APPEND | 0100000);
}

static void check_pipes(void)
{
	char *read_back = malloc(CONTENT);
	char text[32];
	uint64_t value = 0;

	CHECK(fcntl(WRITER_FD, F_GETPIPE_SZ) == CAPACITY);
	expect(READER_FD, O_RDONLY | O_NONBLOCK);
	expect(WRITER_FD, O_WRONLY | O_NONBLOCK);
	expect(NEW_READER_FD, O_RDONLY | 0100000);
	CHECK(read(NEW_READER_FD, read_back, 1000) == 1000);
	CHECK(read(READER_FD, read_back + 1000, CONTENT - 1000) == CONTENT - 1000);
	CHECK(!memcmp(read_back, content, CONTENT));
	CHECK(read(READER_FD, text, 1) == -1);
	CHECK(read(FIFO_FD, text, sizeof text) == 9 && !memcmp(text, "fifo data", 9));
	expect(COUNTER_FD, O_RDWR | O_NONBLOCK);
	CHECK(read(COUNTER_FD, &value, 8) == 8 && value == 1);
	CHECK(read(LARGE_FD, &value, 8) == 8 && value == 0xfffffffffffff00UL);
}

static void await_signal(void)
{
	sigset_t set;
	int signal;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigwait(&set, &signal);
}

/* The link is a pipe of which the parent has the reader and the child the writer. */
static void child(int writer, int there)
{
	move(writer, LINK_FD);
	close(there);
	await_signal();
	lseek(FILE_COPY_FD, 9, SEEK_SET);
	_exit(write(LINK_FD, "from the child", 14) == 14 ? 0 : 1);
}

static void check_child(int pid)
{
	char text[32];
	int status = -1;

	kill(pid, SIGUSR1);
	CHECK(read(LINK_FD, text, sizeof text) == 14 && !memcmp(text, "from the child", 14));
	CHECK(waitpid(pid, &status, 0) == pid && status == 0);
	CHECK(read(LINK_FD, text, sizeof text) == 0);
	CHECK(lseek(FILE_FD, 0, SEEK_CUR) == 9);
	CHECK(umask(0) == 027);
	CHECK(access("fifo", F_OK) == 0);
}

int main(int argc, char **argv)
{
	sigset_t set;
	int ends[2], there[2], pid, nothing;
	FILE *ready;

	if (argc != 2 || chdir(argv[1]))
		return 2;
	setsid();
	umask(027);
	close_range(0, ~0U, 0);
	nothing = open("/dev/null", O_RDWR);
	dup2(nothing, 1);
	dup2(nothing, 2);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, 0);
	for (int i = 0; i < CONTENT; i++)
		content[i] = (char)(i * 7 + i / 251);
	make();
	if (pipe(ends) || pipe(there))
		return 2;
	pid = fork();
	if (!pid) {
		close(ends[0]);
		close(there[0]);
		child(ends[1], there[1]);
	}
	close(ends[1]);
	close(there[1]);
	if (read(there[0], content, 1) != 0)
		return 2;
	close(there[0]);
	move(ends[0], LINK_FD);
	ready = fopen("ready.new", "w");
	fprintf(ready, "%d %d\n", getpid(), pid);
	fclose(ready);
	rename("ready.new", "ready");
	await_signal();
	result = fopen("result.new", "w");
	check_files();
	check_pipes();
	check_child(pid);
	fprintf(result, faults ? "FAIL\n" : "PASS\n");
	fclose(result);
	rename("result.new", "result");
	return faults != 0;
}
