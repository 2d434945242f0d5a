/* The instances' handlers. */
#include "t/unit/test.h"
#include "t/unit/instances_fixture.h"
#include "t/unit/pg_fixture.h"
#include "fcgi/handlers.h"
#include "lib/base/conf.h"
#include "lib/store/catalog.h"

#include <string.h>

static void
begin(struct request *r, const char *tenant)
{
	memset(r, 0, sizeof *r);
	op_begin(&r->op, "req-test");
	r->method = GET;
	r->path = "/v1.0/p1/instances";
	r->query = "";
	r->tenant = r->arg[0] = tenant;
	r->base = "https://db.example:8779";
	r->caller.user = "u1";
	r->caller.member = true;
}

static enum err
ask(enum err (*handler)(struct request *), struct request *r, const char *id,
    const char *json)
{
	r->arg[1] = id;
	assert_int_equal(json_parse(&r->op, json, strlen(json), &r->body), OK);
	r->op.why = NULL;
	return handler(r);
}

static enum err
act(struct request *r, const char *id, const char *json)
{
	return ask(instance_action, r, id, json);
}

static void
a_list_of_twenty_is_one_statement(void **state)
{
	const struct json *doc;
	char id[UUID_LEN + 1];
	struct request r;
	unsigned calls;
	int i;

	(void)state;
	pg_fixture_sql("INSERT INTO quotas (tenant_id, max_instances) VALUES"
	    " ('p1', -1)");
	for (i = 0; i < 25; i++)
		assert_int_equal(make("p1", 1, id), OK);
	for (i = 0; i < 2; i++) {
		begin(&r, "p1");
		calls = store_calls();
		assert_int_equal((i ? instances_detail : instances_list)(&r),
		    OK);
		if (i == 1)	/* the first filled the catalogue's copy */
			assert_int_equal(store_calls() - calls, 1);
		assert_int_equal(r.status, 200);
		assert_int_equal(json_parse(&r.op, r.out.out.s, r.out.out.len,
		    &doc), OK);
		assert_int_equal(json_count(json_get(doc, "instances")), 20);
		assert_int_equal(json_count(json_get(doc, "links")), 1);
		assert_int_equal(json_count(json_get(doc, "instances_links")),
		    1);
		op_end(&r.op);
	}
}

static void
a_show_is_one_statement_and_foreign_ones_are_404(void **state)
{
	const struct json *doc;
	char id[UUID_LEN + 1];
	struct request r;
	unsigned calls;

	(void)state;
	assert_int_equal(make("p1", 2, id), OK);
	built(id);
	begin(&r, "p1");
	r.arg[1] = id;
	calls = store_calls();
	assert_int_equal(instance_show(&r), OK);
	assert_int_equal(store_calls() - calls, 1);
	assert_int_equal(json_parse(&r.op, r.out.out.s, r.out.out.len, &doc),
	    OK);
	assert_string_equal(json_str(json_get(doc, "instance/status")),
	    "ACTIVE");
	assert_string_equal(json_str(json_get(doc,
	    "instance/operating_status")), "HEALTHY");
	assert_string_equal(json_str(json_get(doc,
	    "instance/datastore/version")), "10.11");
	assert_int_equal(json_int(json_get(doc, "instance/volume/size")), 2);
	op_end(&r.op);

	begin(&r, "p2");
	r.arg[1] = id;
	assert_int_equal(instance_show(&r), ERR_NOT_FOUND);
	assert_int_equal(instance_delete(&r), ERR_NOT_FOUND);
	r.caller.admin = true;
	assert_int_equal(instance_show(&r), OK);
	assert_int_equal(root_show(&r), ERR_NOT_FOUND);	/* by the path, always */
	op_end(&r.op);
}

