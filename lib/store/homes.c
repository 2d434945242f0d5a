#include "lib/store/homes.h"

#define GIVE(name, ...) return (struct call)CALL(name, __VA_ARGS__)

struct call
slot_lock(const char *host)
{
	GIVE(SLOT_LOCK, host);
}

struct call
slot_take(struct op *op, const char *host, const char *instance, int first,
    int end)
{
	GIVE(SLOT_TAKE, host, instance, store_num(op, first),
	    store_num(op, end));
}

struct call
slot_drop(const char *instance)
{
	GIVE(SLOT_DROP, instance);
}

struct call
home_port(const char *instance, const char *port_id, const char *address,
    const char *public_address)
{
	GIVE(HOME_PORT, instance, port_id, address, public_address);
}

struct call
home_volume(const char *instance, const char *volume_id)
{
	GIVE(HOME_VOLUME, instance, volume_id);
}

struct call
home_server(const char *instance, const char *server_id, const char *host)
{
	GIVE(HOME_SERVER, instance, server_id, host);
}

struct call
home_built(const char *instance)
{
	GIVE(HOME_BUILT, instance);
}

struct call
home_not_built(const char *instance, const char *task_word, const char *fault,
    const char *details)
{
	GIVE(HOME_NOT_BUILT, instance, task_word, fault, details);
}

struct call
home_gone(const char *instance)
{
	GIVE(HOME_GONE, instance);
}

struct call
home_guest_gone(const char *instance)
{
	GIVE(HOME_GUEST_GONE, instance);
}

struct call
home_not_gone(const char *instance, const char *fault, const char *details)
{
	GIVE(HOME_NOT_GONE, instance, fault, details);
}

struct call
home_done(const char *instance, const char *task_word)
{
	GIVE(HOME_DONE, instance, task_word);
}

struct call
home_restart_required(const char *instance)
{
	GIVE(HOME_RESTART_REQUIRED, instance);
}

struct call
home_not_configured(const char *instance, const char *now, const char *was)
{
	GIVE(HOME_NOT_CONFIGURED, instance, now, was);
}

struct call
home_unconfigured(const char *instance, const char *fault,
    const char *details)
{
	GIVE(HOME_UNCONFIGURED, instance, fault, details);
}

struct call
home_detached(const char *instance)
{
	GIVE(HOME_DETACHED, instance);
}

struct call
home_promoted(const char *instance, bool good)
{
	GIVE(HOME_PROMOTED, instance, good ? "t" : "f");
}

struct call
home_access(const char *instance, const char *access, const char *task)
{
	GIVE(HOME_ACCESS, instance, access, task);
}

struct call
home_resized(const char *instance, bool good)
{
	GIVE(HOME_RESIZED, instance, good ? "t" : "f");
}

struct call
home_fault(const char *instance, const char *fault, const char *details)
{
	GIVE(HOME_FAULT, instance, fault, details);
}

struct call
home_root(const char *instance, const char *user)
{
	GIVE(HOME_ROOT, instance, user);
}

struct call
home_root_history(const char *instance, const char *user)
{
	GIVE(ROOT_HISTORY_ADD, instance, user);
}

enum err
home_guests(struct op *op, const char *after, int limit,
    struct home_guest **guests, int *n)
{
	struct rows r;

	TRY(STORE_READ(op, &r, HOME_GUESTS, after, store_num(op, limit)));
	*n = rows_count(&r);
	*guests = op_alloc(op, ((size_t)*n + 1) * sizeof(**guests));
	for (int i = 0; i < *n; i++)
		(*guests)[i] = (struct home_guest){ row_str(&r, i, 0),
		    (int)row_int(&r, i, 1) };
	return OK;
}
