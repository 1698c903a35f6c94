/* SPDX-License-Identifier: Apache-2.0
 *
 * The client of "baton serve": has a running server do what a command line asks for, without a JVM of its own. It is the
 * parent of what is restored, as the coordinator otherwise is: it makes the helper when it is told to, reaps when it is told
 * to, and its death undoes the operation. All else is the server's: which command it is, whether it may run, what is said.
 *
 * Arguments: its name, how many of the last ones are the user's, and the command that starts a JVM for them instead:
 * that is what is done whenever there is no server, or it would rather not.
 *
 * Each message is one packet of a Unix socket; its first byte says what it is. To the server:
 *   H  hello: see struct hello
 *   C  a signal asks us to end
 *   L  4 bytes: pid of what was launched, or a negated errno
 *   W  8 bytes: what wait4 returned, the status
 * From the server:
 *   F  not by me: start a JVM
 *   B  from here on it is by me
 *   O, E  bytes for standard output, standard error
 *   L  launch: see struct launch; descriptors: the executable, then one for each number
 *   R  4 bytes: wait4 for this child without waiting
 *   A  4 bytes: the tree runs; wait for the end of this child, and end as it did
 *   X  4 bytes: end with this status
 */
#include "client.h"

static uint8_t packet[BATON_PACKET_LENGTH];
static uint8_t control[BATON_CONTROL_LENGTH] __attribute__((aligned(8)));
static int received[BATON_MOST_DESCRIPTORS];
static char *no_environment[] = { 0 };

struct client {
	int socket;
	int signals;
	int begun;
	int asked;
	uint64_t old_mask;
	char **jvm;
	char **environment;
};

static void fall_back(const struct client *client)
{
	syscall4(SYS_RT_SIGPROCMASK, SIG_SETMASK, (long)&client->old_mask, 0, SIGNAL_SET_LENGTH);
	syscall4(SYS_EXECVE, (long)client->jvm[0], (long)client->jvm, (long)client->environment, 0);
	say("baton: cannot start java\n");
	sys_exit_group(127);
}

static void send_packet(const struct client *client, const void *bytes, uint64_t length)
{
	/* That the server is gone is seen when it is listened to. */
	syscall6(SYS_SENDTO, client->socket, (long)bytes, (long)length, MSG_NOSIGNAL, 0, 0);
}

/* Returns the packet's length, 0 at the end; descriptors are in received[], their count in *descriptors. */
static long receive_packet(const struct client *client, int *descriptors)
{
	struct io_vector vector = { packet, sizeof(packet) };
	struct message_header header = { 0, 0, &vector, 1, control, sizeof(control), 0 };
	struct control_header *head = (struct control_header *)control;
	long length = syscall4(SYS_RECVMSG, client->socket, (long)&header, MSG_CMSG_CLOEXEC, 0);

	*descriptors = 0;
	if (is_error(length) || length == 0)
		return 0;
	if (header.control_length >= sizeof(*head) && head->level == SOL_SOCKET && head->type == SCM_RIGHTS) {
		const int *fds = (const int *)(head + 1);

		*descriptors = (int)((head->length - sizeof(*head)) / sizeof(int));
		for (int i = 0; i < *descriptors; i++)
			received[i] = fds[i];
	}
	return length;
}

/* In the child: signals and descriptors as a helper is to have them. */
static _Noreturn void become(const struct launch *launch, int count)
{
	struct kernel_sigaction by_default = { 0, 0, 0, 0 };
	uint64_t none = 0;
	char *arguments[] = { (char *)launch->name, 0 };
	int lowest = 0;

	for (int signal = 1; signal <= 64; signal++)
		syscall4(SYS_RT_SIGACTION, signal, (long)&by_default, 0, SIGNAL_SET_LENGTH);
	syscall4(SYS_RT_SIGPROCMASK, SIG_SETMASK, (long)&none, 0, SIGNAL_SET_LENGTH);
	for (int i = 0; i < count - 1; i++)
		if (launch->numbers[i] >= lowest)
			lowest = launch->numbers[i] + 1;
	/* First above all targets, so that setting up one does not close what another needs. */
	for (int i = 0; i < count; i++)
		received[i] = (int)syscall4(SYS_FCNTL, received[i], F_DUPFD_CLOEXEC, lowest, 0);
	for (int i = 1; i < count; i++)
		if (is_error(syscall4(SYS_DUP3, received[i], launch->numbers[i - 1], 0, 0)))
			sys_exit_group(126);
	syscall6(SYS_EXECVEAT, received[0], (long)"", (long)arguments, (long)no_environment, AT_EMPTY_PATH,
		 0);
	sys_exit_group(127);
}

static void launch(const struct client *client, long length, int count)
{
	const struct launch *launch = (const struct launch *)packet;
	struct launched answer = { 'L', { 0 }, -EPROTO };

	if (length == sizeof(*launch) && count >= 1) {
		struct clone_arguments clone = { .flags = launch->flags, .exit_signal = SIGNAL_CHILD };
		long pid;

		/* What the helper leaves behind becomes our child, as it would be the coordinator's. */
		syscall4(SYS_PRCTL, PR_SET_CHILD_SUBREAPER, 1, 0, 0);
		pid = syscall4(SYS_CLONE3, (long)&clone, sizeof(clone), 0, 0);
		if (pid == 0)
			become(launch, count);
		answer.pid = (int32_t)pid;
	}
	send_packet(client, &answer, sizeof(answer));
}

static void reap(const struct client *client)
{
	const struct number *number = (const struct number *)packet;
	struct reaped answer = { 'W', { 0 }, 0, 0 };

	answer.result =
		(int32_t)syscall4(SYS_WAIT4, number->value, (long)&answer.status, WNOHANG | WAIT_ALL, 0);
	send_packet(client, &answer, sizeof(answer));
}

