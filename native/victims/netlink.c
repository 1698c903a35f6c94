/* SPDX-License-Identifier: Apache-2.0
 *
 * netlink DIR: holds netlink sockets. Writes its pid to DIR/ready and waits. Upon SIGUSR1 it looks whether all is as it was,
 * and writes what is not, or PASS, to DIR/result.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "examined.h"

#define GROUP 7
#define FAR_GROUP 33 /* RTNLGRP_BRVLAN: bridges, which are quiet */

static int asking, bare, here, there, caller, groups, member, silent;
static struct sockaddr_nl name_of_asking, name_of_here;

static int made(int type, int protocol)
{
	int fd = socket(AF_NETLINK, type, protocol);

	MUST(fd >= 0);
	return fd;
}

static void bound(int fd, unsigned int port, unsigned int mask, struct sockaddr_nl *name)
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_pid = port, .nl_groups = mask };
	socklen_t length = sizeof *name;

	MUST(!bind(fd, (struct sockaddr *)&address, sizeof address));
	MUST(!name || !getsockname(fd, (struct sockaddr *)name, &length));
}

static void joined(int fd, unsigned int port, unsigned int mask)
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_pid = port, .nl_groups = mask };

	MUST(!connect(fd, (struct sockaddr *)&address, sizeof address));
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

static void make(void)
{
	struct sock_filter none[] = { BPF_STMT(BPF_RET | BPF_K, 0) };
	struct sock_fprog nothing = { 1, none };

	asking = made(SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	bound(asking, 0, 0, &name_of_asking);
	option(asking, SOL_NETLINK, NETLINK_EXT_ACK, 1);
	option(asking, SOL_SOCKET, SO_RCVBUF, 60000);
	bare = made(SOCK_DGRAM | SOCK_NONBLOCK, NETLINK_ROUTE);
	option(bare, SOL_NETLINK, NETLINK_GET_STRICT_CHK, 1);
	here = made(SOCK_RAW, NETLINK_USERSOCK);
	bound(here, getpid(), 0, &name_of_here);
	option(here, SOL_NETLINK, NETLINK_PKTINFO, 1);
	there = made(SOCK_DGRAM, NETLINK_USERSOCK);
	joined(there, getpid(), 0);
	caller = made(SOCK_RAW, NETLINK_USERSOCK);
	joined(caller, getpid(), 1 << (GROUP - 1));
	member = made(SOCK_RAW, NETLINK_USERSOCK);
	bound(member, 0, 1 << (GROUP - 1), 0);
	groups = made(SOCK_RAW, NETLINK_ROUTE); /* members without a port of their own, and far away */
	option(groups, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, FAR_GROUP);
	option(groups, SOL_NETLINK, NETLINK_NO_ENOBUFS, 1);
	silent = made(SOCK_RAW, NETLINK_USERSOCK);
	bound(silent, 0, 1 << (GROUP - 1), 0);
	MUST(!setsockopt(silent, SOL_SOCKET, SO_ATTACH_FILTER, &nothing, sizeof nothing));
}

/* Whether the kernel answers with its devices. */
static int answers(int fd)
{
	struct {
		struct nlmsghdr header;
		struct ifinfomsg device;
	} request = { { sizeof request, RTM_GETLINK, NLM_F_REQUEST | NLM_F_DUMP, 5, 0 },
		      { .ifi_family = AF_UNSPEC } };
	char answer[32768];
	struct nlmsghdr *first = (struct nlmsghdr *)answer;

	return send(fd, &request, sizeof request, 0) == sizeof request &&
	       recv(fd, answer, sizeof answer, 0) > (ssize_t)sizeof *first &&
	       first->nlmsg_type == RTM_NEWLINK && first->nlmsg_seq == 5;
}

static int is_at(int fd, const struct sockaddr_nl *place)
{
	struct sockaddr_nl name;
	socklen_t length = sizeof name;

	return !getsockname(fd, (struct sockaddr *)&name, &length) && name.nl_pid == place->nl_pid &&
	       name.nl_groups == place->nl_groups;
}

static void check(void)
{
	char message[64];
	unsigned int words[16] = { 0 };
	socklen_t length = sizeof words;
	struct nlmsghdr *header = (struct nlmsghdr *)message;

	memset(message, 'x', sizeof message);
	*header = (struct nlmsghdr){ sizeof message, 0x1234, 0, 3, 0 };
	CHECK(is_at(asking, &name_of_asking) && answers(asking));
	CHECK(number(asking, SOL_NETLINK, NETLINK_EXT_ACK) == 1 && fcntl(asking, F_GETFD) == FD_CLOEXEC &&
	      number(asking, SOL_SOCKET, SO_RCVBUF) == 120000);
	CHECK(number(bare, SOL_SOCKET, SO_TYPE) == SOCK_DGRAM &&
	      fcntl(bare, F_GETFL) == (O_RDWR | O_NONBLOCK) &&
	      number(bare, SOL_NETLINK, NETLINK_GET_STRICT_CHK) == 1);
	CHECK(is_at(bare, &(struct sockaddr_nl){ 0 }) && answers(bare));
	CHECK(is_at(here, &name_of_here) && number(here, SOL_NETLINK, NETLINK_PKTINFO) == 1);
	CHECK(send(there, message, sizeof message, 0) == sizeof message && recv(here, words, 64, 0) == 64 &&
	      ((struct nlmsghdr *)words)->nlmsg_type == 0x1234);
	CHECK(send(caller, message, sizeof message, 0) == sizeof message &&
	      recv(member, words, 64, 0) == 64 && recv(here, words, 64, 0) == 64);
	CHECK(recv(silent, words, 64, MSG_DONTWAIT) == -1 && errno == EAGAIN);
	CHECK(is_at(groups, &(struct sockaddr_nl){ 0 }) &&
	      number(groups, SOL_NETLINK, NETLINK_NO_ENOBUFS) == 1);
	memset(words, 0, sizeof words);
	CHECK(!getsockopt(groups, SOL_NETLINK, NETLINK_LIST_MEMBERSHIPS, words, &length) && words[0] == 0 &&
	      words[1] == 1u << (FAR_GROUP - 33));
}

int main(int argc, char **argv)
{
	enter(argc, argv);
	make();
	await_examination();
	check();
	tell_result();
}
