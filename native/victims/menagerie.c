/* SPDX-License-Identifier: Apache-2.0
 *
 * menagerie DIR LETTERS: has one thing of each kind that a letter stands for, makes DIR/ready and stands still. What the
 * kernel does not give is left out. For tests of what is told about a tree.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <linux/userfaultfd.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/fanotify.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096UL

static void *anonymous(int flags)
{
	char *at = mmap(0, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);

	if (at == MAP_FAILED)
		return 0;
	memset(at, 1, 4 * PAGE);
	return at;
}

static void *sleeper(void *unused)
{
	for (;;)
		pause();
	return unused;
}

static void files(char letter)
{
	int pair[2];
	int fd;

	switch (letter) {
	case 'a': /* a pipe with something in it */
		fd = pipe(pair) ? -1 : (int)write(pair[1], "x", 1);
		break;
	case 'b':
		eventfd(7, 0);
		break;
	case 'c':
		timerfd_create(CLOCK_MONOTONIC, 0);
		break;
	case 'd':
		epoll_create1(0);
		break;
	case 'e':
		if (!socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
			send(pair[0], "x", 1, 0);
		break;
	case 'f':
		socket(AF_INET, SOCK_STREAM, 0);
		break;
	case 'g':
		socket(AF_NETLINK, SOCK_RAW, 0);
		break;
	case 'h':
		socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
		break;
	case 'i':
		fd = inotify_init();
		inotify_add_watch(fd, ".", IN_CREATE);
		break;
	case 'j':
		fanotify_init(FAN_CLASS_NOTIF, O_RDONLY);
		break;
	case 'k':
		syscall(SYS_pidfd_open, getpid(), 0);
		break;
	case 'l': /* deleted, and one of which another link is left */
		fd = open("gone", O_CREAT | O_RDWR, 0600);
		unlink("gone");
		break;
	case 'm':
		fd = open("linked", O_CREAT | O_RDWR, 0600);
		fd = link("linked", "other") || unlink("linked");
		break;
	case 'n':
		fd = open("locked", O_CREAT | O_RDWR, 0600);
		flock(fd, LOCK_EX);
		break;
	case 'o':
		memfd_create("animal", 0);
		break;
	case 'p':
		posix_openpt(O_RDWR | O_NOCTTY);
		break;
	case 'q':
		open("/proc/1/status", O_RDONLY);
		break;
	default:
		break;
	}
}

static void memory(char letter)
{
	static aio_context_t context;
	struct uffdio_api api = { .api = UFFD_API };
	void *at;
	int fd;

	switch (letter) {
	case 'A':
		mlock(anonymous(0), PAGE);
		break;
	case 'B':
		syscall(SYS_mlock2, anonymous(0), PAGE, MLOCK_ONFAULT);
		break;
	case 'C':
		anonymous(MAP_HUGETLB);
		break;
	case 'D':
		fd = shmget(IPC_PRIVATE, PAGE, IPC_CREAT | 0600);
		shmat(fd, 0, 0);
		shmctl(fd, IPC_RMID, 0);
		break;
	case 'E':
		syscall(SYS_io_setup, 1, &context);
		break;
	case 'F':
		pkey_mprotect(anonymous(0), PAGE, PROT_READ, pkey_alloc(0, 0));
		break;
	case 'G':
		fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC);
		at = anonymous(0);
		if (fd >= 0 && at && !ioctl(fd, UFFDIO_API, &api)) {
			struct uffdio_register area = {
				.range = { (unsigned long)at, PAGE },
				.mode = UFFDIO_REGISTER_MODE_MISSING,
			};
			ioctl(fd, UFFDIO_REGISTER, &area);
		}
		break;
	case 'H':
		syscall(462 /* mseal */, anonymous(0), PAGE, 0);
		break;
	case 'I':
		fd = memfd_create("mapped", 0);
		if (!ftruncate(fd, PAGE))
			mmap(0, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
		break;
	case 'J':
		mmap(0, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
		break;
	case 'K':
		madvise(anonymous(0), PAGE, MADV_DONTFORK);
		break;
	case 'L':
		madvise(anonymous(0), PAGE, 102 /* MADV_GUARD_INSTALL */);
		break;
	default:
		break;
	}
}

static void task(char letter)
{
	/* size, policy, flags, nice, priority, runtime, deadline, period */
	unsigned long deadline[] = { 48 | 6UL << 32, 0, 0, 1000000, 10000000, 10000000 };
	struct sigevent event = { .sigev_notify = SIGEV_NONE };
	pthread_t thread;
	timer_t timer;

	switch (letter) {
	case '0':
		pthread_create(&thread, 0, sleeper, 0);
		break;
	case '1':
		timer_create(CLOCK_THREAD_CPUTIME_ID, &event, &timer);
		break;
	case '2':
		syscall(SYS_sched_setattr, 0, deadline, 0);
		break;
	case '3':
		if (!fork())
			sleeper(0);
		break;
	case '4':
		unshare(CLONE_NEWUTS);
		break;
	default:
		break;
	}
}

int main(int argc, char **argv)
{
	if (argc != 3 || chdir(argv[1]))
		return 2;
	for (const char *letter = argv[2]; *letter; letter++) {
		files(*letter);
		memory(*letter);
		task(*letter);
	}
	/* By another name first: when the file is there, it is not open any more. */
	close(open("ready.new", O_CREAT | O_WRONLY, 0600));
	if (rename("ready.new", "ready"))
		return 1;
	sleeper(0);
}
