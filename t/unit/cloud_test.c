#include "t/unit/test.h"
#include "lib/base/conf.h"
#include "lib/cloud/null.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ONE "1bcd0a5f-8f9b-4a44-8f1c-2d0a3b4c5d6e"
#define TWO "2bcd0a5f-8f9b-4a44-8f1c-2d0a3b4c5d6e"

static char root[] = "/tmp/coffer-cloud.XXXXXX";
static struct op op;

/* Which drivers there are is not this test's; these two need no cloud. */
const struct compute_driver compute_local = { .name = "local" };
const struct volume_driver volume_local = { .name = "local" };
const struct network_driver network_local = { .name = "local" };

static void
choose(const char *driver)
{
	assert_int_equal(conf_set(&op, "compute", "driver", driver), OK);
	assert_int_equal(conf_set(&op, "volume", "driver", driver), OK);
	assert_int_equal(conf_set(&op, "network", "driver", driver), OK);
}

static int
fresh(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s/null", root);
	assert_int_equal(system(command), 0);
	op_begin(&op, "test");
	assert_int_equal(conf_set(&op, "local", "root", root), OK);
	cloud_fail_next(NULL, 0);
	return 0;
}

static int
ended(void **state)
{
	(void)state;
	op_end(&op);
	return 0;
}

static int
folder_make(void **state)
{
	(void)state;
	return mkdtemp(root) == NULL;
}

static int
folder_remove(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", root);
	return system(command);
}

static size_t
servers(void)
{
	const char *const *list;
	size_t n = 0;

	assert_int_equal(cloud_compute()->list(&op, &list), OK);
	while (list[n] != NULL)
		n++;
	return n;
}

static void
whatever_is_made_twice_is_there_once_and_goes_once(void **state)
{
	static const char *const drivers[] = { "null", "failing" };
	const struct place one = { .instance = ONE };
	struct port port;
	const char *id;
	bool ready, running;

	for (size_t i = 0; i < ROWS(drivers); i++) {
		ended(state);
		fresh(state);
		choose(drivers[i]);
		assert_int_equal(cloud_open(&op), OK);
		for (int n = 0; n < 2; n++) {
			assert_int_equal(cloud_compute()->ensure(&op, &one,
			    &ready, &id), OK);
			assert_true(ready);
			assert_int_equal(cloud_volume()->ensure(&op, &one,
			    &ready, &id), OK);
			port = (struct port){ 0 };
			assert_int_equal(cloud_network()->ensure(&op, &one,
			    &ready, &port), OK);
			assert_non_null(port.address);
			assert_null(port.public_address);
		}
		assert_int_equal(servers(), 1);
		assert_int_equal(cloud_compute()->running(&op, &one, &running),
		    OK);
		assert_true(running);
		for (int n = 0; n < 2; n++) {
			assert_int_equal(cloud_compute()->remove(&op, &one,
			    &ready), OK);
			assert_int_equal(cloud_volume()->remove(&op, &one,
			    &ready), OK);
			assert_int_equal(cloud_network()->remove(&op, &one,
			    &ready), OK);
		}
		assert_int_equal(servers(), 0);
	}
}

static void
the_nth_call_of_a_name_fails_and_no_other(void **state)
{
	const struct place one = { .instance = ONE }, two = { .instance = TWO };
	const char *id;
	bool ready;

	(void)state;
	choose("failing");
	assert_int_equal(cloud_open(&op), OK);
	cloud_fail_next("server.ensure", 2);
	cloud_fail_next("volume.remove", 1);
	assert_int_equal(cloud_compute()->ensure(&op, &one, &ready, &id), OK);
	assert_int_equal(cloud_compute()->ensure(&op, &two, &ready, &id),
	    ERR_CLOUD);
	assert_non_null(strstr(op.why, "server.ensure"));
	assert_int_equal(servers(), 1);
	assert_int_equal(cloud_compute()->ensure(&op, &two, &ready, &id), OK);
	assert_int_equal(cloud_volume()->remove(&op, &one, &ready), ERR_CLOUD);
	assert_int_equal(cloud_volume()->remove(&op, &one, &ready), OK);
}

static void
an_instance_id_is_never_a_path(void **state)
{
	static const char *const bad[] = { "", "..", "../../etc/passwd",
	    "1bcd0a5f-8f9b-4a44-8f1c-2d0a3b4c5d6/" };
	const char *id;

	(void)state;
	assert_int_equal(null_open(&op), OK);
	for (size_t i = 0; i < ROWS(bad); i++) {
		assert_int_equal(null_ensure(&op, NULL_SERVER, bad[i], &id),
		    ERR_CLOUD);
		assert_int_equal(null_remove(&op, NULL_SERVER, bad[i]),
		    ERR_CLOUD);
	}
}

static void
a_driver_that_does_not_exist_is_refused_by_name(void **state)
{
	(void)state;
	choose("null");
	assert_int_equal(conf_set(&op, "volume", "driver", "tape"), OK);
	assert_int_equal(cloud_open(&op), ERR_BAD_REQUEST);
	assert_string_equal(op.why, "volume.driver: no driver tape");
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, fresh, ended)
	static const struct CMUnitTest tests[] = {
		T(whatever_is_made_twice_is_there_once_and_goes_once),
		T(the_nth_call_of_a_name_fails_and_no_other),
		T(an_instance_id_is_never_a_path),
		T(a_driver_that_does_not_exist_is_refused_by_name),
	};

	return cmocka_run_group_tests_name("cloud", tests, folder_make,
	    folder_remove);
}
