/* SPDX-License-Identifier: Apache-2.0
 *
 * synced DIR: threads that have one filter of system calls together, and then get another by TSYNC, which the kernel only
 * does while theirs is the very same. See examined.h.
 */
#define _GNU_SOURCE
#include "examined.h"
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <semaphore.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#define THREADS 3

static sem_t go, done;
static long seen[THREADS];

/* From now on that call fails with that error. */
static long forbid(int number, int error, unsigned flags)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD + BPF_W + BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP + BPF_JEQ + BPF_K, number, 0, 1),
		BPF_STMT(BPF_RET + BPF_K, SECCOMP_RET_ERRNO | error),
		BPF_STMT(BPF_RET + BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { .len = 4, .filter = filter };

	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
}

static int fails(int number, int error)
{
	return syscall(number, 0, 0) == -1 && errno == error;
}

static void *look(void *which)
{
	sem_wait(&go);
	seen[(long)which] = fails(SYS_getpgid, 77) && fails(SYS_getsid, 78) && fails(SYS_getpriority, 79);
	sem_post(&done);
	pause();
	return 0;
}

int main(int argc, char **argv)
{
	pthread_t thread;

	enter(argc, argv);
	sem_init(&go, 0, 0);
	sem_init(&done, 0, 0);
	MUST(!prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) && !forbid(SYS_getpgid, 77, 0) &&
	     !forbid(SYS_getsid, 78, 0));
	for (long i = 0; i < THREADS; i++)
		MUST(!pthread_create(&thread, 0, look, (void *)i));
	await_examination();
	CHECK(!forbid(SYS_getpriority, 79, SECCOMP_FILTER_FLAG_TSYNC));
	for (int i = 0; i < THREADS; i++)
		sem_post(&go);
	for (int i = 0; i < THREADS; i++)
		sem_wait(&done);
	for (int i = 0; i < THREADS; i++)
		CHECK(seen[i]);
	CHECK(fails(SYS_getpgid, 77) && fails(SYS_getsid, 78) && fails(SYS_getpriority, 79));
	tell_result();
}
