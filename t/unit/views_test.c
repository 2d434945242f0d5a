/* What is written is read back and compared with the contract's examples. */
#include "t/unit/test.h"
#include "fcgi/views.h"

#include <string.h>

#define ID "7f0e0000-0000-4000-8000-000000000001"
#define BASE "https://db.example:8779"
#define LINKS(path, id) "\"links\":[{\"href\":\"" BASE "/v1.0/p1/" path "/"	\
	id "\",\"rel\":\"self\"},{\"href\":\"" BASE "/" path "/" id	\
	"\",\"rel\":\"bookmark\"}]"

static const struct datastore_row mysql = { "d5", "mysql", "385f" };
static const struct version_row v80 = { .id = "385f", .name = "8.0",
    .number = "8.0.39", .manager = "mysql", .packages = "", .active = true,
    .of = &mysql };
static const struct version_row v57 = { .id = "3857", .name = "5.7",
    .number = "5.7.1", .manager = "mysql", .packages = "", .of = &mysql };

static void
begin(struct request *r, bool admin)
{
	memset(r, 0, sizeof *r);
	op_begin(&r->op, "test");
	r->tenant = "p1";
	r->base = BASE;
	r->caller.admin = admin;
	reply_json(r, 200);
}

/* The text is JSON, and this one; differences are shown whole. */
static void
expect(struct request *r, const char *want)
{
	const struct json *doc;

	assert_int_equal(json_parse(&r->op, r->out.out.s, r->out.out.len, &doc),
	    OK);
	assert_string_equal(r->out.out.s, want);
	op_end(&r->op);
}

static struct instance
shop(void)
{
	return (struct instance){ .id = ID, .tenant = "p1", .name = "shop",
	    .version_id = "385f", .flavor_id = "d2", .volume_gb = 5,
	    .task = "NONE", .server_status = "ACTIVE", .region = "RegionOne",
	    .access = "{\"is_public\":false,\"allowed_cidrs\":[\"10.0.0.0/8\"]}",
	    .address = "10.1.0.62", .guest_status = "healthy",
	    .created = "2026-08-14 09:31:07.123456+00",
	    .updated = "2026-08-14 09:36:40+00",
	    .guest_seen = "2026-08-14 10:02:11.5+00",
	    .server_id = "s1", .volume_id = "v1",
	    .used_bytes = 225485783, .total_bytes = 5000000000 };
}

#define HEAD(status, operating) "{\"id\":\"" ID "\",\"name\":\"shop\","	\
	"\"status\":\"" status "\",\"operating_status\":\"" operating "\","	\
	LINKS("instances", ID) ",\"flavor\":{\"id\":\"d2\"," 			\
	LINKS("flavors", "d2") "},"
#define REGION "\"region\":\"RegionOne\",\"access\":{\"is_public\":false,"	\
	"\"allowed_cidrs\":[\"10.0.0.0/8\"]}"
#define ADDRESSES "\"ip\":[\"10.1.0.62\"],\"addresses\":[{\"address\":"	\
	"\"10.1.0.62\",\"type\":\"private\",\"network\":\"local\"}]"
#define TIMES "\"created\":\"2026-08-14T09:31:07\",\"updated\":"		\
	"\"2026-08-14T09:36:40\",\"service_status_updated\":"			\
	"\"2026-08-14T10:02:11\""

static void
an_instance_in_a_list_is_short(void **state)
{
	struct instance in = shop();
	struct request r;

	(void)state;
	begin(&r, false);
	view_instance(&r, &v80, &in, LIST_FORM);
	expect(&r, HEAD("ACTIVE", "HEALTHY")
	    "\"datastore\":{\"type\":\"mysql\",\"version\":\"8.0\"}," REGION
	    ",\"volume\":{\"size\":5}," ADDRESSES "}");
}

