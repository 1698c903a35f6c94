/* SPDX-License-Identifier: Apache-2.0
 *
 * forest SEED TASKS READY: grows a random but possible process tree of about TASKS tasks: forks, sessions, groups, threads,
 * zombies of every kind, orphans, leaders that exit before their threads. Every task gets random state of its own. Then
 * it creates the file READY and stands still. One process acts at a time: it holds a token in shared memory, does one
 * thing, and hands the token to another living process. The shared memory is the file READY.map.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#define MOST 4096

struct shared {
	volatile uint32_t state; /* of the random generator */
	volatile int holder;	 /* index of the process that may act; -1: all decorate and stand still */
	volatile int count;	 /* processes ever made */
	volatile int tasks;	 /* tasks made so far */
	volatile int settled;
	struct {
		volatile pid_t pid;
		volatile int alive;
		volatile int threads;
	} process[MOST];
};

static struct shared *forest;
static int self;
static int wanted;

static uint32_t any(uint32_t bound)
{
	uint32_t x = forest->state;

	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	forest->state = x;
	return x % bound;
}

static void on_signal(int signal)
{
	(void)signal;
}

/* Everything /proc tells about a task and a dump must bring back. Uses its own generator: tasks decorate at once. */
static void decorate(uint32_t seed)
{
	static const char *const folders[] = { "/", "/tmp", "/usr", "/etc", "/proc" };
	uint32_t x = seed * 2654435761u + 12345;
	sigset_t blocked;
	char name[16];
#define NEXT(bound) (x = x * 1664525u + 1013904223u, (x >> 8) % (bound))

	sigemptyset(&blocked);
	for (int i = 0; i < 4; i++)
		sigaddset(&blocked, SIGRTMIN + 2 + (int)NEXT(20));
	if (NEXT(2))
		sigaddset(&blocked, SIGCHLD);
	pthread_sigmask(SIG_BLOCK, &blocked, 0);
	for (int i = 0, n = (int)NEXT(4); i < n; i++) {
		int signal = SIGRTMIN + 2 + (int)NEXT(20);

		if (sigismember(&blocked, signal))
			pthread_kill(pthread_self(), signal);
	}
	snprintf(name, sizeof(name), "t%u (%u) x", seed % 1000, NEXT(100));
	prctl(PR_SET_NAME, name);
	if (syscall(SYS_gettid) != getpid())
		return;
	if (NEXT(2))
		kill(getpid(), SIGUSR1);
	for (int i = 0; i < 5; i++) {
		int signal = SIGRTMIN + 2 + (int)NEXT(20);
		struct sigaction action = { .sa_handler = NEXT(2) ? on_signal : SIG_IGN,
					    .sa_flags = NEXT(2) ? SA_RESTART : SA_NODEFER };

		sigaction(signal, &action, 0);
	}
	setpriority(PRIO_PROCESS, 0, (int)NEXT(10));
	umask(NEXT(0777));
	if (chdir(folders[NEXT(4)]))
		_exit(9);
	if (NEXT(3) == 0) {
		struct itimerval timer = { { 5000 + NEXT(100), 0 }, { 4000 + NEXT(100), 0 } };

		setitimer(ITIMER_REAL, &timer, 0);
	}
}

static void stand_still(void)
{
	for (;;)
		pause();
}

static void *thread_main(void *argument)
{
	uint32_t seed = (uint32_t)(uintptr_t)argument;
	struct shared *before = forest;

	while (before->holder >= 0)
		usleep(1000);
	decorate(seed);
	__atomic_add_fetch(&before->settled, 1, __ATOMIC_SEQ_CST);
	stand_still();
	return 0;
}

static void start_thread(void)
{
	pthread_attr_t attributes;
	pthread_t thread;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, 65536);
	if (!pthread_create(&thread, &attributes, thread_main, (void *)(uintptr_t)(any(1000000) + 1))) {
		forest->process[self].threads++;
		forest->tasks++;
	}
}

static void pass_token(void)
{
	int next;

	do
		next = (int)any((uint32_t)forest->count);
	while (!forest->process[next].alive);
	__atomic_store_n(&forest->holder, next, __ATOMIC_SEQ_CST);
}

