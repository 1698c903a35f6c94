/* SPDX-License-Identifier: Apache-2.0
 *
 * packets DIR: holds packet sockets on the loopback device, for protocols that nobody else speaks. Writes its pid to DIR/ready
 * and waits. Upon SIGUSR1 it looks whether all is as it was, and writes what is not, or PASS, to DIR/result.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "examined.h"

enum protocol {
	PLAIN = 0x88b5,
	GROUPED = 0x9990,
	OLD,
	ANY,
	UNBOUND,
	RINGED
}; /* some that no standard has */

static char *ring;
static int plain, ringed, sender, grouped[2], old, options, idle, unbound;
static unsigned int loopback;

static int made(int type, int protocol)
{
	int fd = socket(AF_PACKET, type, htons(protocol));

	MUST(fd >= 0);
	return fd;
}

static void bound(int fd, int protocol)
{
	struct sockaddr_ll place = { .sll_family = AF_PACKET,
				     .sll_protocol = htons(protocol),
				     .sll_ifindex = loopback };

	MUST(!bind(fd, (struct sockaddr *)&place, sizeof place));
}

static void option(int fd, int name, int value)
{
	MUST(!setsockopt(fd, SOL_PACKET, name, &value, sizeof value));
}

static int number(int fd, int name)
{
	int value = -1;
	socklen_t length = sizeof value;

	getsockopt(fd, SOL_PACKET, name, &value, &length);
	return value;
}

static void make(void)
{
	struct sock_filter code[] = { BPF_STMT(BPF_LD | BPF_B | BPF_ABS, ETH_HLEN),
				      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 'n', 0, 1),
				      BPF_STMT(BPF_RET | BPF_K, 0), BPF_STMT(BPF_RET | BPF_K, 0xffff) };
	struct sock_fprog program = { 4, code };
	struct packet_mreq promiscuous = { loopback, PACKET_MR_PROMISC, 0, "" };
	struct packet_mreq one = { loopback, PACKET_MR_UNICAST, 6, "\2\3\4\5\6\7" };
	struct sockaddr place = { .sa_family = AF_PACKET, .sa_data = "lo" };
	struct tpacket_req request = { 4096, 2, 2048, 4 };

	plain = made(SOCK_RAW | SOCK_CLOEXEC, 0);
	MUST(!setsockopt(plain, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program));
	bound(plain, PLAIN);
	option(plain, PACKET_AUXDATA, 1);
	for (int i = 0; i < 2; i++)
		MUST(!setsockopt(plain, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &promiscuous, sizeof promiscuous));
	MUST(!setsockopt(plain, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &one, sizeof one));
	sender = made(SOCK_DGRAM | SOCK_NONBLOCK, 0);
	option(sender, PACKET_QDISC_BYPASS, 1);
	for (int i = 0; i < 2; i++) {
		grouped[i] = made(SOCK_DGRAM, 0);
		bound(grouped[i], GROUPED);
		option(grouped[i], PACKET_FANOUT,
		       (getpid() & 0xffff) | (PACKET_FANOUT_LB | PACKET_FANOUT_FLAG_DEFRAG) << 16);
	}
	old = made(SOCK_PACKET, OLD);
	MUST(!bind(old, &place, sizeof place));
	options = made(SOCK_RAW, 0);
	option(options, PACKET_VERSION, TPACKET_V2);
	option(options, PACKET_RESERVE, 24);
	option(options, PACKET_LOSS, 1);
	option(options, PACKET_ORIGDEV, 1);
	option(options, PACKET_VNET_HDR, 1);
	option(options, PACKET_TIMESTAMP, 8);
	option(options, PACKET_COPY_THRESH, 1234);
	option(options, PACKET_IGNORE_OUTGOING, 1);
	bound(options, ANY);
	idle = made(SOCK_RAW, 0);
	unbound = made(SOCK_DGRAM, UNBOUND);
	ringed = made(SOCK_DGRAM, 0);
	option(ringed, PACKET_VERSION, TPACKET_V2);
	MUST(!setsockopt(ringed, SOL_PACKET, PACKET_RX_RING, &request, sizeof request));
	MUST(!setsockopt(ringed, SOL_PACKET, PACKET_TX_RING, &request, sizeof request));
	ring = mmap(0, 4L * 4096, PROT_READ | PROT_WRITE, MAP_SHARED, ringed, 0);
	MUST(ring != MAP_FAILED);
	bound(ringed, RINGED);
}

