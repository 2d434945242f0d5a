/*
 * The fake cloud, for rehearsals: as a tenant sees it everything is there, but
 * whatever the engine, its guests are agents with the failing engine, run as
 * plain processes by the local drivers.  What a request asks to fail fails:
 *
 *   name ends with SERVER_ERROR    there is no server to be had
 *   name ends with GUEST_ERROR     the agent cannot start its engine
 *   name ends with STUCK_BUILD     the agent is never heard of
 *   availability_zone BAD_ZONE     there is no such zone
 *   a volume of 9 GB               there is no volume to be had
 *   a network that is not listed   there is no port to be had
 */
#include "lib/cloud/cloud.h"
#include "lib/cloud/local_lock.h"
#include "lib/cloud/null.h"
#include "lib/base/clock.h"
#include "lib/base/conf.h"
#include "lib/base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NO_VOLUME_GB	9
#define BUILD_MS	1500		/* a create can be watched at work */
#define GROW_MS		300		/* and so can a resize */

static bool
asks_for(const struct place *p, const char *what)
{
	size_t n = strlen(p->name), w = strlen(what);

	return n >= w && strcmp(p->name + n - w, what) == 0;
}

/* Its volume begins empty, and the last word of a setting wins. */
static void
rehearsed(struct op *op, const struct place *p, struct place *r)
{
	*r = *p;
	r->engine = "null";
	r->version = "1.0";
	if (p->agent_conf != NULL)
		r->agent_conf = op_printf(op, "%s[agent]\nengine = failing\n"
		    "fail_slowly = %d\nfail = %s\n", p->agent_conf, BUILD_MS,
		    asks_for(p, "GUEST_ERROR") ? "prepare:1" : "");
}

/* Every thing has an id of its own there: the instance's, but for one digit. */
static const char *
own_id(struct op *op, const struct place *p, char digit)
{
	char *id = op_strdup(op, p->instance);

	id[14] = digit;			/* where the version of a UUID stands */
	return id;
}

/* --- servers --------------------------------------------------------------------- */

static enum err
server_ensure(struct op *op, const struct place *p, bool *ready,
    const char **id)
{
	struct place r;

	if (asks_for(p, "SERVER_ERROR"))
		return op_fail(op, ERR_CLOUD,
		    "Fake server create error. (HTTP 500)");
	if (p->zone != NULL && strcmp(p->zone, "BAD_ZONE") == 0)
		return op_fail(op, ERR_CLOUD, "The requested availability "
		    "zone is not available (HTTP 400)");
	if (asks_for(p, "STUCK_BUILD")) {
		*ready = true;
		*id = own_id(op, p, '1');
		return OK;
	}
	rehearsed(op, p, &r);
	TRY(compute_local.ensure(op, &r, ready, id));
	*id = own_id(op, p, '1');
	return OK;
}

/* --- volumes --------------------------------------------------------------------- */

static enum err
volume_ensure(struct op *op, const struct place *p, bool *ready,
    const char **id)
{
	struct place r;

	*id = own_id(op, p, '3');
	if (p->volume_gb == NO_VOLUME_GB)
		return p->volume_id == NULL ? OK : op_fail(op, ERR_CLOUD,
		    "Failed to create volume.");
	rehearsed(op, p, &r);
	TRY(volume_local.ensure(op, &r, ready, id));
	*id = own_id(op, p, '3');
	return OK;
}

/* --- addresses ---------------------------------------------------------------------- */

/* Upwards in the order of asking, none of them twice: how many stands in <local.root>/<file>. */
struct pool { const char *file, *net; int from; };
static const struct pool
	inside = { "addresses", "10.10", 11 },
	outside = { "floating", "172.24", 4 * 250 + 10 };

static enum err
address_next(struct op *op, const struct pool *pool, const char **address)
{
	const char *path = op_printf(op, "%s/%s", conf_str("local.root"),
	    pool->file);
	char digits[16] = "";
	int fd = -1, n;

	TRY(lock_file(op, path, LOCK_ALONE, &fd));
	if (pread(fd, digits, sizeof(digits) - 1, 0) == -1)
		return op_fail(op, ERR_CLOUD, "%s: %s", path, strerror(errno));
	n = atoi(digits);
	snprintf(digits, sizeof(digits), "%d\n", n + 1);
	if (pwrite(fd, digits, strlen(digits), 0) == -1)
		return op_fail(op, ERR_CLOUD, "%s: %s", path, strerror(errno));
	n += pool->from;
	*address = op_printf(op, "%s.%d.%d", pool->net, n / 250, n % 250);
	return OK;
}

static enum err
port_ensure(struct op *op, const struct place *p, bool *ready,
    struct port *port)
{
	*ready = true;
	if (p->network == NULL)		/* nobody can reach it, and nobody asked to */
		return OK;
	if (strstr(conf_str("network.subnets"), op_printf(op, ":%s",
	    p->network)) == NULL)
		return op_fail(op, ERR_CLOUD, "Network %s could not be found.",
		    p->network);
	TRY(null_ensure(op, NULL_PORT, p->instance, &port->id));
	port->id = own_id(op, p, '2');
	if (p->port_id == NULL)
		TRY(address_next(op, &inside, &port->address));
	if (p->address != NULL)		/* it has it, or asked for it */
		port->address = p->address;
	if (p->is_public && p->public_address == NULL)
		return address_next(op, &outside, &port->public_address);
	if (p->is_public)
		port->public_address = p->public_address;
	return OK;
}

/* Nobody gets there: nobody has to be kept out. */
static enum err
port_access(struct op *op, const struct place *p)
{
	(void)op;
	(void)p;
	return OK;
}

static enum err
fake_open(struct op *op)
{
	TRY(null_open(op));
	return compute_local.open(op);
}

static enum err
server_resize(struct op *op, const struct place *p)
{
	return compute_local.resize(op, p);
}

static enum err
server_running(struct op *op, const struct place *p, bool *running)
{
	return compute_local.running(op, p, running);
}

static enum err
server_remove(struct op *op, const struct place *p, bool *ready)
{
	return compute_local.remove(op, p, ready);
}

static enum err
server_list(struct op *op, const char *const **instances)
{
	return compute_local.list(op, instances);
}

static enum err
volume_resize(struct op *op, const struct place *p, bool *ready)
{
	clock_sleep_ms(GROW_MS);
	return volume_local.resize(op, p, ready);
}

static enum err
volume_remove(struct op *op, const struct place *p, bool *ready)
{
	return volume_local.remove(op, p, ready);
}

static enum err
volume_list(struct op *op, const char *const **instances)
{
	return volume_local.list(op, instances);
}

const struct compute_driver compute_fake = {
	.name = "fake", .open = fake_open, .ensure = server_ensure,
	.resize = server_resize, .running = server_running,
	.remove = server_remove, .move = null_server_move, .list = server_list,
	.contains_root = null_contains_root,
};
const struct volume_driver volume_fake = {
	.name = "fake", .open = fake_open, .ensure = volume_ensure,
	.resize = volume_resize, .remove = volume_remove, .list = volume_list,
};
const struct network_driver network_fake = {
	.name = "fake", .open = fake_open, .ensure = port_ensure,
	.access = port_access, .remove = null_port_remove,
	.list = null_port_list,
};
