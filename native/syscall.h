/* SPDX-License-Identifier: Apache-2.0
 *
 * System calls without a C library, x86-64.
 *
 *   number and result in rax; arguments in rdi, rsi, rdx, r10, r8, r9; rcx and r11 are clobbered.
 *   A result from -4095 to -1 is a negated errno.
 */
#ifndef BATON_SYSCALL_H
#define BATON_SYSCALL_H

#include <stdint.h>

#define SYS_WRITE 1
#define SYS_MMAP 9
#define SYS_MPROTECT 10
#define SYS_MUNMAP 11
#define SYS_RT_SIGPROCMASK 14
#define SYS_RT_SIGRETURN 15
#define SYS_WAIT4 61
#define SYS_KILL 62
#define SYS_CHDIR 80
#define SYS_GETPPID 110
#define SYS_PRCTL 157
#define SYS_FREMOVEXATTR 199
#define SYS_FUTEX 202
#define SYS_CLOCK_GETTIME 228
#define SYS_EXIT_GROUP 231
#define SYS_PPOLL 271
#define SYS_CLONE3 435

#define EAGAIN 11
#define EINTR 4
#define EPROTO 71
#define ECHILD 10
#define ETIMEDOUT 110

static inline long syscall6(long number, long a, long b, long c, long d, long e, long f)
{
	long result;
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return result;
}

static inline long syscall4(long number, long a, long b, long c, long d)
{
	return syscall6(number, a, b, c, d, 0, 0);
}

static inline int is_error(long result)
{
	return (unsigned long)result > -4096UL;
}

static inline _Noreturn void sys_exit_group(int code)
{
	for (;;)
		syscall4(SYS_EXIT_GROUP, code, 0, 0, 0);
}

static inline long sys_munmap(uint64_t address, uint64_t length)
{
	return syscall4(SYS_MUNMAP, (long)address, (long)length, 0, 0);
}

struct kernel_timespec {
	int64_t seconds;
	int64_t nanoseconds;
};

/* The time stamp counter: twenty cycles where a clock costs a system call. It tells which of two things took longer. */
static inline uint64_t ticks(void)
{
	return __builtin_ia32_rdtsc();
}

#define NANOSECONDS_PER_SECOND 1000000000LL
#define CLOCK_MONOTONIC 1

static inline uint64_t monotonic_ns(void)
{
	struct kernel_timespec now = { 0, 0 };

	syscall4(SYS_CLOCK_GETTIME, CLOCK_MONOTONIC, (long)&now, 0, 0);
	return (uint64_t)(now.seconds * NANOSECONDS_PER_SECOND + now.nanoseconds);
}

#endif
