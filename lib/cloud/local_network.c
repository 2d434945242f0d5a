/*
 * The local network driver.  The address comes from the slot; the link itself
 * is made by the sandbox, in the network namespace that ends with it.
 */
#include "lib/cloud/local_network.h"
#include "lib/base/conf.h"
#include "lib/base/json.h"
#include "lib/base/log.h"
#include "lib/cloud/local.h"
#include "lib/cloud/local_door.h"
#include "lib/cloud/local_firewall.h"
#include "lib/cloud/local_link.h"
#include "lib/cloud/local_lock.h"

#include <string.h>

static enum err
guard(struct op *op, enum lock_kind kind, int *fd)
{
	const char *root = conf_str("local.root");

	TRY(local_passage(op, root));
	return lock_file(op, op_printf(op, "%s/network.lock", root), kind, fd);
}

static bool
stands(struct op *op, const char *bridge)
{
	int fd;

	return firewall_present(firewall_table(op, bridge)) &&
	    link_socket(op, &fd) == OK && link_index(fd, bridge) != 0;
}

/* Rules first: there is never a bridge without them. */
static enum err
build(struct op *op, const char *bridge)
{
	struct local_net net;
	const char *doors;
	int fd;

	TRY(local_net(op, 0, &net));
	TRY(doors_rules(op, &doors));
	TRY(firewall_load(op, bridge, doors));
	TRY(link_socket(op, &fd));
	return link_bridge(op, fd, bridge, net.gateway, net.prefix);
}

/* The lock stays: who wants to take the bridge away asks for it alone. */
enum err
network_hold(struct op *op)
{
	const char *bridge = conf_str("local.bridge");
	int fd = -1;

	TRY(guard(op, LOCK_SHARED, &fd));
	if (stands(op, bridge))
		return OK;
	TRY(guard(op, LOCK_ALONE, &fd));
	if (!stands(op, bridge))
		TRY(build(op, bridge));
	return OK;
}

static enum err
network_open(struct op *op)
{
	return local_open(op);
}

/* The networks that place.access names; NULL: it names none. */
static enum err
allowed(struct op *op, const struct place *p, const char *const **cidrs)
{
	const struct json *access = NULL, *list;
	const char **all;
	size_t n, i;

	*cidrs = NULL;
	if (p->access != NULL)
		TRY(json_parse(op, p->access, strlen(p->access), &access));
	list = json_get(access, "allowed_cidrs");
	if (list == NULL)
		return OK;
	n = json_count(list);
	all = op_alloc(op, (n + 1) * sizeof(*all));
	for (i = 0; i < n; i++)
		all[i] = json_str(json_at(list, i));
	all[n] = NULL;
	*cidrs = all;
	return OK;
}

/* On this machine no address leads outside: is_public opens nothing. */
static enum err
network_access(struct op *op, const struct place *p)
{
	const char *const *cidrs;
	struct op held;
	enum err e;

	if (local_found()->mode != LOCAL_FULL)
		return OK;		/* loopback: nobody else gets there */
	TRY(allowed(op, p, &cidrs));
	if (cidrs == NULL)
		return door_open(op, p->instance);
	op_begin(&held, op->id);
	if ((e = network_hold(&held)) == OK)
		e = door_close(&held, p, cidrs);
	if (e != OK)
		(void)op_fail(op, e, "%s", held.why);
	op_end(&held);
	return e;
}

static enum err
network_ensure(struct op *op, const struct place *p, bool *ready,
    struct port *port)
{
	struct place there = *p;
	struct local_net net;
	struct op held;
	enum err e = OK;

	TRY(local_net(op, p->slot, &net));
	op_begin(&held, op->id);
	if (local_found()->mode == LOCAL_FULL &&
	    (e = network_hold(&held)) != OK)
		(void)op_fail(op, e, "%s", held.why);
	op_end(&held);
	TRY(e);
	there.address = net.address;
	if (p->access != NULL)
		TRY(network_access(op, &there));
	port->id = local_link(op, p->slot);
	port->address = net.address;
	*ready = true;
	return OK;
}

struct wanted { const char *instance; const char *name; int others; };

static enum err
port_match(struct op *op, void *arg, const char *name, const char *instance)
{
	struct wanted *w = arg;

	if (strcmp(instance, w->instance) == 0)
		w->name = op_strdup(op, name);
	else
		w->others++;
	return OK;
}

/* The last one turns off the light, unless somebody is just coming in. */
static void
bridge_drop(const struct op *caller, int fd, const char *bridge)
{
	struct wanted none = { .instance = "" };
	struct op op;
	int lock = -1;

	op_begin(&op, caller->id);
	if (guard(&op, LOCK_ALONE_NOWAIT, &lock) == OK &&
	    link_each(&op, fd, bridge, port_match, &none) == OK &&
	    none.others == 0 && none.name == NULL &&
	    (link_remove(&op, fd, bridge) != OK ||
	    firewall_remove(&op, bridge) != OK))
		log_warn(&op, "network: %s", op.why);
	op_end(&op);
}

static enum err
network_remove(struct op *op, const struct place *p, bool *ready)
{
	const char *bridge = conf_str("local.bridge");
	struct wanted w = { .instance = p->instance };
	int fd;

	*ready = true;
	if (local_found()->mode != LOCAL_FULL)
		return OK;
	TRY(door_open(op, p->instance));
	TRY(link_socket(op, &fd));
	TRY(link_each(op, fd, bridge, port_match, &w));
	if (w.name != NULL)
		TRY(link_remove(op, fd, w.name));
	if (w.others == 0)
		bridge_drop(op, fd, bridge);
	return OK;
}

static enum err
port_add(struct op *op, void *arg, const char *name, const char *instance)
{
	(void)op; (void)name;
	if (*instance != '\0')
		local_ids_add(arg, instance);
	return OK;
}

static enum err
network_list(struct op *op, const char *const **instances)
{
	struct local_ids ids = { .op = op };
	const char *const *doors;
	int fd;

	TRY(local_dir_list(op, "access", &doors));
	for (; *doors != NULL; doors++)
		local_ids_add(&ids, *doors);
	if (local_found()->mode == LOCAL_FULL) {
		TRY(link_socket(op, &fd));
		TRY(link_each(op, fd, conf_str("local.bridge"), port_add,
		    &ids));
	}
	*instances = local_ids_end(&ids);
	return OK;
}

const struct network_driver network_local = {
	.name = "local",
	.open = network_open,
	.ensure = network_ensure,
	.access = network_access,
	.remove = network_remove,
	.list = network_list,
};