static void
an_instance_shown_has_its_times_and_what_is_used(void **state)
{
	struct instance in = shop();
	struct request r;

	(void)state;
	begin(&r, false);
	view_instance(&r, &v80, &in, SHOW_FORM);
	expect(&r, HEAD("ACTIVE", "HEALTHY")
	    "\"datastore\":{\"type\":\"mysql\",\"version\":\"8.0\","
	    "\"version_number\":\"8.0.39\"}," REGION
	    ",\"volume\":{\"size\":5,\"used\":0.21,\"used_percent\":4.51},"
	    ADDRESSES "," TIMES "}");
}

static void
an_address_from_outside_comes_second_and_is_in_no_network(void **state)
{
	struct instance in = shop();
	struct request r;

	(void)state;
	in.public_address = "172.24.4.10";
	begin(&r, false);
	view_instance(&r, &v80, &in, LIST_FORM);
	expect(&r, HEAD("ACTIVE", "HEALTHY")
	    "\"datastore\":{\"type\":\"mysql\",\"version\":\"8.0\"}," REGION
	    ",\"volume\":{\"size\":5},\"ip\":[\"10.1.0.62\",\"172.24.4.10\"],"
	    "\"addresses\":[{\"address\":\"10.1.0.62\",\"type\":\"private\","
	    "\"network\":\"local\"},{\"address\":\"172.24.4.10\",\"type\":"
	    "\"public\"}]}");
}

static void
an_instance_being_built_shows_no_address(void **state)
{
	struct instance in = shop();
	struct request r;

	(void)state;
	in.task = "BUILDING";
	in.server_status = "BUILD";
	in.access = NULL;
	in.locality = "affinity";
	begin(&r, false);
	view_instance(&r, &v80, &in, SHOW_FORM);
	expect(&r, HEAD("BUILD", "")
	    "\"datastore\":{\"type\":\"mysql\",\"version\":\"8.0\","
	    "\"version_number\":\"8.0.39\"},\"region\":\"RegionOne\","
	    "\"access\":{},\"volume\":{\"size\":5}," TIMES
	    ",\"locality\":\"affinity\"}");
}

static void
an_admin_sees_more_and_others_no_details_of_faults(void **state)
{
	struct instance in = shop();
	struct request r;

	(void)state;
	in.access = NULL;
	in.fault = "no \"room\"";
	in.fault_details = "secret place";
	in.fault_at = "2026-08-14 09:40:00+00";
	begin(&r, true);
	view_instance(&r, &v80, &in, DETAIL_FORM);
	expect(&r, HEAD("ACTIVE", "HEALTHY")
	    "\"datastore\":{\"type\":\"mysql\",\"version\":\"8.0\","
	    "\"version_number\":\"8.0.39\"},\"region\":\"RegionOne\","
	    "\"access\":{\"is_public\":false},\"tenant_id\":\"p1\","
	    "\"volume\":{\"size\":5}," ADDRESSES "," TIMES
	    ",\"fault\":{\"message\":\"no \\\"room\\\"\",\"created\":"
	    "\"2026-08-14T09:40:00\",\"details\":\"secret place\"},"
	    "\"server_id\":\"s1\",\"volume_id\":\"v1\","
	    "\"encrypted_rpc_messaging\":true}");
	begin(&r, false);
	view_instance(&r, &v80, &in, DETAIL_FORM);
	assert_non_null(strstr(r.out.out.s, "\"details\":null"));
	assert_null(strstr(r.out.out.s, "secret place"));
	assert_null(strstr(r.out.out.s, "server_id"));
	op_end(&r.op);
}

