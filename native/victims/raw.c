/* SPDX-License-Identifier: Apache-2.0
 *
 * raw DIR: holds raw sockets and such as send pings, of IPv4 and IPv6, on the loopback device. Writes its pid to DIR/ready and
 * waits. Upon SIGUSR1 it looks whether all is as it was, and writes what is not, or PASS, to DIR/result.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/icmp.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <string.h>
#include <sys/socket.h>

#include "examined.h"

#define TEST_PROTOCOL 253
#define SOL_RAW_LEVEL 255

static int headers, numbered, joined, filtered, filtered6, sums6, bound6, tcp, ping, ping6, pinging;
static struct sockaddr_in6 name_of_ping;
static struct sock_filter code[] = { BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0),
				     BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, 40, 0, 1),
				     BPF_STMT(BPF_RET | BPF_K, 0), BPF_STMT(BPF_RET | BPF_K, 0xffff) };

static int made(int family, int type, int protocol)
{
	int fd = socket(family, type, protocol);

	MUST(fd >= 0);
	return fd;
}

static void option(int fd, int level, int name, int value)
{
	MUST(!setsockopt(fd, level, name, &value, sizeof value));
}

static int number(int fd, int level, int name)
{
	int value = -1;
	socklen_t length = sizeof value;

	getsockopt(fd, level, name, &value, &length);
	return value;
}

static struct sockaddr_in address(int last)
{
	return (struct sockaddr_in){ .sin_family = AF_INET,
				     .sin_addr = { htonl(INADDR_LOOPBACK - 1 + last) } };
}

static const struct sockaddr_in6 address6 = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };

static void make(void)
{
	struct sockaddr_in place = address(12), other = address(13);
	struct sock_fprog program = { 4, code };
	struct icmp6_filter six = { { 1, 2, 3, 4, 5, 6, 7, 8 } };
	unsigned int four = 1 << ICMP_TIMESTAMP;
	socklen_t length = sizeof name_of_ping;

	headers = made(AF_INET, SOCK_RAW | SOCK_NONBLOCK, IPPROTO_UDP);
	option(headers, IPPROTO_IP, IP_HDRINCL, 1);
	option(headers, IPPROTO_IP, IP_NODEFRAG, 1);
	option(headers, IPPROTO_IP, IP_TTL, 32);
	MUST(!bind(headers, (struct sockaddr *)&place, sizeof place));
	numbered = made(AF_INET, SOCK_RAW, TEST_PROTOCOL);
	MUST(!bind(numbered, (struct sockaddr *)&other, sizeof other));
	MUST(!setsockopt(numbered, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program));
	option(numbered, SOL_SOCKET, SO_LOCK_FILTER, 1);
	joined = made(AF_INET, SOCK_RAW | SOCK_CLOEXEC, TEST_PROTOCOL);
	option(joined, SOL_SOCKET, SO_PRIORITY, 5);
	MUST(!connect(joined, (struct sockaddr *)&other, sizeof other)); /* without a port */
	filtered = made(AF_INET, SOCK_RAW, IPPROTO_ICMP);
	MUST(!setsockopt(filtered, SOL_RAW_LEVEL, ICMP_FILTER, &four, sizeof four));
	option(filtered, SOL_SOCKET, SO_MARK, 77);
	filtered6 = made(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6);
	MUST(!setsockopt(filtered6, IPPROTO_ICMPV6, ICMP6_FILTER, &six, sizeof six));
	sums6 = made(AF_INET6, SOCK_RAW, TEST_PROTOCOL);
	option(sums6, IPPROTO_IPV6, IPV6_CHECKSUM, 2);
	MUST(!connect(sums6, (struct sockaddr *)&address6, sizeof address6));
	bound6 = made(AF_INET6, SOCK_RAW, TEST_PROTOCOL);
	option(bound6, SOL_SOCKET, SO_RCVBUF, 50000);
	option(bound6, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
	MUST(!bind(bound6, (struct sockaddr *)&address6, sizeof address6));
	MUST(!setsockopt(bound6, SOL_SOCKET, SO_BINDTODEVICE, "lo", 3));
	tcp = made(AF_INET, SOCK_RAW, IPPROTO_TCP); /* which is no TCP socket */
	ping = made(AF_INET, SOCK_DGRAM, IPPROTO_ICMP);
	place = address(1);
	place.sin_port = htons(4321);
	MUST(!bind(ping, (struct sockaddr *)&place, sizeof place));
	pinging = made(AF_INET, SOCK_DGRAM, IPPROTO_ICMP);
	place.sin_port = 0;
	MUST(!connect(pinging, (struct sockaddr *)&place, sizeof place));
	ping6 = made(AF_INET6, SOCK_DGRAM, IPPROTO_ICMPV6);
	MUST(!bind(ping6, (struct sockaddr *)&address6,
		   sizeof address6)); /* a number of the kernel's choice */
	MUST(!getsockname(ping6, (struct sockaddr *)&name_of_ping, &length));
}

