/* SPDX-License-Identifier: Apache-2.0
 *
 * posture BOARD SEED: three processes of two threads each, all of which set, as chance has it, what a task can be and
 * may: limits, users, capabilities, scheduling, filters, modes of prctl(2). BOARD is a file of 64 KiB: each thread counts
 * itself in word 0 when it is ready, and when word 1 is not 0 any more looks whether all is as it was; what is not goes to
 * the text at 4096, and the thread counts itself in word 2. Limits may leave no room: all it needs then is there before.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROCESSES 3
#define THREADS 2
#define TEXT 8192
#define BOARD 65536
#define CAP_CHOWN 0
#define CAP_SETPCAP 8
#define LAST_CAPABILITY 40

static volatile unsigned *board;
static unsigned seed;
static int process_number;
static int process_files[5];
static pthread_barrier_t barrier;
static const char *const process_paths[5] = { "/proc/self/limits", "/proc/self/oom_score_adj",
					      "/proc/self/coredump_filter", "/proc/self/personality",
					      "/proc/self/loginuid" };

struct scheduling {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
};

struct teller {
	char *text;
	size_t length;
	int status;
	unsigned seed;
};

static unsigned draw(unsigned *state, unsigned below)
{
	*state = *state * 1103515245 + 12345;
	return (*state >> 12) % below;
}

static void tell(struct teller *teller, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void tell(struct teller *teller, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	teller->length +=
		(size_t)vsnprintf(teller->text + teller->length, TEXT - teller->length, format, arguments);
	va_end(arguments);
	if (teller->length >= TEXT)
		_exit(60);
}

static void tell_file(struct teller *teller, int file)
{
	char line[4096], *rest;
	ssize_t got = pread(file, line, sizeof line - 1, 0);

	line[got > 0 ? got : 0] = 0;
	for (char *at = strtok_r(line, "\n", &rest); at; at = strtok_r(0, "\n", &rest))
		if (strncmp(at, "Vm", 2) && strncmp(at, "Rss", 3) && !strstr(at, "ctxt_switches") &&
		    strncmp(at, "State", 5) && strncmp(at, "FDSize", 6) && strncmp(at, "TracerPid", 9) &&
		    strncmp(at, "SigQ", 4) && strncmp(at, "Hugetlb", 7) && strncmp(at, "untag", 5) &&
		    strncmp(at, "PPid", 4))
			tell(teller, "%s\n", at);
}

static void tell_all(struct teller *teller)
{
	struct scheduling how = { 0 };
	uint64_t cpus[16] = { 0 };
	int value = 0;

	teller->length = 0;
	tell_file(teller, teller->status);
	syscall(SYS_sched_getattr, 0, &how, sizeof how, 0);
	tell(teller, "policy %u %lx %d %u %lu %lu %lu\n", how.policy, how.flags, how.nice, how.priority,
	     how.runtime, how.deadline, how.period);
	syscall(SYS_sched_getaffinity, 0, sizeof cpus, cpus);
	tell(teller, "nice %ld cpus %lx ioprio %ld slack %d\n", syscall(SYS_getpriority, PRIO_PROCESS, 0),
	     cpus[0], syscall(SYS_ioprio_get, 1, 0), prctl(PR_GET_TIMERSLACK));
	prctl(PR_GET_PDEATHSIG, &value);
	tell(teller, "pdeath %d securebits %x keep %d", value, prctl(PR_GET_SECUREBITS),
	     prctl(PR_GET_KEEPCAPS));
	prctl(PR_GET_TSC, &value);
	tell(teller, " tsc %d mce %d", value, prctl(PR_MCE_KILL_GET, 0, 0, 0, 0));
	for (int which = 0; which < 3; which++)
		tell(teller, " spec %x", prctl(PR_GET_SPECULATION_CTRL, which, 0, 0, 0));
	tell(teller, " cpuid %ld\n", syscall(SYS_arch_prctl, 0x1011, 0));
	for (int option = 0; option < 10; option++) {
		errno = 0;
		tell(teller, "sysfs %d: %ld %d\n", option, syscall(SYS_sysfs, 3, option), errno);
	}
	for (int i = 0; i < 5; i++)
		tell_file(teller, process_files[i]);
	prctl(PR_GET_CHILD_SUBREAPER, &value);
	tell(teller, "reaper %d dumpable %d thp %d mdwe %d merge %d personality %x\n", value,
	     prctl(PR_GET_DUMPABLE), prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0), prctl(66, 0, 0, 0, 0),
	     prctl(68, 0, 0, 0, 0), personality(0xffffffff));
}

static void write_file(const char *path, const char *text)
{
	int file = open(path, O_WRONLY);

	if (file >= 0 && write(file, text, strlen(text)) < 0)
		errno = 0; /* what is not allowed is not tried */
	close(file);
}