static void
a_flavor_has_a_number_only_when_its_id_is_one(void **state)
{
	static const struct { const char *id, *number; } table[] = {
		{ "1", "1" }, { "0", "0" }, { "12", "12" }, { "01", "null" },
		{ "d2", "null" }, { "-1", "null" }, { "1.5", "null" },
		{ "99999999999999999999", "null" },
	};
	struct flavor_row f = { .name = "ds2G", .ram_mb = 2048, .vcpus = 2,
	    .disk_gb = 10 };
	struct request r;
	size_t i;

	(void)state;
	for (i = 0; i < ROWS(table); i++) {
		f.id = table[i].id;
		begin(&r, false);
		view_flavor(&r, &f);
		assert_non_null(strstr(r.out.out.s, op_printf(&r.op,
		    "{\"id\":%s,", table[i].number)));
		assert_non_null(strstr(r.out.out.s, op_printf(&r.op,
		    "\"str_id\":\"%s\"}", table[i].id)));
		op_end(&r.op);
	}
	f.id = "1";
	begin(&r, false);
	view_flavor(&r, &f);
	expect(&r, "{\"id\":1," LINKS("flavors", "1") ",\"name\":\"ds2G\","
	    "\"ram\":2048,\"vcpus\":2,\"disk\":10,\"ephemeral\":0,"
	    "\"str_id\":\"1\"}");
}

static void
a_datastore_lists_its_active_versions(void **state)
{
	struct version_row both[] = { v80, v57 };
	struct catalog c = { &mysql, both, NULL, 1, 2, 0 };
	struct request r;

	(void)state;
	begin(&r, false);
	view_datastore(&r, &c, &mysql, false);
	expect(&r, "{\"id\":\"d5\",\"name\":\"mysql\"," LINKS("datastores",
	    "d5") ",\"versions\":[{\"id\":\"385f\",\"name\":\"8.0\","
	    "\"version\":\"8.0.39\"," LINKS("datastores/versions", "385f")
	    "}],\"default_version\":\"385f\"}");
	begin(&r, true);
	view_datastore(&r, &c, &mysql, true);
	assert_non_null(strstr(r.out.out.s, "\"5.7.1\""));
	assert_non_null(strstr(r.out.out.s, "\"active\":false"));
	op_end(&r.op);
	begin(&r, false);
	view_version(&r, &v80, false);
	expect(&r, "{\"id\":\"385f\",\"name\":\"8.0\",\"version\":\"8.0.39\","
	    LINKS("datastores/versions", "385f") ",\"datastore\":\"d5\"}");
}

static void
a_task_shows_its_step_and_the_text_of_its_error(void **state)
{
	struct task_row t = { .id = "t1", .kind = "create", .status = "FAILED",
	    .step = "server", .step_no = 2, .step_count = 5, .undoing = true,
	    .attempt = 3, .failed_step = "server", .request = "req-1",
	    .error = "CLOUD no room on any host",
	    .created = "2026-08-14T09:31:07" };
	struct request r;

	(void)state;
	begin(&r, false);
	view_task(&r, &t);
	expect(&r, "{\"id\":\"t1\",\"kind\":\"create\",\"status\":\"FAILED\","
	    "\"step\":{\"name\":\"server\",\"number\":2,\"of\":5},"
	    "\"undoing\":true,\"created\":\"2026-08-14T09:31:07\","
	    "\"started\":null,\"ended\":null,\"deadline\":null,\"attempt\":3,"
	    "\"failed_step\":\"server\",\"error\":\"no room on any host\","
	    "\"request_id\":\"req-1\"}");
}

static void
a_task_that_moves_data_shows_how_far_it_is(void **state)
{
	struct task_row t = { .id = "t1", .kind = "backup", .status = "RUNNING",
	    .moves = true, .moved_bytes = 20000000, .total_bytes = 80000000,
	    .moving_ms = 4000 };
	struct request r;

	(void)state;
	begin(&r, false);
	view_task(&r, &t);
	assert_non_null(strstr(r.out.out.s, "\"progress\":{\"bytes\":20000000,"
	    "\"of\":80000000,\"percent\":25,\"mb_per_second\":5.0},"));
	op_end(&r.op);
	begin(&r, false);
	t.total_bytes = t.moving_ms = 0;	/* the first look, at nobody knows what */
	view_task(&r, &t);
	assert_non_null(strstr(r.out.out.s, "\"progress\":{\"bytes\":20000000},"));
	op_end(&r.op);
	begin(&r, false);
	t.total_bytes = 1000;			/* it grew on the way */
	view_task(&r, &t);
	assert_non_null(strstr(r.out.out.s, "\"percent\":100}"));
	op_end(&r.op);
}

