/*
 * PostgreSQL knows roles, not users at hosts: where one may come from stands in
 * pg_hba.conf.  What it is made from is kept where a backup takes it along: a
 * role with a limit says "host 10.0.0.%" in its comment.
 */
#include "agent/postgresql.h"
#include "agent/file.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define HEAD								\
	"# Written by coffer-agent.\n"					\
	"local all " POSTGRESQL_ADMIN " trust\n"			\
	"local replication " POSTGRESQL_ADMIN " trust\n"		\
	"local all all reject\n"					\
	"host all " POSTGRESQL_ADMIN " all reject\n"			\
	"host replication all all reject\n"
#define OPEN	"%s all all all scram-sha-256%s\n"

struct lines { struct text t; const char *host, *more; };

/* "10.%" and "10.0.%.%" are networks; a % before a number is none. */
static bool
from_pattern(struct op *op, const char *host, const char **cidr)
{
	unsigned byte[4] = { 0 };
	int bits = 0, n;
	bool open = false;

	for (int i = 0; i < 4 && *host != '\0'; i++) {
		if (*host == '%') {
			open = true;
			n = 1;
		} else if (open || sscanf(host, "%3u%n", &byte[i], &n) != 1 ||
		    byte[i] > 255)
			return false;
		else
			bits += 8;
		host += n;
		if (*host == '.' && host[1] != '\0')
			host++;
		else if (*host != '\0')
			return false;
	}
	if (*host != '\0' || (!open && bits != 32))
		return false;
	*cidr = op_printf(op, "%u.%u.%u.%u/%d", byte[0], byte[1], byte[2],
	    byte[3], bits);
	return true;
}

/* Bits of "24" or "255.255.255.0"; -1: it is no such mask. */
static int
mask_bits(const char *mask, int most)
{
	struct in_addr a;
	uint32_t m;
	int bits, end = 0;

	if (sscanf(mask, "%3d%n", &bits, &end) == 1 && mask[end] == '\0')
		return bits >= 0 && bits <= most ? bits : -1;
	if (most != 32 || inet_pton(AF_INET, mask, &a) != 1)
		return -1;
	m = ntohl(a.s_addr);
	for (bits = 0; bits < 32 && (m & 0x80000000u >> bits) != 0; bits++)
		;
	return bits == 32 || m << bits == 0 ? bits : -1;
}

static bool
from_address(struct op *op, const char *host, const char **cidr)
{
	char *address = op_strdup(op, host), *mask = strchr(address, '/');
	unsigned char a[sizeof(struct in6_addr)];
	int most, bits;

	if (mask != NULL)
		*mask++ = '\0';
	if (inet_pton(AF_INET, address, a) == 1)
		most = 32;
	else if (inet_pton(AF_INET6, address, a) == 1)
		most = 128;
	else
		return false;
	if ((bits = mask != NULL ? mask_bits(mask, most) : most) == -1)
		return false;
	*cidr = op_printf(op, "%s/%d", address, bits);
	return true;
}

static bool
is_everywhere(const char *host)
{
	return host == NULL || strcmp(host, "%") == 0;
}

static bool
network(struct op *op, const char *host, const char **cidr)
{
	return from_address(op, host, cidr) || from_pattern(op, host, cidr);
}

enum err
postgresql_hosts_check(struct op *op, const char *host)
{
	const char *cidr;

	if (is_everywhere(host) || network(op, host, &cidr))
		return OK;
	return op_fail(op, ERR_BAD_REQUEST, "PostgreSQL cannot hold a user to "
	    "the host %s: an address or a network is what it knows.", host);
}

/* A comment of a tenant's superuser that is none of ours lets nobody in. */
static enum err
line_add(struct op *op, void *arg, char **field)
{
	struct lines *l = arg;
	const char *cidr;
	struct text name;

	text_begin(&name, op, 64);
	for (const char *c = field[0]; *c != '\0'; c++) {
		if (*c == '"')
			text_addc(&name, '"');
		text_addc(&name, *c);
	}
	if (strpbrk(field[0], "\r\n") != NULL)
		return OK;
	if (network(op, field[1], &cidr))
		text_printf(&l->t, "%s all \"%s\" %s scram-sha-256%s\n",
		    l->host, name.s, cidr, l->more);
	text_printf(&l->t, "host all \"%s\" all reject\n", name.s);
	return OK;
}

static enum err
text_of(struct op *op, const struct db_user *besides, struct lines *l)
{
	TRY(postgresql_tls_hosts(op, &l->host, &l->more));
	text_begin(&l->t, op, 1024);
	text_add(&l->t, HEAD);
	if (besides != NULL && !is_everywhere(besides->host))
		TRY(line_add(op, l, (char *[]){ op_strdup(op, besides->name),
		    op_strdup(op, besides->host) }));
	TRY(postgresql_rows(op, "SELECT rolname, substring("
	    "shobj_description(oid, 'pg_authid') FROM '^host (.*)$') AS host "
	    "FROM pg_roles WHERE rolcanlogin AND "
	    "shobj_description(oid, 'pg_authid') ~ '^host ' ORDER BY rolname",
	    NULL, line_add, l));
	text_printf(&l->t, OPEN, l->host, l->more);
	return OK;
}

enum err
postgresql_hosts(struct op *op, const struct db_user *besides)
{
	const char *path = file_data(op, POSTGRESQL_HBA), *was;
	struct lines l;
	size_t len;

	TRY(text_of(op, besides, &l));
	if (file_get(op, path, &was, &len) == OK && strcmp(was, l.t.s) == 0)
		return OK;
	TRY(file_put(op, path, l.t.s, l.t.len));
	return postgresql_reload(op);
}

enum err
postgresql_hosts_ensure(struct op *op, bool open)
{
	const char *path = file_data(op, POSTGRESQL_HBA);
	const char *text = HEAD, *host, *more;

	TRY(file_put_anew(op, file_data(op, POSTGRESQL_IDENT), "", 0));
	if (access(path, F_OK) == 0)
		return OK;
	TRY(postgresql_tls_hosts(op, &host, &more));
	if (open)
		text = op_printf(op, HEAD OPEN, host, more);
	return file_put_anew(op, path, text, strlen(text));
}