/* What the process has once. */
static void pose_process(unsigned *state)
{
	char text[16];

	snprintf(text, sizeof text, "%d", (int)draw(state, 1000));
	write_file("/proc/self/oom_score_adj", text);
	snprintf(text, sizeof text, "0x%x", draw(state, 512));
	write_file("/proc/self/coredump_filter", text);
	if (draw(state, 2))
		personality((draw(state, 2) ? ADDR_NO_RANDOMIZE : 0) |
			    (draw(state, 2) ? STICKY_TIMEOUTS : 0));
	prctl(PR_SET_CHILD_SUBREAPER, draw(state, 2));
	if (draw(state, 3) == 0)
		prctl(PR_SET_THP_DISABLE, 1, draw(state, 2) ? 2 : 0, 0, 0);
	if (draw(state, 3) == 0)
		prctl(67 /* PR_SET_MEMORY_MERGE */, 1, 0, 0, 0);
	if (draw(state, 3) == 0)
		prctl(65 /* PR_SET_MDWE */, 1 + 2 * draw(state, 2), 0, 0, 0);
}

static void limit(int resource, unsigned long soft, unsigned long hard)
{
	struct rlimit now;
	struct rlimit wanted = { soft, hard };

	getrlimit(resource, &now);
	if (wanted.rlim_max > now.rlim_max)
		wanted.rlim_max = now.rlim_max;
	if (wanted.rlim_cur > wanted.rlim_max)
		wanted.rlim_cur = wanted.rlim_max;
	setrlimit(resource, &wanted);
}

/* Low ones and odd ones; last, as little can be done afterwards. */
static void limit_process(unsigned *state)
{
	static const unsigned long least[RLIM_NLIMITS] = {
		[RLIMIT_CPU] = 1000,	    [RLIMIT_FSIZE] = BOARD,  [RLIMIT_DATA] = 1UL << 20,
		[RLIMIT_STACK] = 1UL << 18, [RLIMIT_AS] = 1UL << 24, [RLIMIT_RTTIME] = 1UL << 30,
	};

	for (int resource = 0; resource < RLIM_NLIMITS; resource++) {
		unsigned long soft = least[resource] + draw(state, 20);

		if (draw(state, 2))
			limit(resource, soft, draw(state, 2) ? soft + draw(state, 100) : RLIM_INFINITY);
	}
}

static void schedule(unsigned *state)
{
	struct scheduling how = { .size = sizeof how,
				  .nice = (int)draw(state, 40) - 20,
				  .flags = draw(state, 2) };
	uint64_t cpus = 1;

	switch (draw(state, 8)) {
	case 0:
		how.policy = SCHED_FIFO;
		how.priority = 1 + draw(state, 99);
		break;
	case 1:
		how.policy = SCHED_RR;
		how.priority = 1 + draw(state, 99);
		break;
	case 2:
		how.policy = SCHED_BATCH;
		break;
	case 3:
		how.policy = SCHED_IDLE;
		break;
	case 4:
		how.policy = 6;
		how.flags = 1;
		how.nice = 0;
		how.runtime = 1000000 + draw(state, 1000);
		how.deadline = 50000000;
		how.period = 100000000;
		break;
	case 5:
		how.runtime = 1000000 * (1 + draw(state, 50));
		break;
	default:
		break;
	}
	if (how.policy != 6 && draw(state, 2))
		syscall(SYS_sched_setaffinity, 0, sizeof cpus, &cpus);
	if (draw(state, 2))
		syscall(SYS_ioprio_set, 1, 0, (2 + draw(state, 2)) << 13 | draw(state, 8));
	if (draw(state, 2))
		prctl(PR_SET_TIMERSLACK, 1 + draw(state, 1000000));
	syscall(SYS_sched_setattr, 0, &how, 0);
	if (draw(state, 3) == 0)
		prctl(PR_MCE_KILL, PR_MCE_KILL_SET, draw(state, 3), 0, 0);
	for (int which = 0; which < 3; which++)
		if (draw(state, 3) == 0)
			prctl(PR_SET_SPECULATION_CTRL, which, 2 << draw(state, 4), 0, 0);
	if (draw(state, 4) == 0)
		syscall(SYS_arch_prctl, 0x1012, 0);
	if (draw(state, 4) == 0)
		prctl(PR_SET_TSC, PR_TSC_SIGSEGV);
}

/* One call of sysfs(2), by its argument, fails with an errno. */
static void confine(unsigned argument, unsigned error, unsigned flags)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_sysfs, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[1])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, argument, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof code / sizeof code[0], code };

	syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
}

static uint64_t some_capabilities(unsigned *state)
{
	return ((uint64_t)draw(state, 1 << 20) << 20 | draw(state, 1 << 20)) &
	       ((1UL << (LAST_CAPABILITY + 1)) - 1);
}

