/*
 * guestctl - plays the control plane to one guest, for tests and for trying
 * things by hand.  Redis and the master key come from a coffer.conf.
 *
 *   guestctl -c CONF admit INSTANCE          make its Redis user
 *   guestctl -c CONF expel INSTANCE
 *   guestctl -c CONF conf INSTANCE           print [agent] and [redis] for it
 *   guestctl -c CONF ask INSTANCE ORDER [BODY]
 *   guestctl -c CONF tell INSTANCE ORDER [BODY [ID]]   wait for its outcome
 *   guestctl -c CONF watch INSTANCE SECONDS  print reports
 */
#include "lib/base/clock.h"
#include "lib/base/conf.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/msg/bus.h"
#include "lib/msg/guest.h"
#include "lib/wire/redis.h"

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WAIT_MS		30000
#define REPEAT_MS	1000

static void
connection_end(void *redis)
{
	redis_free(redis);
}

static struct redis *
connection(struct op *op)
{
	struct redis *redis;
	struct redis_where where = {
		.socket = conf_str("redis.socket"),
		.host = conf_str("redis.host"),
		.port = conf_int("redis.port"),
		.user = conf_str("redis.user"),
		.password = conf_secret("redis.password").never_log,
		.timeout_ms = conf_int("redis.timeout") * 1000,
	};

	redis = redis_new(&where);
	op_defer(op, connection_end, redis);
	return redis;
}

static enum err
guest_conf(struct op *op, const char *instance)
{
	char hex[2 * SEAL_KEY + 1];
	struct key k;

	guest_key(&k, seal_master(), instance, 1);
	text_hex(hex, k.b, SEAL_KEY);
	printf("[agent]\ninstance = %s\nkey = %s\n[redis]\nsocket = %s\n"
	    "user = %s\npassword = %s\n", instance, hex,
	    conf_str("redis.socket"), guest_redis_user(op, instance),
	    guest_redis_password(op, seal_master(), instance, 1));
	return OK;
}

/* One message of the guest's, printed; true when it is a report that names id. */
static bool
message_print(struct op *op, const char *instance,
    const struct redis_message *m, const char *id)
{
	struct report r;
	struct key k;

	guest_key(&k, seal_master(), instance, 1);
	if (guest_read_report(op, &k, instance, m->data, m->len, &r) != OK)
		return false;
	printf("%s used=%lld total=%lld order=%s err=%s why=%s\n", r.status,
	    (long long)r.used_bytes, (long long)r.total_bytes,
	    r.order != NULL ? r.order : "-", r.err != NULL ? r.err : "-",
	    r.why != NULL ? r.why : "");
	fflush(stdout);
	return id != NULL && r.order != NULL && strcmp(r.order, id) == 0;
}

/* *named: a report named the order id; NULL: only print. */
static enum err
hear_until(struct op *op, struct redis *hearing, const char *instance,
    const char *id, int64_t until, bool *named)
{
	struct redis_message m;
	bool message;

	*named = false;
	while (clock_ms() < until && !*named) {
		TRY(redis_hear(op, hearing, &m, &message,
		    (int)(until - clock_ms())));
		*named = message && message_print(op, instance, &m, id);
	}
	return OK;
}

static enum err
tell(struct op *op, const char *instance, enum order_kind kind,
    const char *body, const char *id)
{
	struct redis *hearing = connection(op);
	int64_t until = clock_ms() + WAIT_MS;
	char uuid[UUID_LEN + 1];
	bool named = false;

	text_uuid(uuid);
	if (id == NULL)
		id = op_printf(op, "%s:tell", uuid);
	TRY(redis_listen(op, hearing, false, guest_channel_out(op, instance)));
	while (!named && clock_ms() < until) {	/* messages get lost */
		TRY(guest_tell(op, seal_master(), instance, 1, id, kind, body));
		TRY(hear_until(op, hearing, instance, id, clock_ms() + REPEAT_MS,
		    &named));
	}
	return named ? OK : op_fail(op, ERR_GUEST, "no outcome");
}

static void
print_json(struct op *op, const struct json *j)
{
	void *at = NULL;
	const char *key;
	const struct json *value;

	switch (json_kind(j)) {
	case JSON_MAP:
		printf("{");
		while (json_next(j, &at, &key, &value)) {
			printf(" %s:", key);
			print_json(op, value);
		}
		printf(" }");
		return;
	case JSON_LIST:
		printf("[");
		for (size_t i = 0; i < json_count(j); i++)
			print_json(op, json_at(j, i));
		printf("]");
		return;
	case JSON_STR:
		printf("\"%s\"", json_str(j));
		return;
	case JSON_INT:
		printf("%lld", (long long)json_int(j));
		return;
	default:
		printf("null");
	}
}

static enum err
ask(struct op *op, const char *instance, enum order_kind kind,
    const char *body)
{
	const struct json *answer;

	TRY(guest_ask(op, seal_master(), instance, 1, kind, body, 5000,
	    &answer));
	print_json(op, answer);
	printf("\n");
	return OK;
}

static enum err
run(struct op *op, int argc, char **argv)
{
	const char *verb = argv[3], *instance = argv[4];
	const char *body = argc > 6 ? argv[6] : NULL;
	enum order_kind kind = ORDER_NONE;
	struct redis *redis;
	bool named;

	TRY(conf_load(op, argv[2]));
	redis = connection(op);
	seal_init();
	TRY(seal_master_load(op));
	bus_open();
	if (strcmp(verb, "admit") == 0)
		return guest_admit(op, redis, seal_master(), instance, 1);
	if (strcmp(verb, "expel") == 0)
		return guest_expel(op, redis, instance);
	if (strcmp(verb, "conf") == 0)
		return guest_conf(op, instance);
	if (argc < 6)
		return op_fail(op, ERR_BAD_REQUEST, "an argument is missing");
	if (strcmp(verb, "watch") == 0) {
		TRY(redis_listen(op, redis, false,
		    guest_channel_out(op, instance)));
		return hear_until(op, redis, instance, NULL,
		    clock_ms() + atoi(argv[5]) * 1000, &named);
	}
	if ((kind = order_find(argv[5])) == ORDER_NONE)
		return op_fail(op, ERR_BAD_REQUEST, "no order %s", argv[5]);
	if (strcmp(verb, "ask") == 0)
		return ask(op, instance, kind, body);
	if (strcmp(verb, "tell") == 0)
		return tell(op, instance, kind, body,
		    argc > 7 ? argv[7] : NULL);
	return op_fail(op, ERR_BAD_REQUEST, "no verb %s", verb);
}

int
main(int argc, char **argv)
{
	struct op op;
	enum err e;

	if (argc < 5 || strcmp(argv[1], "-c") != 0)
		errx(2, "usage: guestctl -c CONF VERB INSTANCE [ARGUMENT]...");
	log_init("guestctl", LOG_WARN);
	op_begin(&op, "guestctl");
	if ((e = run(&op, argc, argv)) != OK)
		warnx("%s: %s", err_name(e), op.why);
	bus_close();
	op_end(&op);
	return e != OK;
}