/* Rules of names have tests of their own; here that a create obeys them. */
static void
a_create_with_names_that_may_not_be_leaves_nothing(void **state)
{
	static const char *const bad[] = {
		"\"databases\":[{\"name\":\"mysql\"}]",
		"\"databases\":[{\"name\":\"a\"},{\"name\":\"a\"}]",
		"\"users\":[{\"name\":\"root\",\"password\":\"x\"}]",
		("\"users\":[{\"name\":\"u\",\"password\":\"x\","
		"\"databases\":[{\"name\":\"b\"}]}]"),
	};
	struct request r;

	(void)state;
	for (size_t i = 0; i < ROWS(bad); i++) {
		begin(&r, "p1");
		assert_int_equal(ask(instance_create, &r, NULL,
		    op_printf(&r.op, "{\"instance\":{\"name\":\"x\","
		    "\"flavorRef\":\"1\",\"volume\":{\"size\":1},%s}}",
		    bad[i])), ERR_BAD_REQUEST);
		op_end(&r.op);
	}
	assert_int_equal(pg_fixture_number("SELECT (SELECT count(*) FROM"
	    " instances) + (SELECT count(*) FROM tasks)"), 0);
}

static void
an_action_is_exactly_one_that_is_known(void **state)
{
	static const struct { const char *body; enum err e; } table[] = {
		{ "{}", ERR_BAD_REQUEST },
		{ "{\"restart\":{},\"reset_status\":{}}", ERR_BAD_REQUEST },
		{ "{\"explode\":{}}", ERR_BAD_REQUEST },
		{ "{\"resize\":{}}", ERR_BAD_REQUEST },
		{ "{\"promote_to_replica_source\":{}}", ERR_BAD_REQUEST },
		{ "{\"eject_replica_source\":{}}", ERR_BAD_REQUEST },
		{ "{\"reset_status\":{}}", ERR_FORBIDDEN },
		{ "{\"restart\":{}}", OK },
		{ "{\"restart\":null}", ERR_UNPROCESSABLE },	/* now it restarts */
	};
	char id[UUID_LEN + 1];
	struct request r;
	size_t i;
	enum err e;

	(void)state;
	assert_int_equal(make("p1", 1, id), OK);
	built(id);
	for (i = 0; i < ROWS(table); i++) {
		begin(&r, "p1");
		if ((e = act(&r, id, table[i].body)) != table[i].e)
			fail_msg("%s: %s %s", table[i].body, err_name(e),
			    r.op.why);
		op_end(&r.op);
	}
	assert_int_equal(tasks(id, "restart"), 1);
}

static void
a_resize_is_charged_with_its_task_and_only_once(void **state)
{
	static const struct { const char *body; enum err e; int ram, gb; } table[] = {
		{ "{\"resize\":{\"volume\":{\"size\":2}}}", ERR_BAD_REQUEST, 256, 2 },
		{ "{\"resize\":{\"volume\":{\"size\":1}}}", ERR_BAD_REQUEST, 256, 2 },
		{ "{\"resize\":{\"volume\":{\"size\":11}}}", ERR_OVER_LIMIT, 256, 2 },
		{ "{\"resize\":{\"flavorRef\":1}}", ERR_BAD_REQUEST, 256, 2 },
		{ "{\"resize\":{\"flavorRef\":\"no\"}}", ERR_BAD_REQUEST, 256, 2 },
		{ "{\"resize\":{\"flavorRef\":\"2\"}}", OK, 512, 2 },
		{ "{\"resize\":{\"volume\":3}}", ERR_UNPROCESSABLE, 512, 2 },
		{ "{\"resize\":{\"volume\":\"3\"}}", OK, 512, 3 },
		{ "{\"resize\":{\"flavorRef\":\"2\"}}", ERR_UNPROCESSABLE, 512, 3 },
	};
	char id[UUID_LEN + 1];
	struct request r;
	size_t i;
	enum err e;

	(void)state;
	assert_int_equal(make("p1", 2, id), OK);
	built(id);
	for (i = 0; i < ROWS(table); i++) {
		if (i == 7)		/* as the worker leaves it */
			pg_fixture_sql("UPDATE instances SET task = 'NONE',"
			    " flavor_id = '2', ram_mb = 512, to_flavor = NULL");
		begin(&r, "p1");
		if ((e = act(&r, id, table[i].body)) != table[i].e)
			fail_msg("%s: %s %s", table[i].body, err_name(e),
			    r.op.why);
		op_end(&r.op);
		assert_int_equal(quota("p1", "ram"), table[i].ram);
		assert_int_equal(quota("p1", "volumes"), table[i].gb);
	}
	assert_int_equal(tasks(id, "resize_flavor"), 1);
	assert_int_equal(tasks(id, "resize_volume"), 1);
	begin(&r, "p1");
	r.arg[1] = id;
	assert_int_equal(instance_delete(&r), OK);	/* in the middle of it */
	assert_int_equal(quota("p1", "ram"), 0);
	assert_int_equal(quota("p1", "volumes"), 0);
	op_end(&r.op);
}

