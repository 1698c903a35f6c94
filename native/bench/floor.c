/* SPDX-License-Identifier: Apache-2.0
 *
 * baton-floor: what the kernel needs at least. Bare tasks that have nothing mapped but this program and one memory file
 * are made with chosen pids, or hand a baton on by the barest means: a futex word each, a pipe, an eventfd, a pair of Unix
 * sockets. No C library, so that a task is as small as those of a restore.
 */
#include "floor.h"
#include "../futex.h"

#define SYS_READ 0
#define SYS_PAUSE 34
#define SYS_SOCKETPAIR 53
#define SYS_PIPE2 293
#define SYS_EVENTFD2 290
#define SYS_PRLIMIT64 302
#define PROT_READ_WRITE 3
#define MAP_SHARED 1
#define MAP_FIXED_NOREPLACE 0x100000
#define PR_SET_PDEATHSIG 1
#define PR_SET_CHILD_SUBREAPER 36
#define SIGNAL_KILL 9
#define SIGNAL_CHILD 17
#define SIGNAL_SET_LENGTH 8
#define SIG_BLOCK 0
#define RLIMIT_NOFILE 7
#define WAIT_ALL 0x40000000
#define WAIT_NOT 1
#define END_INTERVAL_NS 1000000
#define AF_UNIX 1
#define SOCK_STREAM 1
#define CLONE_FILES 0x400
#define CLONE_THREAD_FLAGS 0x50f00 /* VM, FS, FILES, SIGHAND, THREAD, SYSVSEM */
#define CLONE_PARENT_SETTID 0x100000
#define HOLE 0x200000000000
#define END_OF_MEMORY 0x7ffffffff000

struct clone_args {
	uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid,
		set_tid_size, cgroup;
};

static struct floor_header *header(void)
{
	return (struct floor_header *)HOLE;
}

static struct floor_line *line(uint64_t index)
{
	return (struct floor_line *)(HOLE + FLOOR_LINES_OFFSET) + index;
}

static uint64_t stack(uint64_t index)
{
	return HOLE + floor_stacks(header()->tasks) + index * FLOOR_STACK_LENGTH;
}

static void set(uint32_t *word)
{
	store_release(word, 1);
	futex_wake(word, 1);
}

static void wait_for(uint32_t *word)
{
	while (!load_acquire(word))
		futex_wait(word, 0, 0);
}

static void check(long result)
{
	if (is_error(result)) {
		header()->error = (int32_t)result;
		set(&header()->ready);
		set(&header()->done);
	}
}

static void make_task(uint64_t index)
{
	struct clone_args args = { 0 };
	int32_t pid = header()->first + (int32_t)index;
	register uint64_t r12 __asm__("r12") = index;
	long result;

	args.flags = CLONE_PARENT_SETTID;
	args.parent_tid = (uint64_t)&line(index)->tid;
	args.stack = stack(index);
	args.stack_size = FLOOR_STACK_LENGTH;
	if (header()->shape == FLOOR_THREADS)
		args.flags |= CLONE_THREAD_FLAGS;
	else
		args.exit_signal = SIGNAL_CHILD;
	if (header()->kind != FLOOR_CREATE && header()->kind != FLOOR_FUTEX)
		args.flags |=
			CLONE_FILES; /* a copy of thousands of descriptors for each would be no bare task */
	if (header()->first) {
		args.set_tid = (uint64_t)&pid;
		args.set_tid_size = 1;
	}
	/* The new task's stack is empty: it goes straight into become_task. */
	__asm__ volatile("syscall\n\t"
			 "test %%rax, %%rax\n\t"
			 "jnz 1f\n\t"
			 "xor %%ebp, %%ebp\n\t"
			 "mov %%r12, %%rdi\n\t"
			 "call become_task\n\t"
			 "ud2\n"
			 "1:"
			 : "=a"(result)
			 : "a"((long)SYS_CLONE3), "D"(&args), "S"(sizeof(args)), "r"(r12)
			 : "rcx", "rdx", "r8", "r9", "r10", "r11", "memory");
	check(result);
}

static void await_turn(uint64_t index)
{
	uint64_t byte;

	if (index == 0 || header()->kind == FLOOR_FUTEX)
		wait_for(&line(index)->turn);
	else
		check(syscall4(SYS_READ, line(index)->in, (long)&byte,
			       header()->kind == FLOOR_EVENTFD ? 8 : 1, 0));
}

static void pass(uint64_t next)
{
	uint64_t one = 1;

	if (next == header()->tasks)
		set(&header()->done);
	else if (header()->kind == FLOOR_FUTEX)
		set(&line(next)->turn);
	else
		check(syscall4(SYS_WRITE, line(next)->out, (long)&one,
			       header()->kind == FLOOR_EVENTFD ? 8 : 1, 0));
}

