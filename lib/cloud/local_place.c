/* What belongs to an instance by its id and by its slot. */
#include "lib/cloud/local.h"
#include "lib/base/conf.h"
#include "lib/base/text.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINK_MAX_LEN 15			/* IFNAMSIZ - 1 */
#define SLOT_DIGITS 5

enum err
local_dir(struct op *op, const char *instance, const char **dir)
{
	if (instance == NULL || !text_is_uuid(instance))
		return op_fail(op, ERR_INTERNAL, "no instance id: \"%s\"",
		    instance == NULL ? "" : instance);
	*dir = op_printf(op, "%s/instances/%s", conf_str("local.root"),
	    instance);
	return OK;
}

/*
 * systemd gives us a umask that would keep an instance's own uid out; a chmod
 * behind the mkdir would come never where the worker dies between the two.
 */
enum err
local_passage(struct op *op, const char *dir)
{
	mode_t before = umask(066);
	int rc = mkdir(dir, 0711), why = errno;

	umask(before);
	if (rc == -1 && why != EEXIST)
		return op_fail(op, ERR_CLOUD, "%s: %s", dir, strerror(why));
	return OK;
}

enum err
local_dir_make(struct op *op, const char *instance, const char **dir)
{
	const char *root = conf_str("local.root");

	TRY(local_dir(op, instance, dir));
	TRY(local_passage(op, root));
	TRY(local_passage(op, op_printf(op, "%s/instances", root)));
	return local_passage(op, *dir);
}

void
local_dir_drop(struct op *op, const char *instance)
{
	const char *dir;

	if (local_dir(op, instance, &dir) == OK)
		rmdir(dir);		/* another driver's things are there: stays */
}

bool
local_dir_has(struct op *op, const char *dir, const char *file)
{
	struct stat st;

	return lstat(op_printf(op, "%s/%s", dir, file), &st) == 0;
}

enum err
local_dir_list(struct op *op, const char *file, const char *const **instances)
{
	const char *top = op_printf(op, "%s/instances", conf_str("local.root"));
	struct local_ids ids = { .op = op };
	struct dirent *e;
	DIR *d = opendir(top);

	if (d == NULL && errno != ENOENT)
		return op_fail(op, ERR_CLOUD, "%s: %s", top, strerror(errno));
	while (d != NULL && (e = readdir(d)) != NULL)
		if (text_is_uuid(e->d_name) && (file == NULL ||
		    local_dir_has(op, op_printf(op, "%s/%s", top, e->d_name),
		    file)))
			local_ids_add(&ids, e->d_name);
	if (d != NULL)
		closedir(d);
	*instances = local_ids_end(&ids);
	return OK;
}

void
local_ids_add(struct local_ids *ids, const char *id)
{
	const char **more;

	for (size_t i = 0; i < ids->n; i++)
		if (strcmp(ids->id[i], id) == 0)
			return;
	if (ids->n + 1 >= ids->room) {	/* one is kept for the NULL */
		ids->room = ids->room == 0 ? 16 : ids->room * 2;
		more = op_alloc(ids->op, ids->room * sizeof(*more));
		if (ids->n > 0)
			memcpy(more, ids->id, ids->n * sizeof(*more));
		ids->id = more;
	}
	ids->id[ids->n++] = op_strdup(ids->op, id);
}

const char *const *
local_ids_end(struct local_ids *ids)
{
	static const char *const none[] = { NULL };

	if (ids->n == 0)
		return none;
	ids->id[ids->n] = NULL;
	return ids->id;
}

/* "10.177.0.0/16" -> first address and mask length. */
static enum err
subnet_read(struct op *op, const char *key, uint32_t *base, int *prefix)
{
	char *s = op_strdup(op, conf_str(key)), *slash = strchr(s, '/');
	struct in_addr in;
	int64_t bits;

	if (slash != NULL)
		*slash++ = '\0';
	if (slash == NULL || !text_number(slash, 1, 30, &bits) ||
	    inet_pton(AF_INET, s, &in) != 1)
		return op_fail(op, ERR_BAD_REQUEST,
		    "%s: want a subnet like 10.177.0.0/16", key);
	*prefix = (int)bits;
	*base = ntohl(in.s_addr) & ~(UINT32_MAX >> bits);
	return OK;
}

static const char *
address_text(struct op *op, uint32_t host)
{
	struct in_addr in = { htonl(host) };
	char s[INET_ADDRSTRLEN];

	return op_strdup(op, inet_ntop(AF_INET, &in, s, sizeof(s)));
}

/* The first address is the host's, slot 0 has the second; none the last. */
enum err
local_net(struct op *op, int slot, struct local_net *net)
{
	const char *key = local_found()->mode == LOCAL_FULL ? "local.subnet" :
	    "local.loopback";
	uint32_t base = 0, host = (uint32_t)slot + 2;
	int prefix = 0;

	if (slot < 0 || slot >= conf_int("local.slots") + LOCAL_SPARE)
		return op_fail(op, ERR_CLOUD, "slot %d is none of this host's",
		    slot);
	TRY(subnet_read(op, key, &base, &prefix));
	if (host >= UINT32_MAX >> prefix)
		return op_fail(op, ERR_CLOUD, "%s has no address for slot %d",
		    key, slot);
	net->address = address_text(op, base + host);
	net->gateway = address_text(op, base + 1);
	net->prefix = prefix;
	return OK;
}

/* FNV-1a: short names that differ when long ones do. */
static uint32_t
hash(const char *s)
{
	uint32_t h = 2166136261u;

	for (; *s != '\0'; s++)
		h = (h ^ (unsigned char)*s) * 16777619u;
	return h;
}

const char *
local_link(struct op *op, int slot)
{
	const char *bridge = conf_str("local.bridge");

	if (strlen(bridge) + 1 + SLOT_DIGITS <= LINK_MAX_LEN)
		return op_printf(op, "%s-%d", bridge, slot);
	return op_printf(op, "%.3s%06x-%d", bridge, hash(bridge) & 0xffffff,
	    slot % 100000);
}

uid_t
local_uid(int slot)
{
	if (!local_found()->own_uids)
		return geteuid();
	return (uid_t)(conf_int("local.uid_base") + slot);
}

const char *
local_stack(struct op *op)
{
	const char *root = conf_str("local.root");
	char *real = realpath(root, NULL);
	const char *stack = op_printf(op, "%s-%06x", conf_str("local.bridge"),
	    hash(real != NULL ? real : root) & 0xffffff);

	free(real);
	return stack;
}

static const char *
program(struct op *op, const char *key, const char *name)
{
	const char *path = conf_str(key);

	return *path != '\0' ? path :
	    op_printf(op, "%s/%s", COFFER_LIBEXECDIR, name);
}

const char *
local_sandbox_path(struct op *op)
{
	return program(op, "local.sandbox", "coffer-sandbox");
}

const char *
local_agent_path(struct op *op)
{
	return program(op, "local.agent", "coffer-agent");
}