static void
a_resize_beyond_the_quota_leaves_everything_as_it_was(void **state)
{
	char id[UUID_LEN + 1];
	struct request r;

	(void)state;
	assert_int_equal(make("p1", 2, id), OK);
	built(id);
	pg_fixture_sql("UPDATE quotas SET max_volumes = 4, max_ram = 400");
	begin(&r, "p1");
	assert_int_equal(act(&r, id, "{\"resize\":{\"volume\":5}}"),
	    ERR_OVER_LIMIT);
	assert_string_equal(r.op.why,
	    "Quota exceeded for resources: ['volumes'].");
	assert_int_equal(act(&r, id, "{\"resize\":{\"flavorRef\":2}}"),
	    ERR_OVER_LIMIT);
	assert_int_equal(quota("p1", "volumes"), 2);
	assert_int_equal(quota("p1", "ram"), 256);
	assert_int_equal(pg_fixture_number("SELECT count(*) FROM instances"
	    " WHERE task = 'NONE' AND to_gb IS NULL AND to_flavor IS NULL"), 1);
	op_end(&r.op);
}

/* --- PUT and PATCH ----------------------------------------------------------- */

static const struct { const char *body; enum err e; const char *why; } changes[] = {
	{ "{\"instance\":{\"replica_of\":\"\"}}", ERR_BAD_REQUEST,
	    "is not a replica." },
	{ "{\"instance\":{\"slave_of\":null,\"name\":\"x\"}}", ERR_BAD_REQUEST,
	    "is not a replica." },
	{ "{\"instance\":{\"datastore_version\":\"no\"}}", ERR_BAD_REQUEST,
	    "Datastore version 'no' cannot be found." },
	{ "{\"instance\":{\"access\":{},\"configuration\":null}}",
	    ERR_BAD_REQUEST, "Only one attribute" },
	{ "{\"instance\":{\"datastore_version\":\"10.11\"}}", OK, NULL },
	{ "{\"instance\":{\"name\":\"y\"}}", OK, NULL },
	{ "{\"instance\":{\"name\":\"z\",\"access\":{\"is_public\":true}}}",
	    OK, NULL },
	{ "{\"instance\":{\"access\":{\"is_public\":true}}}",
	    ERR_UNPROCESSABLE, "is not ready. (Status is " },
};

static void
a_change_is_one_thing_and_the_name(void **state)
{
	char id[UUID_LEN + 1];
	struct instance in;
	struct request r;

	(void)state;
	assert_int_equal(make("p1", 1, id), OK);
	built(id);
	pg_fixture_sql("UPDATE instances SET server_id = 's'");
	for (size_t i = 0; i < ROWS(changes); i++) {
		enum err e;

		begin(&r, "p1");
		if ((e = ask(instance_update, &r, id, changes[i].body)) != changes[i].e)
			fail_msg("%s: %s %s", changes[i].body, err_name(e),
			    r.op.why);
		if (e != OK)
			assert_non_null(strstr(r.op.why, changes[i].why));
		op_end(&r.op);
	}
	assert_int_equal(instance_read(&op, id, "p1", &in), OK);
	assert_string_equal(in.name, "z");
	assert_string_equal(in.task, "UPDATING");
	assert_null(in.access);		/* until it holds */
	assert_int_equal(tasks(id, "access"), 1);
}

/* --- replicas ------------------------------------------------------------------ */

/* On the local driver no engine replicates. */
static void
replicas_are_refused_where_nothing_replicates(void **state)
{
	char id[UUID_LEN + 1];
	struct request r;

	(void)state;
	assert_int_equal(make("p1", 1, id), OK);
	built(id);
	begin(&r, "p1");
	assert_int_equal(ask(instance_create, &r, NULL, op_printf(&r.op, "{\"instance\":{\"name\":"
	    "\"r\",\"replica_of\":\"%s\"}}", id)), ERR_BAD_REQUEST);
	assert_string_equal(r.op.why,
	    "Replication is not supported for the 'mariadb' datastore.");
	assert_int_equal(pg_fixture_number("SELECT count(*) FROM instances"), 1);
	op_end(&r.op);
}

