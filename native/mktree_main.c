/* SPDX-License-Identifier: Apache-2.0
 *
 * The helper: a static program without a C library that puts segment and runner into the hole and jumps there. It
 * takes a pidfd of the coordinator as descriptor 0, the segment's memfd as descriptor 3, and everything else from the segment's header. A freestanding program
 * never registered an rseq area, a robust list or a clear_child_tid, which the kernel would go on using after the
 * memory under them has gone.
 */
#include "layout.h"
#include "syscall.h"

#define COORDINATOR_FD 0
#define SEGMENT_FD 3
#define PROT_READ 1
#define PROT_WRITE 2
#define PROT_EXEC 4
#define MAP_SHARED 1
#define MAP_ANONYMOUS 0x20
#define MAP_NORESERVE 0x4000
#define MAP_FIXED_NOREPLACE 0x100000
#define SIG_BLOCK 0
#define SIGNAL_SET_LENGTH 8
#define SIGNAL_KILL 9
#define PR_SET_PDEATHSIG 1
#define POLLIN 1

/* Exit codes, one for each step that can fail; Java's HelperExit has the same numbers. */
enum {
	EXIT_HEADER = 101,
	EXIT_VERSION = 102,
	EXIT_SEGMENT = 103,
	EXIT_RUNNER = 104,
	EXIT_PROTECT = 105,
};

static void copy(uint8_t *to, const uint8_t *from, uint64_t length)
{
	for (uint64_t i = 0; i < length; i++)
		to[i] = from[i];
}

static uint8_t *map(uint64_t address, uint64_t length, int flags, int fd, int exit_code)
{
	long at = syscall6(SYS_MMAP, (long)address, (long)length, PROT_READ | PROT_WRITE, flags, fd, 0);

	if (is_error(at) || (address && (uint64_t)at != address))
		sys_exit_group(exit_code);
	return (uint8_t *)at;
}

/* Its death kills us from here on; but it may be dead already. */
static void die_with_coordinator(void)
{
	struct {
		int32_t fd;
		int16_t events;
		int16_t happened;
	} death = { COORDINATOR_FD, POLLIN, 0 };
	struct kernel_timespec at_once = { 0, 0 };

	syscall4(SYS_PRCTL, PR_SET_PDEATHSIG, SIGNAL_KILL, 0, 0);
	if (syscall6(SYS_PPOLL, (long)&death, 1, (long)&at_once, 0, 0, 0) == 1)
		sys_exit_group(0);
}

__attribute__((used)) _Noreturn void helper_main(void)
{
	uint64_t everything = ~0UL;
	struct baton_header *header;
	uint8_t *runner;
	uint8_t *local;

	die_with_coordinator();
	header = (struct baton_header *)map(0, BATON_HEADER_LENGTH, MAP_SHARED, SEGMENT_FD, EXIT_HEADER);
	syscall4(SYS_RT_SIGPROCMASK, SIG_BLOCK, (long)&everything, 0, SIGNAL_SET_LENGTH);
	if (header->magic != BATON_LAYOUT_MAGIC || header->version != BATON_LAYOUT_VERSION)
		sys_exit_group(EXIT_VERSION);
	header = (struct baton_header *)map(header->segment_address, header->segment_length,
					    MAP_SHARED | MAP_FIXED_NOREPLACE, SEGMENT_FD, EXIT_SEGMENT);
	runner = map(header->runner_address, header->runner_length,
		     MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, EXIT_RUNNER);
	local = map(header->local_address, header->local_length * header->local_count,
		    MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, EXIT_RUNNER) +
		header->helper_slot * header->local_length;
	copy(runner, (const uint8_t *)header + header->runner_source, header->runner_length);
	if (is_error(syscall4(SYS_MPROTECT, (long)runner, (long)header->runner_length, PROT_READ | PROT_EXEC,
			      0)))
		sys_exit_group(EXIT_PROTECT);
	__asm__ volatile("mov %0, %%rsp\n\t"
			 "xor %%ebp, %%ebp\n\t"
			 "call *%1\n\t"
			 "ud2"
			 :
			 : "c"(local + BATON_LOCAL_STACK_LENGTH), "a"(runner), "D"(header)
			 : "memory");
	__builtin_unreachable();
}

__asm__(".globl _start\n"
	"_start:\n\t"
	"xor %ebp, %ebp\n\t"
	"and $-16, %rsp\n\t"
	"call helper_main\n\t"
	"ud2\n");