static const struct json *
parsed(struct request *r, const char *text)
{
	const struct json *doc;

	assert_int_equal(json_parse(&r->op, text, strlen(text), &doc), OK);
	return doc;
}

static void
names_of_the_service_are_left_out_of_listings(void **state)
{
	struct request r;

	(void)state;
	begin(&r, false);
	view_databases(&r, parsed(&r, "[{\"name\":\"mysql\"},{\"name\":"
	    "\"shop\"},\"plain\",{\"name\":\"sys\"},{},5]"));
	expect(&r, "[{\"name\":\"shop\"},{\"name\":\"plain\"}]");
	begin(&r, false);
	view_users(&r, parsed(&r, "[{\"name\":\"root\",\"host\":\"%\"},"
	    "{\"name\":\"app\",\"host\":\"%\",\"databases\":[{\"name\":"
	    "\"shop\"}]},{\"name\":\"mariadb.sys\",\"host\":\"localhost\"},"
	    "{\"name\":\"os_admin\"}]"));
	expect(&r, "[{\"name\":\"app\",\"host\":\"%\",\"databases\":"
	    "[{\"name\":\"shop\"}]}]");
}

static void
orders_hold_what_was_asked_for_and_nothing_else(void **state)
{
	const struct json *users;
	struct request r;
	struct jsonw w;

	(void)state;
	begin(&r, false);
	users = parsed(&r, "[{\"name\":\"app\",\"password\":\"p\\\"1\",\"x\":1,"
	    "\"databases\":[{\"name\":\"shop\",\"y\":2}]},"
	    "{\"name\":\"b\",\"host\":\"10.%\"}]");
	jsonw_begin(&w, &r.op, 64);
	jsonw_map(&w);
	order_databases(&w, parsed(&r, "{\"name\":\"shop\",\"collate\":\"c\"}"));
	order_users(&w, users);
	assert_string_equal(order_done(&w), "{\"databases\":[{\"name\":"
	    "\"shop\",\"collate\":\"c\"}],\"users\":[{\"name\":\"app\","
	    "\"host\":\"%\",\"password\":\"p\\\"1\",\"databases\":[{\"name\":"
	    "\"shop\"}]},{\"name\":\"b\",\"host\":\"10.%\",\"databases\":"
	    "[]}]}");
	jsonw_begin(&w, &r.op, 64);
	store_access(&w, parsed(&r, "{\"is_public\":true,\"more\":[1],"
	    "\"allowed_cidrs\":[\"10.0.0.0/8\"]}"), false);
	assert_string_equal(w.out.s, "{\"is_public\":true,\"allowed_cidrs\":"
	    "[\"10.0.0.0/8\"]}");
	jsonw_begin(&w, &r.op, 64);
	store_access(&w, parsed(&r, "{\"allowed_cidrs\":[]}"), true);
	assert_string_equal(w.out.s, "{\"allowed_cidrs\":[\"0.0.0.0/0\"]}");
	op_end(&r.op);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_instance_in_a_list_is_short),
		cmocka_unit_test(an_instance_shown_has_its_times_and_what_is_used),
		cmocka_unit_test(an_address_from_outside_comes_second_and_is_in_no_network),
		cmocka_unit_test(an_instance_being_built_shows_no_address),
		cmocka_unit_test(an_admin_sees_more_and_others_no_details_of_faults),
		cmocka_unit_test(a_flavor_has_a_number_only_when_its_id_is_one),
		cmocka_unit_test(a_datastore_lists_its_active_versions),
		cmocka_unit_test(a_task_shows_its_step_and_the_text_of_its_error),
		cmocka_unit_test(a_task_that_moves_data_shows_how_far_it_is),
		cmocka_unit_test(names_of_the_service_are_left_out_of_listings),
		cmocka_unit_test(orders_hold_what_was_asked_for_and_nothing_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
