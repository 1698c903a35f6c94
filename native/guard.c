/* SPDX-License-Identifier: Apache-2.0
 *
 * The guard: puts a freezer group back as it was, should the coordinator die. It is killed when all went well.
 *
 * Arguments: its name, what to write, the name of the group's mark. Descriptors: 3 a pidfd of the coordinator's thread
 * that is the tracer, 4 the group's state file, 5 its directory.
 */
#include "syscall.h"

#define CALLER_FD 3
#define STATE_FD 4
#define GROUP_FD 5
#define POLLIN 1
#define PR_SET_NAME 15

struct poll_entry {
	int fd;
	short events;
	short returned;
};

static long length_of(const char *text)
{
	long length = 0;

	while (text[length])
		length++;
	return length;
}

__attribute__((used)) _Noreturn void guard_main(const long *stack)
{
	struct poll_entry caller = { CALLER_FD, POLLIN, 0 };
	const char *const *arguments = (const char *const *)(stack + 1);
	long result;

	if (stack[0] != 3)
		sys_exit_group(2);
	syscall4(SYS_PRCTL, PR_SET_NAME, (long)"baton-guard", 0, 0);
	syscall4(SYS_CHDIR, (long)"/", 0, 0, 0);
	do
		result = syscall6(SYS_PPOLL, (long)&caller, 1, 0, 0, 0, 0);
	while (result == 0 || result == -EINTR);
	do
		result = syscall4(SYS_WRITE, STATE_FD, (long)arguments[1], length_of(arguments[1]), 0);
	while (result == -EINTR);
	if (is_error(result))
		sys_exit_group(1); /* the mark stays for baton recover */
	syscall4(SYS_FREMOVEXATTR, GROUP_FD, (long)arguments[2], 0, 0);
	sys_exit_group(0);
}

__asm__(".globl _start\n"
	"_start:\n\t"
	"xor %ebp, %ebp\n\t"
	"mov %rsp, %rdi\n\t"
	"and $-16, %rsp\n\t"
	"call guard_main\n\t"
	"ud2\n");
