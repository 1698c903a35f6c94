/* SPDX-License-Identifier: Apache-2.0
 *
 * state FILE VARIANT: sets what a task can have, then writes it down, as the kernel gives it back, into FILE.before; and
 * once more into FILE.after whenever FILE.go appears. What must survive a dump and restore is the same in both.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/membarrier.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef PR_GET_TID_ADDRESS
#define PR_GET_TID_ADDRESS 40
#endif

static timer_t timers[4];
static int timer_count;
static volatile int threads_ready;
static char *names;
static char stack_memory[2][65536];

struct kernel_sigaction {
	uint64_t handler, flags, restorer, mask;
};

static void on_signal(int signal, siginfo_t *info, void *context)
{
	(void)signal;
	(void)info;
	(void)context;
}

static void copy_lines(FILE *out, const char *path, const char *const *keys)
{
	char line[4096];
	FILE *in = fopen(path, "r");

	while (in && fgets(line, sizeof(line), in))
		for (int i = 0; keys[i]; i++)
			if (!strncmp(line, keys[i], strlen(keys[i])))
				fprintf(out, "  %s", line);
	if (in)
		fclose(in);
}

static void describe_thread(FILE *out, int tid)
{
	static const char *const keys[] = { "Name:",	   "Uid:",    "Gid:",	 "Groups:", "Cap",
					    "NoNewPrivs:", "SigPnd:", "SigBlk:", "SigIgn:", "SigCgt:",
					    "Shd",	   "Seccomp", "Umask:",	 0 };
	char path[64];
	struct {
		uint32_t size, policy;
		uint64_t flags;
		int32_t nice;
		uint32_t priority;
		uint64_t rest[3];
	} scheduling = { 0 };
	cpu_set_t cpus;
	void *head = 0;
	size_t length = 0;

	fprintf(out, "thread %d\n", tid);
	snprintf(path, sizeof(path), "/proc/self/task/%d/status", tid);
	copy_lines(out, path, keys);
	syscall(SYS_sched_getattr, tid, &scheduling, 48, 0);
	fprintf(out, "  scheduler %u %lx %d %u %d\n", scheduling.policy, scheduling.flags, scheduling.nice,
		scheduling.priority, getpriority(PRIO_PROCESS, (id_t)tid));
	CPU_ZERO(&cpus);
	sched_getaffinity(tid, sizeof(cpus), &cpus);
	fprintf(out, "  cpus %d first %d, disk priority %ld\n", CPU_COUNT(&cpus), CPU_ISSET(0, &cpus),
		syscall(SYS_ioprio_get, 1, tid));
	syscall(SYS_get_robust_list, tid, &head, &length);
	fprintf(out, "  robust %p %zu\n", head, length);
}

/* What only the thread itself can tell. */
static void describe_self(FILE *out)
{
	stack_t stack;
	uint64_t address = 0;
	int signal = 0;

	sigaltstack(0, &stack);
	fprintf(out, "self %d\n", gettid());
	fprintf(out, "  stack %p %d %zu\n", stack.ss_sp, stack.ss_flags, stack.ss_size);
	prctl(PR_GET_TID_ADDRESS, &address);
	prctl(PR_GET_PDEATHSIG, &signal);
	fprintf(out, "  tid address %lx, parent death %d, securebits %x\n", address, signal,
		prctl(PR_GET_SECUREBITS));
	fprintf(out, "  timer slack %d\n", prctl(PR_GET_TIMERSLACK));
	errno = 0;
	fprintf(out, "  sysfs %d", (int)syscall(SYS_sysfs, 3));
	fprintf(out, " errno %d\n", errno);
	fprintf(out, "  rseq %p\n", __builtin_thread_pointer());
}

