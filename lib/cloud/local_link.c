#include "lib/cloud/local_link.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ANSWER 32768
#define INSIDE "eth0"

/* One request being built: attributes are added behind the fixed part. */
struct ask {
	struct nlmsghdr	 h;
	char		 rest[1024];
};

static void *
ask_begin(struct ask *a, int type, int flags, size_t fixed)
{
	memset(a, 0, sizeof(*a));
	a->h.nlmsg_type = (uint16_t)type;
	a->h.nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
	a->h.nlmsg_len = (uint32_t)NLMSG_LENGTH(fixed);
	return NLMSG_DATA(&a->h);
}

/* Requests are of known shape: 1 KiB holds the longest three times over. */
static struct rtattr *
ask_add(struct ask *a, int type, const void *data, size_t n)
{
	struct rtattr *r = (struct rtattr *)((char *)a +
	    NLMSG_ALIGN(a->h.nlmsg_len));

	r->rta_type = (uint16_t)type;
	r->rta_len = (uint16_t)RTA_LENGTH(n);
	if (n > 0)
		memcpy(RTA_DATA(r), data, n);
	a->h.nlmsg_len = NLMSG_ALIGN(a->h.nlmsg_len) +
	    (uint32_t)RTA_ALIGN(r->rta_len);
	return r;
}

static void
ask_text(struct ask *a, int type, const char *s)
{
	ask_add(a, type, s, strlen(s) + 1);
}

static void
ask_number(struct ask *a, int type, uint32_t n)
{
	ask_add(a, type, &n, sizeof(n));
}

static struct rtattr *
ask_nest(struct ask *a, int type)
{
	return ask_add(a, type, NULL, 0);
}

static void
ask_nest_end(struct ask *a, struct rtattr *r)
{
	r->rta_len = (uint16_t)((char *)a + a->h.nlmsg_len - (char *)r);
}

static void
close_it(void *fd)
{
	close((int)(intptr_t)fd);
}

enum err
link_socket(struct op *op, int *fd)
{
	*fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (*fd == -1)
		return op_fail(op, ERR_CLOUD, "netlink: %s", strerror(errno));
	op_defer(op, close_it, (void *)(intptr_t)*fd);
	return OK;
}

/* Sends and waits for the verdict; 0, or what went wrong. */
static int
ask_kernel(int fd, struct ask *a)
{
	_Alignas(struct nlmsghdr) char buf[4096];
	struct nlmsghdr *h = (struct nlmsghdr *)buf;
	ssize_t n;

	a->h.nlmsg_flags |= NLM_F_ACK;
	if (send(fd, a, a->h.nlmsg_len, 0) == -1)
		return errno;
	do
		n = recv(fd, buf, sizeof(buf), 0);
	while (n == -1 && errno == EINTR);
	if (n < (ssize_t)NLMSG_LENGTH(sizeof(struct nlmsgerr)) ||
	    h->nlmsg_type != NLMSG_ERROR)
		return EPROTO;
	return -((struct nlmsgerr *)NLMSG_DATA(h))->error;
}

static enum err
verdict(struct op *op, int e, const char *what, const char *name)
{
	if (e == 0)
		return OK;
	return op_fail(op, ERR_CLOUD, "%s %s: %s", what, name, strerror(e));
}

/* By name, in the socket's namespace. */
static void
ask_link(struct ask *a, int type, int flags, const char *name)
{
	struct ifinfomsg *i = ask_begin(a, type, flags, sizeof(*i));

	i->ifi_family = AF_UNSPEC;
	ask_text(a, IFLA_IFNAME, name);
}

int
link_index(int fd, const char *name)
{
	_Alignas(struct nlmsghdr) char buf[ANSWER];
	struct nlmsghdr *h = (struct nlmsghdr *)buf;
	struct ask a;
	ssize_t n;

	ask_link(&a, RTM_GETLINK, 0, name);
	if (send(fd, &a, a.h.nlmsg_len, 0) == -1)
		return 0;
	do
		n = recv(fd, buf, sizeof(buf), 0);
	while (n == -1 && errno == EINTR);
	if (n < (ssize_t)NLMSG_LENGTH(sizeof(struct ifinfomsg)) ||
	    h->nlmsg_type != RTM_NEWLINK)
		return 0;
	return ((struct ifinfomsg *)NLMSG_DATA(h))->ifi_index;
}

/*
 * A hardware address made of the IP address, as neighbours remember the one
 * by the other for half a minute, whoever has it by then.
 */
