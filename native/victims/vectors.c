/* SPDX-License-Identifier: Apache-2.0
 *
 * vectors LOG: eight threads that each keep numbers in registers only, for a while, and then look whether they are still
 * there: in all vector registers as wide as the CPU has them, in mask registers, in the x87 stack and the two control
 * words. Even threads spin meanwhile, odd ones sleep in a system call. A line "NAME N" goes to LOG for each round.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define THREADS 8
#define WIDEST 64
#define REGISTERS 32
#define SPINS 2000000
#define NANOSECONDS 2000000

static int out;

struct round {
	uint8_t in[REGISTERS * WIDEST];
	uint8_t out[REGISTERS * WIDEST];
	uint64_t masks_in[8];
	uint64_t masks_out[8];
};

static void say(const char *name, int thread, unsigned long n)
{
	char line[64];
	int length = snprintf(line, sizeof(line), "%s%d %lu\n", name, thread, n);

	if (write(out, line, (size_t)length) != length)
		abort();
}

#define TEXT(x) #x
#define LOAD(move, width, kind, n) move " " TEXT(n) "*" TEXT(width) "(%%r8), %%" kind TEXT(n) "\n\t"
#define STORE(move, width, kind, n) move " %%" kind TEXT(n) ", " TEXT(n) "*" TEXT(width) "(%%r9)\n\t"
#define LOW_16(do, move, width, kind)                                                                     \
	do                                                                                                \
	(move, width, kind, 0) do(move, width, kind, 1) do(move, width, kind, 2) do(                      \
		move, width, kind,                                                                        \
		3) do(move, width, kind,                                                                  \
		      4) do(move, width, kind,                                                            \
			    5) do(move, width, kind,                                                      \
				  6) do(move, width, kind,                                                \
					7) do(move, width, kind,                                          \
					      8) do(move, width, kind,                                    \
						    9) do(move, width, kind,                              \
							  10) do(move, width, kind,                       \
								 11) do(move, width, kind,                \
									12) do(move, width, kind,         \
									       13) do(move, width, kind,  \
										      14) do(move, width, \
											     kind, 15)
#define HIGH_16(do, move, width, kind)                                                                     \
	do                                                                                                 \
	(move, width, kind, 16) do(move, width, kind, 17) do(move, width, kind, 18) do(                    \
		move, width, kind,                                                                         \
		19) do(move, width, kind,                                                                  \
		       20) do(move, width, kind,                                                           \
			      21) do(move, width, kind,                                                    \
				     22) do(move, width, kind,                                             \
					    23) do(move, width, kind,                                      \
						   24) do(move, width, kind,                               \
							  25) do(move, width, kind,                        \
								 26) do(move, width, kind,                 \
									27) do(move, width, kind,          \
									       28) do(move, width, kind,   \
										      29) do(move, width,  \
											     kind,         \
											     30) do(move,  \
												    width, \
												    kind,  \
												    31)
#define MASKS(do, move) LOW_7(do, move)
#define LOW_7(do, move) \
	do              \
	(move, 1) do(move, 2) do(move, 3) do(move, 4) do(move, 5) do(move, 6) do(move, 7)
#define LOAD_MASK(move, n) move " " TEXT(n) "*8(%%rdx), %%k" TEXT(n) "\n\t"
#define STORE_MASK(move, n) move " %%k" TEXT(n) ", " TEXT(n) "*8(%%r12)\n\t"

/* What passes between: a sleep if r10 is zero, else so many turns. The system call spares all but rax, rcx, r11. */
#define WHILE_HELD                \
	"test %%r10, %%r10\n\t"   \
	"jnz 1f\n\t"              \
	"syscall\n\t"             \
	"jmp 2f\n\t"              \
	"1: xor %%eax, %%eax\n\t" \
	"3: dec %%r10\n\t"        \
	"jnz 3b\n\t"              \
	"2:\n\t"

#define OPERANDS                    \
	: "+a"(result), "+r"(spins)                                                                          \
	: "D"(&time), "S"(0), "r"(in), "r"(back), "d"(masks_in), "r"(masks_out)
#define LOW_CLOBBERS                                                                                  \
	"rcx", "r11", "cc", "memory", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", \
		"xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15"

#define PLACES                                             \
	struct timespec time = { 0, NANOSECONDS };         \
	long result = SYS_nanosleep;                       \
	register long spins __asm__("r10") = turns;        \
	register uint8_t *in __asm__("r8") = round->in;    \
	register uint8_t *back __asm__("r9") = round->out; \
	uint64_t *masks_in = round->masks_in;              \
	register uint64_t *masks_out __asm__("r12") = round->masks_out;

