#include "lib/cloud/local_firewall.h"
#include "lib/cloud/local_run.h"

#include <ctype.h>
#include <errno.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define NFT_MS 10000

/* Declared first, so that there is one to delete: loading replaces. */
static const char rules[] =
    "table inet %1$s\n"
    "delete table inet %1$s\n"
    "table inet %1$s {\n"
    "	map doors {\n"
    "		type ipv4_addr : verdict;\n"
    "	}\n"
    "	chain from_host {\n"
    "		type filter hook output priority -10; policy accept;\n"
    "		oifname \"%2$s\" ip daddr vmap @doors\n"
    "	}\n"
    "	chain to_host {\n"
    "		type filter hook input priority -10; policy accept;\n"
    "		iifname \"%2$s\" ct state established,related accept\n"
    "		iifname \"%2$s\" drop\n"
    "	}\n"
    "	chain through_host {\n"
    "		type filter hook forward priority -10; policy accept;\n"
    "		iifname \"%2$s\" ct state established,related accept\n"
    "		iifname \"%2$s\" drop\n"
    "		oifname \"%2$s\" ip daddr vmap @doors\n"
    "	}\n"
    "}\n"
    "%3$s";

/* Bridge names may hold more than nft takes: other bytes are spelled in hex. */
const char *
firewall_table(struct op *op, const char *bridge)
{
	const char *name = "coffer_";

	for (; *bridge != '\0'; bridge++)
		name = isalnum((unsigned char)*bridge) ?
		    op_printf(op, "%s%c", name, *bridge) :
		    op_printf(op, "%s_%02x", name, (unsigned char)*bridge);
	return name;
}

/* 30 microseconds, where asking nft takes 5 ms: this runs at every start. */
bool
firewall_present(const char *table)
{
	struct {
		struct nlmsghdr h;
		struct nfgenmsg g;
		struct nlattr a;
		char name[64];
	} ask = {
		.h.nlmsg_type = NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETTABLE,
		.h.nlmsg_flags = NLM_F_REQUEST,
		.g.nfgen_family = 1,	/* NFPROTO_INET */
		.a.nla_type = NFTA_TABLE_NAME,
	};
	_Alignas(struct nlmsghdr) char buf[4096];
	size_t n = strlen(table) + 1;
	ssize_t got;
	int fd;

	if (n > sizeof(ask.name))
		return false;
	memcpy(ask.name, table, n);
	ask.a.nla_len = (uint16_t)(NLA_HDRLEN + n);
	ask.h.nlmsg_len = (uint32_t)(sizeof(ask.h) + sizeof(ask.g) +
	    NLA_HDRLEN + NLA_ALIGN(n));
	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
	if (fd == -1)
		return false;
	got = send(fd, &ask, ask.h.nlmsg_len, 0);
	if (got != -1)
		got = recv(fd, buf, sizeof(buf), 0);
	close(fd);
	return got >= (ssize_t)sizeof(struct nlmsghdr) &&
	    ((struct nlmsghdr *)buf)->nlmsg_type != NLMSG_ERROR;
}

enum err
firewall_load(struct op *op, const char *bridge, const char *doors)
{
	static const char *const nft[] = { "nft", "-f", "-", NULL };

	for (const char *s = bridge; *s != '\0'; s++)
		if (!isalnum((unsigned char)*s) && strchr("-_.", *s) == NULL)
			return op_fail(op, ERR_BAD_REQUEST,
			    "local.bridge: \"%s\" is no good name", bridge);
	return local_run(op, nft, op_printf(op, rules,
	    firewall_table(op, bridge), bridge, doors), NFT_MS);
}

enum err
firewall_remove(struct op *op, const char *bridge)
{
	const char *table = firewall_table(op, bridge);
	const char *const nft[] = { "nft", "delete", "table", "inet", table,
	    NULL };

	return firewall_present(table) ? local_run(op, nft, NULL, NFT_MS) : OK;
}