static void describe_process(FILE *out)
{
	int reaper = 0;
	struct itimerval interval;
	struct itimerspec value;
	char score[16] = "";
	int fd;

	for (int signal = 1; signal <= 64; signal++) {
		struct kernel_sigaction action = { 0 };

		if (!syscall(SYS_rt_sigaction, signal, 0, &action, 8) && (action.handler || action.flags))
			fprintf(out, "action %d %lx %lx %lx %lx\n", signal, action.handler, action.flags,
				action.restorer, action.mask);
	}
	for (int which = 0; which < 3; which++) {
		getitimer(which, &interval);
		fprintf(out, "interval timer %d every %ld.%06ld left %s\n", which,
			interval.it_interval.tv_sec, interval.it_interval.tv_usec,
			interval.it_value.tv_sec > 3000 && interval.it_value.tv_sec <= 3600 ? "much"
			: interval.it_value.tv_sec || interval.it_value.tv_usec		    ? "little"
											    : "nothing");
	}
	for (int i = 0; i < timer_count; i++) {
		int result = timer_gettime(timers[i], &value);

		fprintf(out, "timer %d: %d every %ld.%09ld left %s\n", i, result, value.it_interval.tv_sec,
			value.it_interval.tv_nsec,
			value.it_value.tv_sec > 3000 ? "much"
			: value.it_value.tv_sec	     ? "little"
						     : "nothing");
	}
	fd = open("/proc/self/timers", O_RDONLY);
	if (fd >= 0) {
		char text[4096];
		ssize_t got = read(fd, text, sizeof(text));

		fprintf(out, "%.*s", (int)(got > 0 ? got : 0), text);
		close(fd);
	}
	for (int i = 0; i < RLIM_NLIMITS; i++) {
		struct rlimit limit;

		getrlimit(i, &limit);
		fprintf(out, "limit %d %lx %lx\n", i, limit.rlim_cur, limit.rlim_max);
	}
	prctl(PR_GET_CHILD_SUBREAPER, &reaper);
	fprintf(out, "reaper %d dumpable %d personality %x membarrier %lx\n", reaper, prctl(PR_GET_DUMPABLE),
		personality(0xffffffff), syscall(SYS_membarrier, 512, 0, 0));
	fd = open("/proc/self/oom_score_adj", O_RDONLY);
	if (fd >= 0 && read(fd, score, sizeof(score) - 1) > 0)
		fprintf(out, "oom %s", score);
	close(fd);
}

static void describe(const char *suffix)
{
	char path[2048];
	char final[1024];
	FILE *out;
	DIR *tasks = opendir("/proc/self/task");
	struct dirent *entry;

	snprintf(final, sizeof(final), "%s.%s", names, suffix);
	snprintf(path, sizeof(path), "%s.tmp", final);
	out = fopen(path, "w");
	if (!out)
		_exit(50);
	describe_process(out);
	describe_self(out);
	while (tasks && (entry = readdir(tasks)))
		if (atoi(entry->d_name))
			describe_thread(out, atoi(entry->d_name));
	if (tasks)
		closedir(tasks);
	fclose(out);
	rename(path, final);
}

static void *other(void *argument)
{
	stack_t stack = { .ss_sp = stack_memory[1], .ss_size = sizeof(stack_memory[1]) };
	sigset_t set;
	union sigval value = { .sival_int = 77 };

	prctl(PR_SET_NAME, argument);
	sigaltstack(&stack, 0);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	sigaddset(&set, SIGRTMIN + 5);
	pthread_sigmask(SIG_BLOCK, &set, 0);
	pthread_sigqueue(pthread_self(), SIGRTMIN + 5, value);
	pthread_sigqueue(pthread_self(), SIGRTMIN + 5, value);
	setpriority(PRIO_PROCESS, gettid(), 7);
	__atomic_fetch_add(&threads_ready, 1, __ATOMIC_SEQ_CST);
	for (;;)
		pause();
	return argument;
}

static void set_signals(void)
{
	struct sigaction action = { .sa_sigaction = on_signal,
				    .sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK };
	stack_t stack = { .ss_sp = stack_memory[0], .ss_size = sizeof(stack_memory[0]) };
	sigset_t set;
	union sigval value = { .sival_int = 42 };

	sigaddset(&action.sa_mask, SIGTERM);
	sigaction(SIGUSR1, &action, 0);
	sigaction(SIGALRM, &action, 0);
	sigaction(SIGRTMIN + 3, &action, 0);
	signal(SIGPIPE, SIG_IGN);
	action.sa_flags |= SA_NOCLDSTOP;
	sigaction(SIGCHLD, &action, 0);
	sigaltstack(&stack, 0);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	sigaddset(&set, SIGRTMIN + 4);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, 0);
	raise(SIGUSR2);
	for (int i = 0; i < 3; i++)
		sigqueue(getpid(), SIGRTMIN + 4, value);
}

