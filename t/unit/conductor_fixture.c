#include "t/unit/test.h"
#include "t/unit/conductor_fixture.h"
#include "t/unit/pg_fixture.h"
#include "t/unit/redis_fixture.h"
#include "lib/base/clock.h"
#include "lib/base/conf.h"
#include "lib/base/log.h"
#include "lib/msg/bus.h"

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct conductor *con;
struct op op;
static char key_file[64];

void
set(const char *section, const char *name, const char *value)
{
	assert_int_equal(conf_set(&op, section, name, value), OK);
}

int
conductor_fixture_start(void **state)
{
	FILE *f;

	strcpy(key_file, "/tmp/coffer-key.XXXXXX");
	f = fdopen(mkstemp(key_file), "w");
	for (int i = 0; i < 32; i++)
		fprintf(f, "%02x", i);
	fclose(f);
	op_begin(&op, "test");
	log_init("test", LOG_ERROR);
	pg_fixture_start(state);
	set("pg", "dsn", pg_fixture_dsn());
	set("pg", "timeout", "2");
	set("coffer", "key_file", key_file);
	set("guest", "report", "2");
	set("conductor", "seen", "1");
	set("conductor", "lease", "2");
	assert_int_equal(seal_master_load(&op), OK);
	pg_fixture_sql("INSERT INTO datastores VALUES"
	    " ('11111111-1111-1111-1111-111111111111', 'null');"
	    "INSERT INTO datastore_versions (id, datastore_id, name, version,"
	    " manager) VALUES ('22222222-2222-2222-2222-222222222222',"
	    " '11111111-1111-1111-1111-111111111111', '1', '1', 'null')");
	op_end(&op);
	return redis_fixture_start(state);
}

int
conductor_fixture_stop(void **state)
{
	unlink(key_file);
	redis_fixture_stop(state);
	return pg_fixture_stop(state);
}

static struct conductor *
conductor_new(const char *name)
{
	struct conductor *new = calloc(1, sizeof(*new));

	if (new == NULL)
		err(1, NULL);
	conductor_begin(new, name);
	return new;
}

int
conductor_fixture_begin(void **state)
{
	(void)state;
	op_begin(&op, "test");
	pg_fixture_sql("TRUNCATE guests, instances, tasks;"
	    "UPDATE shards SET owner = NULL, lease_until = NULL");
	store_open("coffer_conductor");
	bus_open();
	assert_int_equal(redis_call_wait(&op, bus_redis(), NULL,
	    ARGV("FLUSHALL"), 1000), OK);
	con = conductor_new("one");
	return 0;
}

void
conductor_again(void)
{
	conductor_end(&op, con);
	free(con);
	con = conductor_new("one");
	settle();
}

int
conductor_fixture_end(void **state)
{
	(void)state;
	conductor_end(&op, con);
	free(con);
	bus_close();
	store_close();
	op_end(&op);
	/* also what a test that failed left */
	pg_fixture_sql("DROP FUNCTION IF EXISTS slow CASCADE;"
	    "DROP FUNCTION IF EXISTS told CASCADE;"
	    "ALTER TABLE guests DROP CONSTRAINT IF EXISTS bad;"
	    "DROP TABLE IF EXISTS told");
	return 0;
}

const char *
name_of(int n)
{
	return op_printf(&op, "%x%07x-1111-4222-8333-444444444444", n % 16, n);
}

void
guests_add(int from, int n)
{
	pg_fixture_sql("INSERT INTO instances (id, tenant_id, name, version_id,"
	    " flavor_id, ram_mb, vcpus, volume_gb, region) SELECT (to_hex(n %%"
	    " 16) || lpad(to_hex(n), 7, '0') || '-1111-4222-8333-444444444444')"
	    "::uuid, 't', 'i', '22222222-2222-2222-2222-222222222222', '1', 1,"
	    " 1, 1, 'r' FROM generate_series(%d, %d) n;"
	    "INSERT INTO guests (instance_id) SELECT id FROM instances"
	    " ON CONFLICT DO NOTHING", from, from + n - 1);
}

struct report
state_of(const char *status)
{
	return (struct report){ .seq = guest_seq(), .status = status,
	    .used_bytes = 10, .total_bytes = 100, .version = "0.1.0",
	    .err = "OK" };
}

const char *
sealed(int n, int epoch, const struct report *r, size_t *len)
{
	struct key key;

	guest_key(&key, seal_master(), name_of(n), epoch);
	return guest_write_report(&op, &key, name_of(n), r, len);
}

void
publish(const char *channel, const char *data, size_t len)
{
	const struct redis_command k = { { "PUBLISH", channel, data },
	    { 0, 0, len }, .n = 3 };

	assert_int_equal(redis_pipe(&op, bus_redis(), &k, 1, NULL), OK);
}

void
report(int n, const struct report *r)
{
	size_t len;
	const char *m = sealed(n, 1, r, &len);

	publish(guest_channel_out(&op, name_of(n)), m, len);
}

void
say(int n, const char *status)
{
	struct report r = state_of(status);

	report(n, &r);
}

void
turns(int ms)
{
	int64_t until = clock_ms() + ms;

	do {
		struct op each;

		op_begin(&each, "turn");
		conductor_turn(&each, con, 10);
		op_end(&each);
	} while (clock_ms() < until);
}

void
settle(void)
{
	int64_t until = clock_ms() + 5000;
	int n;

	do {
		turns(0);
		n = 0;
		for (int d = 0; d < SHARDS; d++)
			n += con->roll[d] != NULL && !con->roll[d]->admitting;
		assert_true(clock_ms() < until);
	} while (n < SHARDS || con->ears != ears_epoch());
}

long
status_is(int n, const char *status)
{
	return pg_fixture_number("SELECT count(*) FROM guests WHERE instance_id"
	    " = '%s' AND status = '%s'", name_of(n), status);
}

void
until_status(int n, const char *status)
{
	int64_t until = clock_ms() + 5000;

	while (status_is(n, status) != 1) {
		assert_true(clock_ms() < until);
		turns(5);
	}
}

void
time_passes(int ms)
{
	for (int i = 0; i < ms; i += 500) {
		clock_shift(500);
		turns(0);
	}
}

void
one_is_healthy(int of)
{
	guests_add(1, of);
	settle();
	say(1, "healthy");
	until_status(1, "healthy");
}

int
conductor_fixture_run(const struct CMUnitTest *tests, size_t n)
{
	if (system("command -v redis-server >/dev/null") != 0 ||
	    access("/usr/lib/postgresql", R_OK) != 0) {
		printf("1..0 # SKIP no redis-server or PostgreSQL here\n");
		return 0;
	}
	seal_init();
	return _cmocka_run_group_tests("conductor", tests, n,
	    conductor_fixture_start, conductor_fixture_stop);
}
