/* SPDX-License-Identifier: Apache-2.0
 *
 * What the client says and hears, and the kernel's structures for it; see client.c. The server's side is
 * io.baton.coordinator.serve.ClientDescriptor, with the same numbers.
 */
#ifndef BATON_CLIENT_H
#define BATON_CLIENT_H

#include "syscall.h"

#define BATON_CLIENT_VERSION 1
#define BATON_PACKET_LENGTH 65536
#define BATON_CONTROL_LENGTH 256
#define BATON_MOST_DESCRIPTORS 32
#define BATON_MOST_LAUNCHED 8
#define EXIT_SERVER_DIED 70

struct hello {
	uint8_t type;
	uint8_t padding[3];
	uint32_t version;
	uint32_t columns; /* of the terminal that standard error is; 0: it is none */
	uint32_t secure_bits;
	uint32_t arguments; /* how many of the last ones are the user's */
};

struct launch {
	uint8_t type;
	uint8_t padding[7];
	uint64_t flags; /* CLONE_NEW... */
	char name[16];
	int32_t numbers[BATON_MOST_LAUNCHED]; /* where the descriptors after the first go */
};

struct launched {
	uint8_t type;
	uint8_t padding[3];
	int32_t pid;
};

struct reaped {
	uint8_t type;
	uint8_t padding[3];
	int32_t result;
	int32_t status;
};

struct number {
	uint8_t type;
	uint8_t padding[3];
	int32_t value;
};

_Static_assert(sizeof(struct hello) == 20, "hello");
_Static_assert(sizeof(struct launch) == 64, "launch");
_Static_assert(sizeof(struct launched) == 8, "launched");
_Static_assert(sizeof(struct reaped) == 12, "reaped");
_Static_assert(sizeof(struct number) == 8, "number");

#define SYS_READ 0
#define SYS_CLOSE 3
#define SYS_RT_SIGACTION 13
#define SYS_IOCTL 16
#define SYS_SOCKET 41
#define SYS_CONNECT 42
#define SYS_SENDTO 44
#define SYS_RECVMSG 47
#define SYS_GETSOCKOPT 55
#define SYS_EXECVE 59
#define SYS_FCNTL 72
#define SYS_GETEUID 107
#define SYS_SIGNALFD4 289
#define SYS_DUP3 292
#define SYS_EXECVEAT 322

#define SIG_BLOCK 0
#define SIG_SETMASK 2
#define SIGNAL_SET_LENGTH 8
#define SIGNAL_HUP 1
#define SIGNAL_INT 2
#define SIGNAL_PIPE 13
#define SIGNAL_TERM 15
#define SIGNAL_CHILD 17
#define SIGNAL_BIT(signal) (1UL << ((signal)-1))
#define SFD_CLOEXEC 0x80000
#define POLLIN 1
#define WNOHANG 1
#define WAIT_ALL 0x40000000
#define PR_GET_SECUREBITS 27
#define PR_SET_CHILD_SUBREAPER 36
#define F_DUPFD_CLOEXEC 1030
#define AT_EMPTY_PATH 0x1000
#define TIOCGWINSZ 0x5413
#define AF_UNIX 1
#define SOCK_SEQPACKET 5
#define SOCK_CLOEXEC 0x80000
#define SOL_SOCKET 1
#define SO_PEERCRED 17
#define SCM_RIGHTS 1
#define MSG_NOSIGNAL 0x4000
#define MSG_CMSG_CLOEXEC 0x40000000

struct io_vector {
	void *base;
	uint64_t length;
};

struct message_header {
	void *name;
	uint64_t name_length;
	struct io_vector *vectors;
	uint64_t vector_count;
	void *control;
	uint64_t control_length;
	uint64_t flags;
};

struct control_header {
	uint64_t length;
	int32_t level;
	int32_t type;
};

struct kernel_sigaction {
	uint64_t handler;
	uint64_t flags;
	uint64_t restorer;
	uint64_t mask;
};

struct signal_info {
	uint32_t signal;
	uint8_t rest[124];
};

struct clone_arguments {
	uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls;
};

struct poll_entry {
	int fd;
	short events;
	short returned;
};

struct credentials {
	int32_t pid;
	uint32_t user;
	uint32_t group;
};

struct socket_address {
	uint16_t family;
	char path[108];
};

static inline void write_all(int fd, const uint8_t *bytes, long length)
{
	while (length > 0) {
		long written = syscall4(SYS_WRITE, fd, (long)bytes, length, 0);

		if (written == -EINTR)
			continue;
		if (is_error(written))
			return;
		bytes += written;
		length -= written;
	}
}

static inline void say(const char *text)
{
	long length = 0;

	while (text[length])
		length++;
	write_all(2, (const uint8_t *)text, length);
}

static inline uint32_t number_of(const char *text)
{
	uint32_t number = 0;

	for (; *text >= '0' && *text <= '9'; text++)
		number = number * 10 + (uint32_t)(*text - '0');
	return number;
}

/* The value of a variable if it is set to anything. */
static inline const char *variable(char **environment, const char *name)
{
	for (; *environment; environment++) {
		const char *entry = *environment;
		const char *wanted = name;

		while (*wanted && *entry == *wanted)
			entry++, wanted++;
		if (!*wanted && entry[0] == '=' && entry[1])
			return entry + 1;
	}
	return 0;
}

/* Appends to a text of which *at bytes are there; past the end nothing is, and *at says so. */
static inline void append(char *path, uint64_t length, uint64_t *at, const char *text)
{
	for (; *text; text++, (*at)++)
		if (*at < length)
			path[*at] = *text;
}

/*
 * Where a server listens: $BATON_SERVE_SOCKET, else baton/serve in $XDG_RUNTIME_DIR, else in /run for root and in
 * /tmp/baton-UID for others. The server's directory is its owner's alone; that it is, the server's user tells.
 */
static inline int find_socket(char *path, uint64_t length, char **environment)
{
	const char *named = variable(environment, "BATON_SERVE_SOCKET");
	const char *run = variable(environment, "XDG_RUNTIME_DIR");
	uint64_t user = (uint64_t)syscall4(SYS_GETEUID, 0, 0, 0, 0);
	uint64_t at = 0;

	if (named) {
		append(path, length, &at, named);
	} else if (run) {
		append(path, length, &at, run);
		append(path, length, &at, "/baton/serve");
	} else if (user == 0) {
		append(path, length, &at, "/run/baton/serve");
	} else {
		char digits[21] = { 0 };
		int first = 20;

		do
			digits[--first] = (char)('0' + user % 10);
		while (user /= 10);
		append(path, length, &at, "/tmp/baton-");
		append(path, length, &at, digits + first);
		append(path, length, &at, "/serve");
	}
	if (at >= length)
		return 0;
	path[at] = 0;
	return 1;
}

#endif