__attribute__((used)) _Noreturn void become_task(uint64_t index)
{
	if (header()->shape != FLOOR_THREADS)
		syscall4(SYS_PRCTL, PR_SET_PDEATHSIG, SIGNAL_KILL, 0, 0);
	if (header()->shape == FLOOR_CHAIN && index + 1 < header()->tasks)
		make_task(index + 1);
	if (__atomic_add_fetch(&header()->arrived, 1, __ATOMIC_ACQ_REL) == header()->tasks)
		set(header()->kind == FLOOR_CREATE ? &header()->done : &header()->ready);
	if (header()->kind != FLOOR_CREATE) {
		await_turn(index);
		pass(index + 1);
	}
	for (;;)
		syscall4(SYS_PAUSE, 0, 0, 0, 0);
}

/* One object for each hand-over. */
static void prepare(void)
{
	struct {
		uint64_t soft, hard;
	} files;

	syscall4(SYS_PRLIMIT64, 0, RLIMIT_NOFILE, 0, (long)&files);
	files.soft = files.hard;
	syscall4(SYS_PRLIMIT64, 0, RLIMIT_NOFILE, (long)&files, 0);
	for (uint64_t i = 1; i < header()->tasks; i++) {
		int32_t ends[2] = { 0, 0 };

		if (header()->kind == FLOOR_PIPE)
			check(syscall4(SYS_PIPE2, (long)ends, 0, 0, 0));
		else if (header()->kind == FLOOR_SOCKET)
			check(syscall4(SYS_SOCKETPAIR, AF_UNIX, SOCK_STREAM, 0, (long)ends));
		else if (header()->kind == FLOOR_EVENTFD)
			check(ends[0] = ends[1] = (int32_t)syscall4(SYS_EVENTFD2, 0, 0, 0, 0));
		line(i)->in = ends[0];
		line(i)->out = ends[1];
	}
}

static _Noreturn void end_all(void)
{
	long reaped;

	if (header()->shape == FLOOR_THREADS)
		sys_exit_group(0);
	do {
		for (uint64_t i = 0; i < header()->tasks; i++) {
			if (line(i)->tid > 0)
				syscall4(SYS_KILL, line(i)->tid, SIGNAL_KILL, 0, 0);
		}
		futex_wait(&header()->quit, 1, monotonic_ns() + END_INTERVAL_NS);
		do {
			reaped = syscall4(SYS_WAIT4, -1, 0, WAIT_ALL | WAIT_NOT, 0);
		} while (reaped > 0);
	} while (reaped != -ECHILD);
	sys_exit_group(0);
}

__attribute__((used)) _Noreturn void floor_run(void)
{
	sys_munmap(HOLE + floor_stacks(header()->tasks) + (header()->tasks + 1) * FLOOR_STACK_LENGTH,
		   END_OF_MEMORY - HOLE - floor_stacks(header()->tasks) -
			   (header()->tasks + 1) * FLOOR_STACK_LENGTH);
	if (header()->kind == FLOOR_CREATE) {
		set(&header()->ready);
		while (!load_acquire(&header()->go) && !load_acquire(&header()->quit))
			futex_wait(&header()->go, 0, 0);
	} else {
		prepare();
	}
	if (!load_acquire(&header()->quit)) {
		uint64_t made = header()->shape == FLOOR_CHAIN ? 1 : header()->tasks;

		for (uint64_t i = 0; i < made && !header()->error; i++)
			make_task(i);
	}
	wait_for(&header()->quit);
	end_all();
}

__attribute__((used)) _Noreturn void floor_main(void)
{
	struct floor_header *first;
	uint64_t everything = ~0UL;
	uint64_t length;
	long at;

	syscall4(SYS_PRCTL, PR_SET_PDEATHSIG, SIGNAL_KILL, 0, 0);
	syscall4(SYS_PRCTL, PR_SET_CHILD_SUBREAPER, 1, 0, 0);
	syscall4(SYS_RT_SIGPROCMASK, SIG_BLOCK, (long)&everything, 0, SIGNAL_SET_LENGTH);
	at = syscall6(SYS_MMAP, 0, 4096, PROT_READ_WRITE, MAP_SHARED, FLOOR_FD, 0);
	if (is_error(at))
		sys_exit_group(101);
	first = (struct floor_header *)at;
	length = floor_stacks(first->tasks) + (first->tasks + 1) * FLOOR_STACK_LENGTH;
	at = syscall6(SYS_MMAP, HOLE, (long)length, PROT_READ_WRITE, MAP_SHARED | MAP_FIXED_NOREPLACE,
		      FLOOR_FD, 0);
	if (at != HOLE)
		sys_exit_group(102);
	__asm__ volatile("mov %0, %%rsp\n\t"
			 "xor %%ebp, %%ebp\n\t"
			 "call floor_run\n\t"
			 "ud2\n\t"
			 :
			 : "r"(HOLE + length)
			 : "memory");
	__builtin_unreachable();
}

__asm__(".globl _start\n"
	"_start:\n\t"
	"xor %ebp, %ebp\n\t"
	"and $-16, %rsp\n\t"
	"call floor_main\n\t"
	"ud2\n");