static void set_timers(void)
{
	struct itimerval interval = { { 3600, 0 }, { 3600, 0 } };
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN + 3 };
	struct itimerspec value = { { 5000, 7 }, { 5000, 0 } };
	timer_t gone;

	setitimer(ITIMER_REAL, &interval, 0);
	setitimer(ITIMER_PROF, &interval, 0);
	event.sigev_value.sival_ptr = names;
	timer_create(CLOCK_MONOTONIC, &event, &timers[timer_count++]);
	timer_create(CLOCK_MONOTONIC, &event, &gone);
	timer_delete(gone);
	event.sigev_notify = SIGEV_NONE;
	timer_create(CLOCK_REALTIME, &event, &timers[timer_count++]);
	event.sigev_notify = SIGEV_THREAD_ID;
	event._sigev_un._tid = gettid();
	timer_create(CLOCK_BOOTTIME, &event, &timers[timer_count++]);
	timer_settime(timers[0], 0, &value, 0);
	timer_settime(timers[2], 0, &value, 0);
}

static void set_identity(const char *variant)
{
	struct rlimit limit = { 500, 600 };
	cpu_set_t cpus;
	int fd = open("/proc/self/oom_score_adj", O_WRONLY);

	setrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = 1 << 20;
	limit.rlim_max = RLIM_INFINITY;
	setrlimit(RLIMIT_CORE, &limit);
	if (fd >= 0 && write(fd, "123", 3) != 3)
		_exit(51);
	close(fd);
	setpriority(PRIO_PROCESS, 0, 3);
	personality(ADDR_NO_RANDOMIZE);
	CPU_ZERO(&cpus);
	CPU_SET(0, &cpus);
	sched_setaffinity(0, sizeof(cpus), &cpus);
	syscall(SYS_ioprio_set, 1, 0, 2 << 13 | 1);
	prctl(PR_SET_TIMERSLACK, 123456);
	prctl(PR_SET_NAME, "a (st)ate\n");
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0);
	if (strchr(variant, 'n'))
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (strchr(variant, 'r')) {
		struct sched_param parameter = { .sched_priority = 5 };

		sched_setscheduler(0, SCHED_RR | SCHED_RESET_ON_FORK, &parameter);
	}
}

/* Has one system call fail with an errno, and a task that makes another die. */
static void confine(int number, int error, int deadly)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)number, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (uint32_t)error),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)deadly, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof(code) / sizeof(code[0]), code };

	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program))
		_exit(53);
}

/* Last: most of it can only be done once. The threads keep what they have, for setresuid(2) is of the thread. */
static void set_credentials(const char *variant)
{
	if (strchr(variant, 'c')) {
		gid_t groups[] = { 5, 1234, 77777 };
		struct {
			uint32_t version;
			int pid;
		} header = { 0x20080522, 0 };
		uint32_t sets[6] = { 1 << 7, (1 << 7) | (1 << 10), 1 << 10, 0, 0, 0 };

		prctl(PR_CAPBSET_DROP, 21);
		prctl(PR_CAPBSET_DROP, 38);
		syscall(SYS_setgroups, 3, groups);
		prctl(PR_SET_SECUREBITS, 1 << 2);
		syscall(SYS_setresgid, 1001, 1002, 1003);
		syscall(SYS_setresuid, 2001, 2002, 2003);
		prctl(PR_SET_SECUREBITS, (1 << 2) | (1 << 3) | (1 << 0));
		syscall(SYS_capset, &header, sets);
		prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, 10, 0, 0);
	}
	if (strchr(variant, 'u')) {
		if (setgid(1000) || setuid(1000))
			_exit(52);
	}
	if (strchr(variant, 's')) {
		/* Of two that say the same, the later filter has the word. */
		confine(SYS_sysfs, 5, SYS_timer_settime);
		confine(SYS_sysfs, 6, SYS_set_robust_list);
		confine(SYS_uname, 7, SYS_rseq);
	}
	prctl(PR_SET_DUMPABLE, 1);
	prctl(PR_SET_PDEATHSIG, SIGUSR1);
}

int main(int count, char **arguments)
{
	char path[4096];
	const char *variant = count > 2 ? arguments[2] : "";

	names = arguments[1];
	umask(0);
	set_signals();
	set_timers();
	if (strchr(variant, 'z')) {
		if (!fork())
			_exit(200);
		if (!fork())
			raise(SIGTERM);
		usleep(50000);
	}
	if (strchr(variant, 't')) {
		pthread_t thread;
		static char *thread_names[] = { "thread one", "thread two" };

		for (int i = 0; i < 2; i++)
			pthread_create(&thread, 0, other, thread_names[i]);
		while (threads_ready < 2)
			usleep(1000);
	}
	set_identity(variant);
	set_credentials(variant);
	describe("before");
	snprintf(path, sizeof(path), "%s.go", names);
	for (;;) {
		usleep(20000);
		if (!unlink(path))
			describe("after");
	}
}
