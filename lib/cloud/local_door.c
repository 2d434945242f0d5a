#include "lib/cloud/local_door.h"
#include "lib/base/conf.h"
#include "lib/base/text.h"
#include "lib/cloud/local_firewall.h"
#include "lib/cloud/local_run.h"
#include "lib/cloud/local_tree.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#define NFT_MS 10000

static const char *
table_name(struct op *op)
{
	return firewall_table(op, conf_str("local.bridge"));
}

static enum err
file_of(struct op *op, const char *instance, const char **file)
{
	const char *dir;

	TRY(local_dir(op, instance, &dir));
	*file = op_printf(op, "%s/access", dir);
	return OK;
}

static enum err
nft(struct op *op, const char *rules)
{
	static const char *const argv[] = { "nft", "-f", "-", NULL };

	return local_run(op, argv, rules, NFT_MS);
}

/* "10.0.0.0/8" or "10.1.2.3": what nft is given is nothing else. */
static bool
is_cidr(struct op *op, const char *cidr)
{
	char *s = op_strdup(op, cidr), *slash = strchr(s, '/');
	struct in_addr in;
	int64_t bits;

	if (slash != NULL)
		*slash++ = '\0';
	return inet_pton(AF_INET, s, &in) == 1 &&
	    (slash == NULL || text_number(slash, 0, 32, &bits));
}

/* "10.177.0.5" has the chain door_10_177_0_5. */
static const char *
chain_name(struct op *op, const char *address)
{
	char *name = op_printf(op, "door_%s", address);

	for (char *s = name; *s != '\0'; s++)
		if (*s == '.')
			*s = '_';
	return name;
}

/* One transaction: at no time is it open that was closed. */
static void
rules_add(struct op *op, struct text *t, char **line)
{
	const char *table = table_name(op), *chain = chain_name(op, line[0]);

	text_printf(t, "add chain inet %s %s\nflush chain inet %s %s\n", table,
	    chain, table, chain);
	for (char **cidr = line + 1; *cidr != NULL; cidr++)
		text_printf(t, "add rule inet %s %s ip saddr %s accept\n",
		    table, chain, *cidr);
	text_printf(t, "add rule inet %s %s drop\n"
	    "add element inet %s doors { %s : goto %s }\n", table, chain,
	    table, line[0], chain);
}

/* The lines of a file that is ours; none when one of them is no address. */
static char **
file_lines(struct op *op, const char *file)
{
	char *text, **line;

	if (file_read(op, file, &text) != OK)
		return NULL;
	line = text_split(op, text, "\n");
	for (char **l = line; *l != NULL; l++)
		if (!is_cidr(op, *l))
			return NULL;
	return line[0] != NULL ? line : NULL;
}

enum err
door_close(struct op *op, const struct place *p, const char *const *cidrs)
{
	const char *dir, *file;
	struct text t;

	text_begin(&t, op, 256);
	text_printf(&t, "%s\n", p->address);
	for (; *cidrs != NULL; cidrs++) {
		if (!is_cidr(op, *cidrs))
			return op_fail(op, ERR_CLOUD, "%.64s is no network",
			    *cidrs);
		text_printf(&t, "%s\n", *cidrs);
	}
	TRY(local_dir_make(op, p->instance, &dir));
	TRY(file_of(op, p->instance, &file));
	TRY(file_write(op, file, t.s, 0600));
	text_begin(&t, op, 512);
	rules_add(op, &t, file_lines(op, file));
	return nft(op, t.s);
}

/* Added first, so that there is one to delete. */
static enum err
rules_drop(struct op *op, const char *address)
{
	const char *table = table_name(op), *chain = chain_name(op, address);

	if (!firewall_present(table))
		return OK;
	return nft(op, op_printf(op,
	    "add chain inet %s %s\n"
	    "add element inet %s doors { %s : goto %s }\n"
	    "delete element inet %s doors { %s }\n"
	    "delete chain inet %s %s\n", table, chain, table, address, chain,
	    table, address, table, chain));
}

enum err
door_open(struct op *op, const char *instance)
{
	const char *file;
	char **line;

	TRY(file_of(op, instance, &file));
	line = file_lines(op, file);
	if (line != NULL)
		TRY(rules_drop(op, line[0]));
	if (unlink(file) == -1 && errno != ENOENT && errno != ENOTDIR)
		return op_fail(op, ERR_CLOUD, "%s: %s", file, strerror(errno));
	local_dir_drop(op, instance);
	return OK;
}

enum err
doors_rules(struct op *op, const char **rules)
{
	const char *const *ids, *file;
	char **line;
	struct text t;

	TRY(local_dir_list(op, "access", &ids));
	text_begin(&t, op, 1024);
	for (; *ids != NULL; ids++) {
		TRY(file_of(op, *ids, &file));
		if ((line = file_lines(op, file)) != NULL)
			rules_add(op, &t, line);
	}
	*rules = t.s;
	return OK;
}