static int
ask_hardware(struct ask *a, const char *address)
{
	unsigned char mac[6] = { 0x02, 0xc0 };	/* locally administered */

	if (inet_pton(AF_INET, address, mac + 2) != 1)
		return EINVAL;
	ask_add(a, IFLA_ADDRESS, mac, sizeof(mac));
	return 0;
}

static int
link_up(int fd, const char *name)
{
	struct ask a;
	struct ifinfomsg *i;

	ask_link(&a, RTM_NEWLINK, 0, name);
	i = NLMSG_DATA(&a.h);
	i->ifi_flags = i->ifi_change = IFF_UP;
	return ask_kernel(fd, &a);
}

static int
address_add(int fd, int index, const char *address, int prefix)
{
	struct ask a;
	struct ifaddrmsg *m = ask_begin(&a, RTM_NEWADDR,
	    NLM_F_CREATE | NLM_F_REPLACE, sizeof(*m));
	struct in_addr in, all;

	if (inet_pton(AF_INET, address, &in) != 1)
		return EINVAL;
	all.s_addr = in.s_addr | htonl(UINT32_MAX >> prefix);
	m->ifa_family = AF_INET;
	m->ifa_prefixlen = (uint8_t)prefix;
	m->ifa_index = (uint32_t)index;
	ask_add(&a, IFA_LOCAL, &in, sizeof(in));
	ask_add(&a, IFA_ADDRESS, &in, sizeof(in));
	ask_add(&a, IFA_BROADCAST, &all, sizeof(all));
	return ask_kernel(fd, &a);
}

enum err
link_bridge(struct op *op, int fd, const char *name, const char *address,
    int prefix)
{
	struct rtattr *info;
	struct ask a;
	int e;

	ask_link(&a, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, name);
	info = ask_nest(&a, IFLA_LINKINFO);
	ask_text(&a, IFLA_INFO_KIND, "bridge");
	ask_nest_end(&a, info);
	/* Else it would change with the ports, and leave the guests without. */
	e = ask_hardware(&a, address);
	if (e == 0)
		e = ask_kernel(fd, &a);
	if (e != 0 && e != EEXIST)
		return verdict(op, e, "bridge", name);
	TRY(verdict(op, address_add(fd, link_index(fd, name), address, prefix),
	    "address of bridge", name));
	return verdict(op, link_up(fd, name), "bridge", name);
}

static int
pair_ask(int fd, const struct link_pair *p)
{
	struct rtattr *info, *data, *peer;
	struct ask a;
	int e;

	ask_link(&a, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, p->name);
	((struct ifinfomsg *)NLMSG_DATA(&a.h))->ifi_flags = IFF_UP;
	((struct ifinfomsg *)NLMSG_DATA(&a.h))->ifi_change = IFF_UP;
	ask_number(&a, IFLA_MASTER, (uint32_t)link_index(fd, p->bridge));
	info = ask_nest(&a, IFLA_LINKINFO);
	ask_text(&a, IFLA_INFO_KIND, "veth");
	data = ask_nest(&a, IFLA_INFO_DATA);
	peer = ask_add(&a, VETH_INFO_PEER,
	    &(struct ifinfomsg){ .ifi_family = AF_UNSPEC },
	    sizeof(struct ifinfomsg));
	ask_text(&a, IFLA_IFNAME, INSIDE);
	e = ask_hardware(&a, p->address);
	ask_number(&a, IFLA_NET_NS_FD, (uint32_t)p->netns);
	ask_nest_end(&a, peer);
	ask_nest_end(&a, data);
	ask_nest_end(&a, info);
	return e != 0 ? e : ask_kernel(fd, &a);
}

static int
port_isolate(int fd, const char *name)
{
	struct ask a;
	struct ifinfomsg *i = ask_begin(&a, RTM_SETLINK, 0, sizeof(*i));
	struct rtattr *port;
	uint8_t yes = 1;

	i->ifi_family = AF_BRIDGE;
	i->ifi_index = link_index(fd, name);
	port = ask_nest(&a, IFLA_PROTINFO | NLA_F_NESTED);
	ask_add(&a, IFLA_BRPORT_ISOLATED, &yes, sizeof(yes));
	ask_nest_end(&a, port);
	return ask_kernel(fd, &a);
}

static int
tag(int fd, const char *name, const char *instance)
{
	struct ask a;

	ask_link(&a, RTM_NEWLINK, 0, name);
	ask_add(&a, IFLA_IFALIAS, instance, strlen(instance));
	return ask_kernel(fd, &a);
}