/* The tree's root is our child, and what the tree loses comes to us. */
static _Noreturn void await_end(const struct client *client, int child)
{
	syscall4(SYS_RT_SIGPROCMASK, SIG_SETMASK, (long)&client->old_mask, 0, SIGNAL_SET_LENGTH);
	for (;;) {
		int32_t status = 0;
		long pid = syscall4(SYS_WAIT4, -1, (long)&status, WAIT_ALL, 0);

		if (pid == -ECHILD)
			sys_exit_group(1);
		if (pid != child)
			continue;
		if ((status & 0x7f) == 0)
			sys_exit_group(status >> 8 & 0xff);
		if ((status & 0xff) != 0x7f)
			sys_exit_group(128 + (status & 0x7f));
	}
}

static void obey(struct client *client)
{
	const struct number *number = (const struct number *)packet;
	int count;
	long length = receive_packet(client, &count);

	if (length == 0) {
		if (!client->begun)
			fall_back(client);
		say("baton: the server has ended in the middle of it; what it had begun is undone\n");
		sys_exit_group(EXIT_SERVER_DIED);
	}
	switch (packet[0]) {
	case 'F':
		fall_back(client);
		break;
	case 'B':
		client->begun = 1;
		break;
	case 'O':
		write_all(1, packet + 1, length - 1);
		break;
	case 'E':
		write_all(2, packet + 1, length - 1);
		break;
	case 'L':
		launch(client, length, count);
		break;
	case 'R':
		reap(client);
		break;
	case 'A':
		await_end(client, number->value);
	case 'X':
		sys_exit_group(number->value);
	default:
		say("baton: the server says what nobody understands\n");
		sys_exit_group(EXIT_SERVER_DIED);
	}
	for (int i = 0; i < count; i++)
		syscall4(SYS_CLOSE, received[i], 0, 0, 0);
}

/* Once is a wish, which the server sees to; twice is an end, and the kernel undoes the rest. */
static void signalled(struct client *client)
{
	struct signal_info info;
	const char cancel = 'C';
	long length = syscall4(SYS_READ, client->signals, (long)&info, sizeof(info), 0);

	if (is_error(length) || info.signal == SIGNAL_PIPE)
		return;
	if (client->asked || !client->begun)
		sys_exit_group(128 + (int)info.signal);
	client->asked = 1;
	send_packet(client, &cancel, 1);
}

static _Noreturn void converse(struct client *client)
{
	struct poll_entry entries[2] = { { client->socket, POLLIN, 0 }, { client->signals, POLLIN, 0 } };

	for (;;) {
		long ready = syscall6(SYS_PPOLL, (long)entries, 2, 0, 0, 0, 0);

		if (is_error(ready))
			continue;
		if (entries[1].returned)
			signalled(client);
		if (entries[0].returned)
			obey(client);
	}
}

/* Whether a server of our own user answers. */
static int reach(struct client *client)
{
	struct socket_address address = { AF_UNIX, { 0 } };
	struct credentials server = { 0, 0, 0 };
	uint32_t length = sizeof(server);

	if (!find_socket(address.path, sizeof(address.path), client->environment))
		return 0;
	client->socket = (int)syscall4(SYS_SOCKET, AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, 0);
	if (is_error(client->socket) ||
	    is_error(syscall4(SYS_CONNECT, client->socket, (long)&address, sizeof(address), 0)))
		return 0;
	/* It says what we run, so it must be us. */
	return !is_error(syscall6(SYS_GETSOCKOPT, client->socket, SOL_SOCKET, SO_PEERCRED, (long)&server,
				  (long)&length, 0)) &&
	       server.user == (uint32_t)syscall4(SYS_GETEUID, 0, 0, 0, 0);
}

__attribute__((used)) _Noreturn void client_main(long *stack)
{
	static struct client client;
	struct hello hello = { 'H', { 0 }, BATON_CLIENT_VERSION, 0, 0, 0 };
	struct {
		uint16_t rows, columns, x, y;
	} size = { 0, 0, 0, 0 };
	char **arguments = (char **)(stack + 1);
	uint64_t ours = SIGNAL_BIT(SIGNAL_HUP) | SIGNAL_BIT(SIGNAL_INT) | SIGNAL_BIT(SIGNAL_TERM) |
			SIGNAL_BIT(SIGNAL_PIPE);

	if (stack[0] < 3)
		sys_exit_group(2);
	client.jvm = arguments + 2;
	client.environment = arguments + stack[0] + 1;
	hello.arguments = number_of(arguments[1]);
	syscall4(SYS_RT_SIGPROCMASK, SIG_BLOCK, (long)&ours, (long)&client.old_mask, SIGNAL_SET_LENGTH);
	if (!reach(&client))
		fall_back(&client);
	client.signals = (int)syscall4(SYS_SIGNALFD4, -1, (long)&ours, SIGNAL_SET_LENGTH, SFD_CLOEXEC);
	if (is_error(client.signals))
		fall_back(&client);
	if (syscall4(SYS_IOCTL, 2, TIOCGWINSZ, (long)&size, 0) == 0)
		hello.columns = size.columns ? size.columns : 80;
	hello.secure_bits = (uint32_t)syscall4(SYS_PRCTL, PR_GET_SECUREBITS, 0, 0, 0);
	send_packet(&client, &hello, sizeof(hello));
	converse(&client);
}

__asm__(".globl _start\n"
	"_start:\n\t"
	"xor %ebp, %ebp\n\t"
	"mov %rsp, %rdi\n\t"
	"and $-16, %rsp\n\t"
	"call client_main\n\t"
	"ud2\n");
