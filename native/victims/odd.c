/* SPDX-License-Identifier: Apache-2.0
 *
 * odd KIND DIR: opens one thing of that kind, as descriptor 10 where it is one, makes DIR/ready and stands still. What
 * cannot be saved, for tests of refusals.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define FD 10

static int rest(void *unused)
{
	for (;;)
		pause();
	return unused != 0;
}

static void sibling(int flags)
{
	static char stack[65536];

	if (clone(rest, stack + sizeof stack, flags | SIGCHLD, 0) < 0)
		abort();
}

static int lock(int command, int type, int pid)
{
	struct flock all = { .l_type = (short)type, .l_pid = pid };
	int fd = open("locked", O_CREAT | O_RDWR, 0600);

	/* Closing any descriptor of the file would release the lock: it gets its number first. */
	dup2(fd, FD);
	close(fd);
	if (fcntl(FD, command, &all))
		abort();
	return FD;
}

static int removed(int fd, const char *name)
{
	unlink(name);
	return fd;
}

/* The second link keeps the old file from being "deleted". */
static int renamed(void)
{
	int fd = open("renamed", O_CREAT | O_RDWR, 0600);

	if (link("renamed", "other"))
		abort();
	return removed(fd, "renamed");
}

/* One that the process is not in any more. */
static int left_namespace(int fd)
{
	if (unshare(CLONE_NEWUTS))
		abort();
	return fd;
}

/* Of a process that is neither of the tree nor init. */
static int foreign(void)
{
	char name[64];

	snprintf(name, sizeof name, "/proc/%d/stat", getppid());
	return open(name, O_RDONLY);
}

static int flocked(int fd)
{
	if (flock(fd, LOCK_EX))
		abort();
	return fd;
}

static int leased(int fd)
{
	if (fcntl(fd, F_SETLEASE, F_WRLCK))
		abort();
	return fd;
}

static int owned(int fd)
{
	if (fcntl(fd, F_SETOWN, 1))
		abort();
	return fd;
}

static int packets(void)
{
	int ends[2];

	if (pipe2(ends, O_DIRECT) || write(ends[1], "a", 1) != 1)
		abort();
	dup2(ends[0], 11);
	return ends[1];
}

static int gone(void)
{
	mkdir("gone", 0700);
	if (chdir("gone") || rmdir("../gone"))
		abort();
	return -1;
}

/*
 * The first terminal that a session's leader opens becomes the session's. An orphan outside of the tree has the master,
 * until the slave is closed.
 */
static int controlling(void)
{
	int master = open("/dev/ptmx", O_RDWR | O_NOCTTY);
	int slave;
	pid_t child;

	if (unlockpt(master) || (slave = open(ptsname(master), O_RDWR)) < 0 || (child = fork()) < 0)
		abort();
	if (child == 0) {
		struct pollfd polled = { master, 0, 0 };

		if (fork())
			_exit(0);
		setsid();
		for (int fd = 0; fd < 64; fd++) {
			if (fd != master)
				close(fd);
		}
		while (!(polled.revents & POLLHUP))
			poll(&polled, 1, -1);
		_exit(0);
	}
	waitpid(child, NULL, 0);
	close(master);
	return slave;
}

/* Watches a file that only a child has open, who does not have the set. */
static int lose(void)
{
	struct epoll_event event = { .events = EPOLLIN };
	int ends[2], set;

	if (pipe(ends))
		return -1;
	if (!fork())
		pause();
	set = epoll_create1(0);
	if (set < 0 || epoll_ctl(set, EPOLL_CTL_ADD, ends[0], &event))
		return -1;
	close(ends[0]);
	return set;
}

/* The kernel's answer to an empty request, which nobody reads. */
static int asked(void)
{
	unsigned int request[4] = { sizeof request, 1 << 16 | 0xff };
	int fd = socket(AF_NETLINK, SOCK_RAW, 0);

	if (fd < 0 || send(fd, request, sizeof request, 0) != sizeof request)
		abort();
	return fd;
}

/* A descriptor on its way through a socket. */
static int pass(void)
{
	int ends[2], sent = inotify_init();
	char room[CMSG_SPACE(sizeof sent)] = { 0 };
	struct iovec data = { .iov_base = "x", .iov_len = 1 };
	struct msghdr message = {
		.msg_iov = &data, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof room
	};
	struct cmsghdr *header = (struct cmsghdr *)room;

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof sent);
	memcpy(CMSG_DATA(header), &sent, sizeof sent);
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) || sendmsg(ends[1], &message, 0) != 1)
		return -1;
	close(sent);
	return ends[0];
}

static int make(const char *kind)
{
	sigset_t none;

	sigemptyset(&none);
	if (!strcmp(kind, "socket"))
		return socket(AF_VSOCK, SOCK_STREAM, 0);
	if (!strcmp(kind, "answer"))
		return asked();
	if (!strcmp(kind, "passed"))
		return pass();
	if (!strcmp(kind, "lost target"))
		return lose();
	if (!strcmp(kind, "inotify"))
		return inotify_init();
	if (!strcmp(kind, "outside pidfd"))
		return (int)syscall(SYS_pidfd_open, 1, 0);
	if (!strcmp(kind, "memfd"))
		return memfd_create("memory", 0);
	if (!strcmp(kind, "namespace"))
		return left_namespace(open("/proc/self/ns/uts", O_RDONLY));
	if (!strcmp(kind, "large deleted")) {
		int fd = open("deleted", O_CREAT | O_RDWR, 0600);

		return fallocate(fd, 0, 0, 65 << 20) ? -1 : removed(fd, "deleted");
	}
	if (!strcmp(kind, "renamed"))
		return renamed();
	if (!strcmp(kind, "flock"))
		return flocked(open("locked", O_CREAT | O_RDWR, 0600));
	if (!strcmp(kind, "posix lock"))
		return lock(F_SETLK, F_WRLCK, 0);
	if (!strcmp(kind, "open file lock"))
		return lock(F_OFD_SETLK, F_WRLCK, 0);
	if (!strcmp(kind, "lease"))
		return leased(open("locked", O_CREAT | O_RDWR, 0600));
	if (!strcmp(kind, "outside owner"))
		return owned(eventfd(0, 0));
	if (!strcmp(kind, "written proc file"))
		return open("/proc/self/oom_score_adj", O_RDWR);
	if (!strcmp(kind, "foreign proc file"))
		return foreign();
	if (!strcmp(kind, "packets"))
		return packets();
	if (!strcmp(kind, "controlling terminal"))
		return controlling();
	if (!strcmp(kind, "kernel log"))
		return open("/dev/kmsg", O_RDONLY | O_NONBLOCK);
	if (!strcmp(kind, "gone directory"))
		return gone();
	if (!strcmp(kind, "shared table"))
		sibling(CLONE_FILES), sibling(CLONE_FILES), unshare(CLONE_FILES);
	else if (!strcmp(kind, "shared context"))
		sibling(CLONE_FS);
	else if (strcmp(kind, "nothing"))
		abort();
	return -1;
}

int main(int argc, char **argv)
{
	int here, fd;

	if (argc != 3 || chdir(argv[2]))
		return 2;
	here = open(".", O_PATH);
	fd = make(argv[1]);
	if (fd >= 0 && fd != FD) {
		dup2(fd, FD);
		close(fd);
	}
	close(openat(here, "ready", O_CREAT | O_RDWR, 0600));
	close(here);
	rest(0);
}