/* Whether an echo comes back to a socket that is connected, or goes to itself. */
static int echoes(int fd, int type, int answer, const void *to, socklen_t length)
{
	unsigned char packet[16] = { type, [7] = 9, 'p' }, reply[64];

	return sendto(fd, packet, sizeof packet, 0, to, length) == sizeof packet &&
	       recv(fd, reply, sizeof reply, 0) == sizeof packet && reply[0] == answer && reply[7] == 9 &&
	       reply[8] == 'p';
}

static void check_raw(void)
{
	struct sockaddr_in name, place = address(12), other = address(13);
	socklen_t length = sizeof name;
	struct iphdr *header;
	char packet[128] = "";

	CHECK(number(headers, IPPROTO_IP, IP_HDRINCL) == 1 && number(headers, IPPROTO_IP, IP_NODEFRAG) == 1);
	CHECK(number(headers, IPPROTO_IP, IP_TTL) == 32 && fcntl(headers, F_GETFL) == (O_RDWR | O_NONBLOCK));
	CHECK(!getsockname(headers, (struct sockaddr *)&name, &length) &&
	      name.sin_addr.s_addr == place.sin_addr.s_addr);
	CHECK(number(joined, SOL_SOCKET, SO_PRIORITY) == 5 && fcntl(joined, F_GETFD) == FD_CLOEXEC);
	/* What is longer than 40 bytes, with its header, the filter drops. */
	CHECK(send(joined, packet, 60, 0) == 60 && send(joined, "through", 7, 0) == 7);
	CHECK(recv(numbered, packet, sizeof packet, 0) == sizeof *header + 7);
	header = (struct iphdr *)packet;
	CHECK(header->protocol == TEST_PROTOCOL && header->daddr == other.sin_addr.s_addr &&
	      !memcmp(header + 1, "through", 7));
	CHECK(number(numbered, SOL_SOCKET, SO_LOCK_FILTER) == 1);
	CHECK(setsockopt(numbered, SOL_SOCKET, SO_DETACH_FILTER, &length, sizeof length));
	CHECK(number(filtered, SOL_RAW_LEVEL, ICMP_FILTER) == 1 << ICMP_TIMESTAMP &&
	      number(filtered, SOL_SOCKET, SO_MARK) == 77);
	CHECK(number(tcp, SOL_SOCKET, SO_TYPE) == SOCK_RAW &&
	      number(tcp, SOL_SOCKET, SO_PROTOCOL) == IPPROTO_TCP);
}

static void check(void)
{
	struct icmp6_filter six;
	struct sockaddr_in here = address(1);
	struct sockaddr_in6 name;
	socklen_t length = sizeof six;
	char packet[16] = "";

	check_raw();
	CHECK(!getsockopt(filtered6, IPPROTO_ICMPV6, ICMP6_FILTER, &six, &length) && six.icmp6_filt[0] == 1 &&
	      six.icmp6_filt[7] == 8);
	CHECK(number(sums6, IPPROTO_IPV6, IPV6_CHECKSUM) == 2 && send(sums6, "1234567", 8, 0) == 8);
	CHECK(recv(bound6, packet, sizeof packet, 0) == 8 && packet[0] == '1' && packet[6] == '7' &&
	      (packet[2] != '3' || packet[3] != '4'));
	CHECK(number(bound6, SOL_SOCKET, SO_RCVBUF) == 100000 &&
	      number(bound6, IPPROTO_IPV6, IPV6_RECVPKTINFO) == 1);
	length = sizeof packet;
	CHECK(!getsockopt(bound6, SOL_SOCKET, SO_BINDTODEVICE, packet, &length) && !strcmp(packet, "lo"));
	length = sizeof name;
	CHECK(!getsockname(ping, (struct sockaddr *)&name, &length) && ntohs(name.sin6_port) == 4321);
	CHECK(echoes(ping, ICMP_ECHO, ICMP_ECHOREPLY, &here, sizeof here));
	CHECK(echoes(pinging, ICMP_ECHO, ICMP_ECHOREPLY, 0, 0));
	length = sizeof name;
	CHECK(!getsockname(ping6, (struct sockaddr *)&name, &length) &&
	      !memcmp(&name, &name_of_ping, length));
	CHECK(echoes(ping6, ICMP6_ECHO_REQUEST, ICMP6_ECHO_REPLY, &address6, sizeof address6));
}

int main(int argc, char **argv)
{
	enter(argc, argv);
	make();
	await_examination();
	check();
	tell_result();
}
