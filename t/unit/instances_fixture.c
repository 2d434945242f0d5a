#include "t/unit/test.h"
#include "t/unit/instances_fixture.h"
#include "t/unit/key_fixture.h"
#include "t/unit/pg_fixture.h"
#include "lib/base/conf.h"
#include "lib/base/seal.h"
#include "lib/msg/bus.h"
#include "lib/store/catalog.h"

#include <string.h>

#define DATASTORE "d0000000-0000-4000-8000-000000000001"

struct op op;

int
instances_fixture_start(void **state)
{
	seal_init();
	pg_fixture_start(state);
	pg_fixture_sql("INSERT INTO datastores (id, name) VALUES ('%s',"
	    " 'mariadb')", DATASTORE);
	pg_fixture_sql("INSERT INTO datastore_versions (id, datastore_id, name,"
	    " version, manager) VALUES ('%s', '%s', '10.11', '10.11.6',"
	    " 'mariadb')", VERSION, DATASTORE);
	pg_fixture_sql("UPDATE datastores SET default_version = '%s'", VERSION);
	pg_fixture_sql("INSERT INTO flavors (id, name, ram_mb, vcpus) VALUES"
	    " ('1', 'tiny', 256, 1), ('2', 'small', 512, 1)");
	op_begin(&op, "test");
	assert_int_equal(conf_set(&op, "pg", "dsn", pg_fixture_dsn()), OK);
	store_open("coffer_api");
	key_fixture(&op);
	/* Nobody is at the bell: no request may fail for that. */
	assert_int_equal(conf_set(&op, "redis", "socket", "/nonexistent"), OK);
	bus_open();
	op_end(&op);
	return 0;
}

int
instances_fixture_stop(void **state)
{
	catalog_changed();
	bus_close();
	store_close();
	return pg_fixture_stop(state);
}

int
instances_fixture_begin(void **state)
{
	(void)state;
	op_begin(&op, "req-test");
	pg_fixture_sql("TRUNCATE instances, guests, tasks, quotas");
	return 0;
}

int
instances_fixture_end(void **state)
{
	(void)state;
	op_end(&op);
	return 0;
}

enum err
make(const char *tenant, int gb, char id[UUID_LEN + 1])
{
	struct new_instance in = { .tenant = tenant, .name = "shop",
	    .version_id = VERSION, .flavor_id = "1", .ram_mb = 256,
	    .vcpus = 1, .volume_gb = gb, .region = "RegionOne" };
	struct instance out;
	struct new_task t;

	text_uuid(in.id);
	memcpy(id, in.id, sizeof in.id);
	new_task_begin(&op, &t, TASK_CREATE, in.id, tenant, "u1", NULL);
	TRY(instances_insert(&op, &in, 1, &t, &out));
	assert_string_equal(out.id, in.id);
	assert_string_equal(out.task, "BUILDING");
	assert_string_equal(out.server_status, "BUILD");
	assert_string_equal(out.guest_status, "new");
	assert_int_equal(out.guest_age, -1);
	assert_non_null(out.created);
	return OK;
}

void
built(const char *id)
{
	pg_fixture_sql("UPDATE tasks SET status = 'SUCCEEDED', ended = now()"
	    " WHERE instance_id = '%s'", id);
	pg_fixture_sql("UPDATE instances SET task = 'NONE', server_status ="
	    " 'ACTIVE', address = '10.177.0.9' WHERE id = '%s'", id);
	pg_fixture_sql("UPDATE guests SET status = 'healthy', last_seen = now()"
	    " WHERE instance_id = '%s'", id);
}

long
tasks(const char *id, const char *kind)
{
	return pg_fixture_number("SELECT count(*) FROM tasks WHERE instance_id"
	    " = '%s' AND kind = '%s'", id, kind);
}

long
quota(const char *tenant, const char *what)
{
	return pg_fixture_number("SELECT %s FROM quotas WHERE tenant_id = '%s'",
	    what, tenant);
}