/* To ourselves, by way of the loopback device. */
static int sent(int protocol, const char *text)
{
	struct sockaddr_ll place = { .sll_family = AF_PACKET,
				     .sll_protocol = htons(protocol),
				     .sll_ifindex = loopback,
				     .sll_halen = 6 };

	return sendto(sender, text, strlen(text), 0, (struct sockaddr *)&place, sizeof place) ==
	       (ssize_t)strlen(text);
}

static int got(int fd, int header, const char *text)
{
	char frame[128] = "";

	return recv(fd, frame, sizeof frame, MSG_DONTWAIT) == (ssize_t)(header + strlen(text)) &&
	       !memcmp(frame + header, text, strlen(text));
}

static int is_bound(int fd, int protocol, int device)
{
	struct sockaddr_ll name;
	socklen_t length = sizeof name;

	return !getsockname(fd, (struct sockaddr *)&name, &length) && name.sll_protocol == htons(protocol) &&
	       name.sll_ifindex == device;
}

static void check_options(void)
{
	CHECK(number(options, PACKET_VERSION) == TPACKET_V2 && number(options, PACKET_RESERVE) == 24);
	CHECK(number(options, PACKET_LOSS) == 1 && number(options, PACKET_ORIGDEV) == 1);
	CHECK(number(options, PACKET_VNET_HDR) == 1 && number(options, PACKET_TIMESTAMP) == 8);
	CHECK(number(options, PACKET_IGNORE_OUTGOING) == 1 && is_bound(options, ANY, loopback));
	CHECK(number(sender, PACKET_QDISC_BYPASS) == 1 && fcntl(sender, F_GETFL) == (O_RDWR | O_NONBLOCK));
	CHECK(is_bound(idle, 0, 0) && is_bound(sender, 0, 0) && is_bound(unbound, UNBOUND, 0));
}

static void check(void)
{
	char first[4] = "", second[4] = "";
	struct tpacket2_hdr *frame;
	struct sockaddr name;
	socklen_t length = sizeof name;

	check_options();
	CHECK(is_bound(plain, PLAIN, loopback) && fcntl(plain, F_GETFD) == FD_CLOEXEC &&
	      number(plain, PACKET_AUXDATA) == 1);
	CHECK(sent(PLAIN, "not let through") && sent(PLAIN, "let through") &&
	      got(plain, ETH_HLEN, "let through") && !got(plain, ETH_HLEN, "let through"));
	CHECK(number(grouped[0], PACKET_FANOUT) == number(grouped[1], PACKET_FANOUT) &&
	      (number(grouped[0], PACKET_FANOUT) & 0xffff) == (getpid() & 0xffff) &&
	      (unsigned)number(grouped[0], PACKET_FANOUT) >> 16 ==
		      (PACKET_FANOUT_LB | PACKET_FANOUT_FLAG_DEFRAG));
	CHECK(sent(GROUPED, "one") && sent(GROUPED, "two"));
	CHECK(recv(grouped[0], first, 3, MSG_DONTWAIT) == 3 &&
	      recv(grouped[1], second, 3, MSG_DONTWAIT) == 3 &&
	      strcmp(first, second)); /* each has one of them */
	CHECK(sent(OLD, "old") && got(old, ETH_HLEN, "old"));
	CHECK(!getsockname(old, &name, &length) && !strcmp(name.sa_data, "lo"));
	frame = (struct tpacket2_hdr *)ring;
	CHECK(sent(RINGED, "in the ring") && frame->tp_status & TP_STATUS_USER && frame->tp_len == 11 &&
	      !memcmp(ring + frame->tp_net, "in the ring", 11));
	CHECK(sent(UNBOUND, "unbound") && got(unbound, 0, "unbound"));
}

int main(int argc, char **argv)
{
	enter(argc, argv);
	loopback = if_nametoindex("lo");
	MUST(loopback);
	make();
	await_examination();
	check();
	tell_result();
}