__attribute__((target("avx512f"))) static long hold_zmm(struct round *round, long turns)
{
	PLACES
	__asm__ volatile(LOW_16(LOAD, "vmovdqu64", 64, "zmm") HIGH_16(LOAD, "vmovdqu64", 64, "zmm")
				 MASKS(LOAD_MASK, "kmovw") WHILE_HELD LOW_16(STORE, "vmovdqu64", 64, "zmm")
					 HIGH_16(STORE, "vmovdqu64", 64, "zmm")
						 MASKS(STORE_MASK, "kmovw") "vzeroupper" OPERANDS
			 : LOW_CLOBBERS, "xmm16", "xmm17", "xmm18", "xmm19", "xmm20", "xmm21", "xmm22",
			   "xmm23", "xmm24", "xmm25", "xmm26", "xmm27", "xmm28", "xmm29", "xmm30", "xmm31",
			   "k1", "k2", "k3", "k4", "k5", "k6", "k7");
	return result;
}

__attribute__((target("avx2"))) static long hold_ymm(struct round *round, long turns)
{
	PLACES
	__asm__ volatile(LOW_16(LOAD, "vmovdqu", 32, "ymm")
				 WHILE_HELD LOW_16(STORE, "vmovdqu", 32, "ymm") "vzeroupper" OPERANDS
			 : LOW_CLOBBERS);
	return result;
}

static long hold_xmm(struct round *round, long turns)
{
	PLACES
	__asm__ volatile(LOW_16(LOAD, "movdqu", 16, "xmm") WHILE_HELD LOW_16(STORE, "movdqu", 16, "xmm")
				 OPERANDS
			 : LOW_CLOBBERS);
	return result;
}

/* Two numbers in the x87 stack and rounding towards zero in both control words; the rest like hold_xmm. */
static long hold_x87(struct round *round, long turns)
{
	uint32_t mxcsr = 0x7f80, mxcsr_then = 0;
	uint16_t control = 0x0f7f, control_then = 0;
	double first = 1.25, second = -7.5, first_then = 0, second_then = 0;
	long result;

	__asm__ volatile("fldcw %0\n\tldmxcsr %1\n\tfldl %2\n\tfldl %3"
			 :
			 : "m"(control), "m"(mxcsr), "m"(first), "m"(second));
	result = hold_xmm(round, turns);
	__asm__ volatile("fstpl %3\n\tfstpl %2\n\tfnstcw %0\n\tstmxcsr %1\n\tfninit"
			 : "=m"(control_then), "=m"(mxcsr_then), "=m"(first_then), "=m"(second_then));
	mxcsr = 0x1f80;
	__asm__ volatile("ldmxcsr %0" : : "m"(mxcsr));
	if ((mxcsr_then & 0xffc0) != 0x7f80 || (control_then & 0x0f3f) != 0x0f3f || first != first_then ||
	    second != second_then)
		return 1;
	return result;
}

static void *keep(void *number)
{
	static const char *const names[] = { "x87-", "xmm", "ymm", "zmm" };
	static long (*const holds[])(struct round *, long) = { hold_x87, hold_xmm, hold_ymm, hold_zmm };
	static const unsigned lengths[] = { 16 * 16, 16 * 16, 16 * 32, 32 * 64 };
	int thread = (int)(intptr_t)number;
	unsigned widest = __builtin_cpu_supports("avx512f") ? 3 : __builtin_cpu_supports("avx2") ? 2 : 1;
	unsigned kind = thread < 4			  ? widest
			: (unsigned)(thread - 4) < widest ? (unsigned)(thread - 4)
							  : widest;
	struct round *round = calloc(1, sizeof(*round));

	for (unsigned long n = 1;; n++) {
		for (unsigned i = 0; i < lengths[kind]; i++)
			round->in[i] = (uint8_t)(i * 7 + (unsigned)thread * 31 + n * 13 + 1);
		for (unsigned i = 1; kind == 3 && i < 8; i++)
			round->masks_in[i] = (n * 8 + i + (unsigned)thread * 4096) & 0xffff;
		memset(round->out, 0, sizeof(round->out));
		if (holds[kind](round, thread % 2 ? 0 : SPINS) != 0)
			say("failed-", thread, n);
		if (memcmp(round->in, round->out, lengths[kind]) != 0 ||
		    memcmp(round->masks_in, round->masks_out, sizeof(round->masks_in)) != 0)
			say("changed-", thread, n);
		say(names[kind], thread, n);
	}
	return 0;
}

int main(int count, char **words)
{
	pthread_t thread;

	__builtin_cpu_init();
	if (count != 2 || (out = open(words[1], O_WRONLY | O_APPEND | O_CREAT, 0666)) < 0)
		return 1;
	for (intptr_t i = 1; i < THREADS; i++)
		if (pthread_create(&thread, 0, keep, (void *)i))
			return 1;
	keep(0);
	return 0;
}
