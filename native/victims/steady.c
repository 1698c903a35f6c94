/* SPDX-License-Identifier: Apache-2.0
 *
 * A victim that notices everything. Every thread does one thing over and over, counts it, and counts as an error
 * whatever would not have happened without a stop: a sleep that ends early, a call that fails, a register that changed.
 *
 * steady FILE: the counts are 64-bit words in FILE, which both sides map: errors, signals caught, then one per thread.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum {
	ERRORS,
	SIGNALS,
	READY,
	LAST_ERROR,
	SLEEPER,
	SPINNER,
	POLLER,
	WAITER,
	READER,
	WRITER,
	CATCHER,
	WORDS
};

static volatile uint64_t *words;
static int pipes[2];

static void count(int word)
{
	__atomic_fetch_add(&words[word], 1, __ATOMIC_SEQ_CST);
}

static void expect(int good, int who)
{
	if (good)
		return;
	words[LAST_ERROR] = (uint64_t)who << 32 | (uint32_t)errno;
	count(ERRORS);
}

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static void *sleeper(void *unused)
{
	for (;;) {
		struct timespec time = { 0, 7000000 };
		uint64_t start = now();

		expect(clock_nanosleep(CLOCK_MONOTONIC, 0, &time, 0) == 0, SLEEPER);
		expect(now() - start >= 7000000, SLEEPER);
		count(SLEEPER);
	}
	return unused;
}

static void *spinner(void *unused)
{
	uint64_t n = 0;

	for (;;) {
		uint64_t integer = ++n, back = 0, scalar = 0;
		uint64_t loops = 20000;

		__asm__ volatile("movq %[in], %%xmm7\n\t"
				 "mov %[in], %%r12\n\t"
				 "mov %[in], %%r9\n\t"
				 "1: dec %[loops]\n\t"
				 "jnz 1b\n\t"
				 "movq %%xmm7, %[back]\n\t"
				 "mov %%r12, %[scalar]\n\t"
				 "sub %%r9, %[scalar]\n\t"
				 "add %%r12, %[scalar]"
				 : [back] "=&r"(back), [scalar] "=&r"(scalar), [loops] "+&r"(loops)
				 : [in] "r"(integer)
				 : "xmm7", "r12", "r9", "cc");
		expect(back == n && scalar == n, SPINNER);
		count(SPINNER);
	}
	return unused;
}

static void *poller(void *unused)
{
	for (;;) {
		uint64_t start = now();

		expect(poll(0, 0, 9) == 0, POLLER);
		expect(now() - start >= 9000000, POLLER);
		count(POLLER);
	}
	return unused;
}

/*
 * As the C library makes its own waits, with the number right before the call: once the kernel has restarted a call,
 * only that code tells what it was. One made by syscall(2) would return EINTR, as futex(2) allows.
 */
static long futex_wait(uint32_t *word, struct timespec *time)
{
	register long r10 __asm__("r10") = (long)time;
	long result;

	__asm__ volatile("mov $202, %%eax\n\t"
			 "syscall"
			 : "=&a"(result)
			 : "D"(word), "S"(0L), "d"(0L), "r"(r10)
			 : "rcx", "r11", "memory");
	return result;
}

static void *waiter(void *unused)
{
	static uint32_t word;

	for (;;) {
		struct timespec time = { 0, 5000000 };
		uint64_t start = now();

		errno = (int)-futex_wait(&word, &time);
		expect(errno == ETIMEDOUT, WAITER);
		expect(now() - start >= 5000000, WAITER);
		count(WAITER);
	}
	return unused;
}

static void *reader(void *unused)
{
	for (uint64_t n = 1;; n++) {
		uint64_t got = 0;

		expect(read(pipes[0], &got, sizeof(got)) == sizeof(got) && got == n, READER);
		count(READER);
	}
	return unused;
}

static void *writer(void *unused)
{
	for (uint64_t n = 1;; n++) {
		expect(write(pipes[1], &n, sizeof(n)) == sizeof(n), WRITER);
		count(WRITER);
		usleep(300);
	}
	return unused;
}

static void caught(int signal)
{
	(void)signal;
	count(SIGNALS);
}

/* The main thread: all signals go here, and it only lets them in while it waits. */
static void catcher(void)
{
	sigset_t none;

	sigemptyset(&none);
	words[READY] = (uint64_t)getpid();
	for (;;) {
		expect(sigsuspend(&none) == -1 && errno == EINTR, CATCHER);
		count(CATCHER);
	}
}

int main(int count_of_arguments, char **arguments)
{
	void *(*bodies[])(void *) = { sleeper, spinner, poller, waiter, reader, writer };
	struct sigaction action = { .sa_handler = caught };
	sigset_t all;
	int file = count_of_arguments > 1 ? open(arguments[1], O_RDWR | O_CREAT, 0600) : -1;

	if (file < 0 || ftruncate(file, 4096) || pipe(pipes))
		return 1;
	words = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	if (words == MAP_FAILED)
		return 1;
	close(file);
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, 0);
	sigaction(SIGUSR1, &action, 0);
	sigaction(SIGRTMIN, &action, 0);
	for (unsigned int i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		pthread_t thread;

		if (pthread_create(&thread, 0, bodies[i], 0))
			return 1;
	}
	catcher();
}