static void take_credentials(unsigned *state)
{
	struct {
		uint32_t version;
		int pid;
	} header = { 0x20080522, 0 }, same = header;
	uint32_t sets[6];
	uint64_t permitted, effective, inheritable;
	unsigned ids[6];
	gid_t groups[8];
	size_t count = draw(state, 9);

	for (int i = 0; i < 6; i++)
		ids[i] = draw(state, 3) ? 1000 + draw(state, 5) : 0;
	for (size_t i = 0; i < count; i++)
		groups[i] = draw(state, 100000);
	for (unsigned i = 0; i < 4; i++)
		prctl(PR_CAPBSET_DROP, draw(state, LAST_CAPABILITY + 1));
	syscall(SYS_setgroups, count, groups);
	prctl(PR_SET_SECUREBITS, 1 << 2);
	syscall(SYS_setresgid, ids[0], ids[1], ids[2]);
	syscall(SYS_setfsgid, 77);
	syscall(SYS_setresuid, ids[3], ids[4], ids[5]);
	if (draw(state, 2))
		syscall(SYS_setfsuid, 78);
	syscall(SYS_capget, &header, sets);
	permitted = ((uint64_t)sets[4] << 32 | sets[1]) & (some_capabilities(state) | 1UL << CAP_SETPCAP);
	inheritable = some_capabilities(state) & permitted;
	effective = permitted & (some_capabilities(state) | 1UL << CAP_SETPCAP);
	sets[0] = (uint32_t)effective;
	sets[1] = (uint32_t)permitted;
	sets[2] = (uint32_t)inheritable;
	sets[3] = (uint32_t)(effective >> 32);
	sets[4] = (uint32_t)(permitted >> 32);
	sets[5] = (uint32_t)(inheritable >> 32);
	header = same;
	syscall(SYS_capset, &header, sets);
	for (unsigned i = 0; i < LAST_CAPABILITY; i++)
		if (inheritable >> i & 1 && draw(state, 2))
			prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, i, 0, 0);
	prctl(PR_SET_SECUREBITS, draw(state, 64) & ~(draw(state, 2) ? 0U : 1U << 4));
	if (draw(state, 2))
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

static void compare(const char *before, const char *after)
{
	char *text = (char *)board + 4096;
	const char *one = before, *other = after;

	while (*one && *one == *other)
		one++, other++;
	while (one > before && one[-1] != '\n')
		one--, other--;
	if (*one || *other) {
		unsigned at = __atomic_fetch_add(&board[3], 200, __ATOMIC_SEQ_CST);

		if (at < BOARD - 4096 - 200)
			snprintf(text + at, 200, "%d/%d: %.70s instead of %.70s\n", process_number, gettid(),
				 other, one);
	}
	__atomic_fetch_add(&board[2], 1, __ATOMIC_SEQ_CST);
}

static void *live(void *argument)
{
	struct teller teller = { .text = argument, .seed = *(unsigned *)argument };
	char *after = (char *)argument + TEXT;
	char path[64];
	unsigned state = teller.seed;
	unsigned filters = draw(&state, 4);

	snprintf(path, sizeof path, "/proc/self/task/%d/status", gettid());
	teller.status = open(path, O_RDONLY);
	schedule(&state);
	if (filters == 1)
		confine(draw(&state, 5), 1 + draw(&state, 100), 0);
	pthread_barrier_wait(&barrier);
	if (gettid() == getpid() && filters == 3)
		confine(5 + draw(&state, 5), 1 + draw(&state, 100), SECCOMP_FILTER_FLAG_TSYNC);
	for (unsigned i = 2; i < filters; i++)
		confine(draw(&state, 10), 1 + draw(&state, 100), SECCOMP_FILTER_FLAG_LOG);
	pthread_barrier_wait(&barrier);
	if (gettid() == getpid())
		limit_process(&state);
	pthread_barrier_wait(&barrier);
	if (draw(&state, 2))
		take_credentials(&state);
	/* The root's parent dies, as it is who restores. */
	if (process_number && draw(&state, 2))
		prctl(PR_SET_PDEATHSIG, draw(&state, 2) ? SIGUSR1 : SIGTERM);
	pthread_barrier_wait(&barrier);
	if (gettid() == getpid())
		prctl(PR_SET_DUMPABLE, draw(&state, 2));
	pthread_barrier_wait(&barrier);
	tell_all(&teller);
	__atomic_fetch_add(&board[0], 1, __ATOMIC_SEQ_CST);
	while (!board[1])
		usleep(20000);
	teller.text = after;
	tell_all(&teller);
	compare(argument, after);
	for (;;)
		pause();
	return argument;
}

int main(int count, char **arguments)
{
	static unsigned texts[THREADS][2 * TEXT / sizeof(unsigned)];
	pthread_t thread;
	int file;

	if (count != 3)
		return 2;
	file = open(arguments[1], O_RDWR);
	board = mmap(0, BOARD, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	if (board == MAP_FAILED)
		return 3;
	close(file);
	seed = (unsigned)atoi(arguments[2]);
	while (process_number < PROCESSES - 1 && !fork())
		process_number++;
	seed = seed * 31 + (unsigned)process_number * 1000003;
	for (int i = 0; i < 5; i++)
		process_files[i] = open(process_paths[i], O_RDONLY);
	pthread_barrier_init(&barrier, 0, THREADS);
	for (int i = 0; i < THREADS; i++)
		texts[i][0] = seed + (unsigned)i * 77777;
	for (int i = 1; i < THREADS; i++)
		pthread_create(&thread, 0, live, texts[i]);
	pose_process(&seed);
	live(texts[0]);
}