/* Isolated before the other end has an address, so never reachable before. */
enum err
link_pair_make(struct op *op, int fd, const struct link_pair *p)
{
	int e;

	if (link_index(fd, p->bridge) == 0)
		return op_fail(op, ERR_CLOUD, "no bridge %s", p->bridge);
	TRY(link_remove(op, fd, p->name));
	e = pair_ask(fd, p);
	if (e == 0)
		e = port_isolate(fd, p->name);
	if (e == 0)
		e = tag(fd, p->name, p->instance);
	return verdict(op, e, "link", p->name);
}

enum err
link_loopback(struct op *op, int fd)
{
	return verdict(op, link_up(fd, "lo"), "link", "lo");
}

static int
route_default(int fd, const char *gateway)
{
	struct ask a;
	struct rtmsg *r = ask_begin(&a, RTM_NEWROUTE,
	    NLM_F_CREATE | NLM_F_REPLACE, sizeof(*r));
	struct in_addr in;

	if (inet_pton(AF_INET, gateway, &in) != 1)
		return EINVAL;
	r->rtm_family = AF_INET;
	r->rtm_table = RT_TABLE_MAIN;
	r->rtm_protocol = RTPROT_BOOT;
	r->rtm_scope = RT_SCOPE_UNIVERSE;
	r->rtm_type = RTN_UNICAST;
	ask_add(&a, RTA_GATEWAY, &in, sizeof(in));
	return ask_kernel(fd, &a);
}

enum err
link_inside(struct op *op, int fd, const char *address, int prefix,
    const char *gateway)
{
	int e;

	TRY(link_loopback(op, fd));
	e = address_add(fd, link_index(fd, INSIDE), address, prefix);
	if (e == 0)
		e = link_up(fd, INSIDE);
	if (e == 0)
		e = route_default(fd, gateway);
	return verdict(op, e, "link", INSIDE);
}

enum err
link_remove(struct op *op, int fd, const char *name)
{
	struct ask a;
	int e;

	ask_link(&a, RTM_DELLINK, 0, name);
	e = ask_kernel(fd, &a);
	return verdict(op, e == ENODEV ? 0 : e, "remove link", name);
}

/* A text attribute of a link, or "". */
static const char *
attr_text(struct op *op, const struct nlmsghdr *h, int type)
{
	const struct ifinfomsg *i = NLMSG_DATA(h);
	const struct rtattr *r = IFLA_RTA(i);
	int left = (int)IFLA_PAYLOAD(h);

	for (; RTA_OK(r, left); r = RTA_NEXT(r, left))
		if (r->rta_type == type)
			return op_strndup(op, RTA_DATA(r), RTA_PAYLOAD(r));
	return "";
}

static enum err
links_read(struct op *op, int fd, link_found each, void *arg)
{
	_Alignas(struct nlmsghdr) static char buf[ANSWER];
	struct nlmsghdr *h;
	ssize_t n;
	uint32_t left;

	for (;;) {
		if ((n = recv(fd, buf, sizeof(buf), 0)) == -1)
			return op_fail(op, ERR_CLOUD, "netlink: %s",
			    strerror(errno));
		left = (uint32_t)n;
		for (h = (void *)buf; NLMSG_OK(h, left);
		    h = NLMSG_NEXT(h, left)) {
			if (h->nlmsg_type == NLMSG_DONE)
				return OK;
			if (h->nlmsg_type == NLMSG_ERROR)
				return op_fail(op, ERR_CLOUD, "list of links");
			TRY(each(op, arg, attr_text(op, h, IFLA_IFNAME),
			    attr_text(op, h, IFLA_IFALIAS)));
		}
	}
}

enum err
link_each(struct op *op, int fd, const char *bridge, link_found each, void *arg)
{
	struct ask a;
	struct ifinfomsg *i = ask_begin(&a, RTM_GETLINK, NLM_F_DUMP,
	    sizeof(*i));
	int index = link_index(fd, bridge);

	if (index == 0)
		return OK;
	i->ifi_family = AF_UNSPEC;
	ask_number(&a, IFLA_MASTER, (uint32_t)index);
	if (send(fd, &a, a.h.nlmsg_len, 0) == -1)
		return op_fail(op, ERR_CLOUD, "netlink: %s", strerror(errno));
	return links_read(op, fd, each, arg);
}
