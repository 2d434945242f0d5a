#include "lib/msg/admission.h"
#include "lib/msg/bus.h"
#include "lib/msg/guest.h"
#include "lib/wire/redis.h"

#include <stdio.h>
#include <string.h>

/* --- one guest -------------------------------------------------------------------- */

/*
 * A flat pattern would allow both SUBSCRIBE and PUBLISH on a channel, and a
 * guest could then order itself about: hence the two selectors (Redis 7).
 * "reset" first: an older password must not go on working.
 */
static void
command(struct op *op, struct redis_command *k, const struct key *master,
    const struct admission *g)
{
	*k = (struct redis_command){ { "ACL", "SETUSER",
	    guest_redis_user(op, g->instance), "reset", "on",
	    op_printf(op, ">%s", guest_redis_password(op, master, g->instance,
		g->epoch)),
	    "resetkeys", "resetchannels", "-@all", "+ping",
	    op_printf(op, "(+subscribe +unsubscribe resetchannels &%s)",
		guest_channel_in(op, g->instance)),
	    op_printf(op, "(+publish resetchannels &%s)",
		guest_channel_out(op, g->instance)) }, .n = 12 };
}

static enum err
admit(struct op *op, struct redis *redis, const struct key *master,
    const struct admission *g, int n)
{
	struct redis_command *k = op_alloc(op, ((size_t)n + 1) * sizeof(*k));

	for (int i = 0; i < n; i++)
		command(op, &k[i], master, &g[i]);
	return n == 0 ? OK : redis_pipe(op, redis, k, n, NULL);
}

enum err
admission_make(struct op *op, const struct key *master,
    const struct admission *g, int n)
{
	return admit(op, bus_redis(), master, g, n);
}

enum err
guest_admit(struct op *op, struct redis *redis, const struct key *master,
    const char *instance, int epoch)
{
	const struct admission g = { instance, epoch };

	return admit(op, redis, master, &g, 1);
}

/* Redis closes the connections of a user that it forgets. */
enum err
guest_expel(struct op *op, struct redis *redis, const char *instance)
{
	return redis_call(op, redis, NULL, (const char *const[]){ "ACL",
	    "DELUSER", guest_redis_user(op, instance), NULL });
}

/* --- all of them ------------------------------------------------------------------ */

static const char *
mark(struct op *op, int digit)
{
	return op_printf(op, "coffer:admitted:%x", digit);
}

enum err
admission_server(struct op *op, char out[ADMISSION_ID])
{
	struct redis_reply info = { 0 };
	const char *at;

	TRY(redis_call(op, bus_redis(), &info,
	    (const char *const[]){ "INFO", "server", NULL }));
	at = info.kind == REDIS_TEXT ? strstr(info.text, "\nrun_id:") : NULL;
	if (at == NULL)
		return op_fail(op, ERR_INTERNAL, "Redis: no run_id");
	at += strlen("\nrun_id:");
	snprintf(out, ADMISSION_ID, "%.*s", (int)strcspn(at, "\r\n"), at);
	return OK;
}

enum err
admission_known(struct op *op, int digit, const char *server, bool *known)
{
	struct redis_reply has = { 0 };

	TRY(redis_call(op, bus_redis(), &has,
	    (const char *const[]){ "GET", mark(op, digit), NULL }));
	*known = has.kind == REDIS_TEXT && strcmp(has.text, server) == 0;
	return OK;
}

enum err
admission_note(struct op *op, int digit, const char *server)
{
	return redis_call(op, bus_redis(), NULL, (const char *const[]){ "SET",
	    mark(op, digit), server, NULL });
}