static void
a_source_has_replicas_that_are_charged_grow_and_hold_it(void **state)
{
	char id[UUID_LEN + 1];
	struct instance in;
	struct request r;

	(void)state;
	assert_int_equal(conf_set(&op, "compute", "driver", "fake"), OK);
	assert_int_equal(make("p1", 2, id), OK);
	built(id);
	begin(&r, "p1");
	assert_int_equal(ask(instance_create, &r, NULL, op_printf(&r.op, "{\"instance\":{\"name\":"
	    "\"r\",\"replica_of\":\"%s\",\"replica_count\":2}}", id)), OK);
	op_end(&r.op);
	assert_int_equal(quota("p1", "instances"), 3);
	assert_int_equal(quota("p1", "volumes"), 6);
	assert_int_equal(quota("p1", "ram"), 3 * 256);
	assert_int_equal(pg_fixture_number("SELECT count(*) FROM instances WHERE"
	    " name IN ('r-1', 'r-2') AND replica_of = '%s'", id), 2);
	assert_int_equal(instance_read(&op, id, "p1", &in), OK);
	assert_int_equal(strlen(in.replicas), 2 * UUID_LEN + 1);
	begin(&r, "p1");
	r.arg[1] = id;
	assert_int_equal(instance_delete(&r), ERR_FORBIDDEN);
	assert_int_equal(act(&r, id, "{\"resize\":{\"volume\":3}}"),
	    ERR_UNPROCESSABLE);		/* the replicas are being built */
	op_end(&r.op);
	pg_fixture_sql("UPDATE instances SET task = 'NONE', server_status ="
	    " 'ACTIVE'; UPDATE guests SET status = 'healthy', last_seen = now()");
	begin(&r, "p1");
	assert_int_equal(act(&r, id, "{\"resize\":{\"volume\":3}}"), OK);
	assert_int_equal(act(&r, id, "{\"eject_replica_source\":{}}"),
	    ERR_BAD_REQUEST);
	assert_non_null(strstr(r.op.why, "has a current heartbeat"));
	op_end(&r.op);
	assert_int_equal(quota("p1", "volumes"), 9);
	assert_int_equal(pg_fixture_number("SELECT count(*) FROM instances WHERE"
	    " to_gb = 3 AND task = 'RESIZING'"), 3);
	assert_int_equal(conf_set(&op, "compute", "driver", "local"), OK);
}

static void
a_delete_while_building_is_refused_and_twice_is_fine(void **state)
{
	char id[UUID_LEN + 1];
	struct request r;

	(void)state;
	assert_int_equal(make("p1", 1, id), OK);
	begin(&r, "p1");
	r.arg[1] = id;
	assert_int_equal(instance_delete(&r), ERR_UNPROCESSABLE);
	assert_string_equal(r.op.why, op_printf(&r.op,
	    "Instance %s is not ready. (Status is BUILD).", id));
	built(id);
	assert_int_equal(instance_delete(&r), OK);
	assert_int_equal(r.status, 202);
	assert_int_equal(instance_delete(&r), OK);
	assert_int_equal(tasks(id, "delete"), 1);
	assert_int_equal(quota("p1", "instances"), 0);
	op_end(&r.op);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, instances_fixture_begin, instances_fixture_end)
	const struct CMUnitTest tests[] = {
		T(a_list_of_twenty_is_one_statement),
		T(a_show_is_one_statement_and_foreign_ones_are_404),
		T(a_create_with_names_that_may_not_be_leaves_nothing),
		T(an_action_is_exactly_one_that_is_known),
		T(a_resize_is_charged_with_its_task_and_only_once),
		T(a_resize_beyond_the_quota_leaves_everything_as_it_was),
		T(a_change_is_one_thing_and_the_name),
		T(replicas_are_refused_where_nothing_replicates),
		T(a_source_has_replicas_that_are_charged_grow_and_hold_it),
		T(a_delete_while_building_is_refused_and_twice_is_fine),
	};

	return cmocka_run_group_tests(tests, instances_fixture_start,
	    instances_fixture_stop);
}