static void leave(void)
{
	static const int fatal[] = { SIGKILL, SIGTERM, SIGSEGV, SIGHUP, SIGUSR2, SIGPIPE, SIGABRT };
	int by_signal = any(3) == 0, what = (int)any(by_signal ? 7 : 256);
	struct rlimit no_core = { 0, 0 };

	forest->process[self].alive = 0;
	forest->tasks -= forest->process[self].threads;
	forest->process[self].threads = 0;
	pass_token();
	if (!by_signal)
		_exit(what);
	setrlimit(RLIMIT_CORE, &no_core);
	kill(getpid(), fatal[what]);
	stand_still();
}

/* The leader goes, its threads stay: the thread group has no leader any more, but is not dead. */
static void leave_threads_behind(void)
{
	forest->process[self].alive = 0;
	pass_token();
	syscall(SYS_exit, 0);
}

static void bury_one(void)
{
	waitpid(-1, 0, WNOHANG);
}

static void join_some_group(void)
{
	int other = (int)any((uint32_t)forest->count);

	setpgid(0, any(2) ? 0 : getpgid(forest->process[other].pid));
}

static void branch(void)
{
	int child = forest->count;

	if (child == MOST)
		return;
	forest->process[child].alive = 1;
	forest->process[child].threads = 0;
	forest->count++;
	forest->tasks++;
	pid_t pid = fork();

	if (pid == 0) {
		self = child;
		forest->process[child].pid = getpid();
		return;
	}
	forest->process[child].pid = pid;
}

static void act(void)
{
	uint32_t what = any(100);
	int root = self == 0;

	if (what < 50)
		branch();
	else if (what < 57)
		setsid();
	else if (what < 66)
		join_some_group();
	else if (what < 76)
		start_thread();
	else if (what < 79)
		prctl(PR_SET_CHILD_SUBREAPER, 1);
	else if (what < 81 && !root && forest->process[self].threads > 0)
		leave_threads_behind();
	else if (what < 93 && !root)
		leave();
	else
		bury_one();
}

static void live(void)
{
	for (;;) {
		int before = self;
		int holder = __atomic_load_n(&forest->holder, __ATOMIC_SEQ_CST);

		if (holder < 0)
			return;
		if (holder != self) {
			usleep(200);
			continue;
		}
		if (forest->tasks >= wanted) {
			__atomic_store_n(&forest->holder, -1, __ATOMIC_SEQ_CST);
			return;
		}
		act();
		if (before == self)
			pass_token();
	}
}

/* Processes and threads that will have decorated themselves when the forest stands. */
static int expected(void)
{
	int tasks = 0;

	for (int i = 0; i < forest->count; i++)
		tasks += forest->process[i].alive + forest->process[i].threads;
	return tasks;
}

int main(int count, char **arguments)
{
	char map[4096];
	sigset_t blocked;
	int fd;

	if (count != 4)
		return 2;
	/* Blocked in every thread, so that it can be pending for a process as a whole. */
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGUSR1);
	sigprocmask(SIG_BLOCK, &blocked, 0);
	wanted = atoi(arguments[2]);
	snprintf(map, sizeof(map), "%s.map", arguments[3]);
	fd = open(map, O_CREAT | O_TRUNC | O_RDWR, 0600);
	if (fd < 0 || ftruncate(fd, sizeof(*forest)))
		return 3;
	forest = mmap(0, sizeof(*forest), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (forest == MAP_FAILED)
		return 3;
	forest->state = (uint32_t)atoi(arguments[1]) * 2654435761u + 1;
	forest->process[0].pid = getpid();
	forest->process[0].alive = 1;
	forest->count = forest->tasks = 1;
	/* Orphans must stay in the tree. */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	live();
	decorate((uint32_t)atoi(arguments[1]) + (uint32_t)self * 7919u);
	__atomic_add_fetch(&forest->settled, 1, __ATOMIC_SEQ_CST);
	if (self == 0) {
		while (forest->settled < expected())
			usleep(1000);
		close(open(arguments[3], O_CREAT | O_WRONLY, 0600));
	}
	stand_still();
}
