/* What every engine does with databases and users, and lets in. */
#include "t/unit/engine_test.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

static void
a_database_is_there_between_its_creation_and_its_deletion(void **state)
{
	(void)state;
	assert_int_equal(db->database_show(&op, "app"), ERR_NOT_FOUND);
	create("app");
	ok(db->database_show(&op, "app"));
	assert_string_equal(databases(0, NULL), "app");
	ok(db->database_delete(&op, "app"));
	assert_int_equal(db->database_show(&op, "app"), ERR_NOT_FOUND);
	assert_string_equal(databases(0, NULL), "");
}

static void
a_second_database_of_a_name_is_a_conflict(void **state)
{
	struct db_database d = { .name = "app" };

	(void)state;
	create("app");
	assert_int_equal(db->database_create(&op, &d), ERR_CONFLICT);
	assert_string_equal(op.why,
	    "A database with the name \"app\" already exists.");
}

static void
what_is_not_there_is_not_found(void **state)
{
	struct db_user u = user("nobody", "%"), to = { .name = "other" };

	(void)state;
	assert_int_equal(db->database_delete(&op, "none"), ERR_NOT_FOUND);
	assert_string_equal(op.why,
	    "Database none cannot be found on the instance.");
	assert_int_equal(db->user_delete(&op, &u), ERR_NOT_FOUND);
	assert_string_equal(op.why,
	    "User nobody cannot be found on the instance.");
	assert_int_equal(db->user_update(&op, &u, &to), ERR_NOT_FOUND);
	assert_int_equal(db->grant(&op, &u, "app"), ERR_NOT_FOUND);
	assert_int_equal(db->revoke(&op, &u, "app"), ERR_NOT_FOUND);
}

static void
listings_come_page_by_page_in_order_of_name(void **state)
{
	struct db_user u;

	(void)state;
	create("b1");
	create("a1");
	create("C1");
	assert_string_equal(databases(0, NULL), "C1 a1 b1");
	assert_string_equal(databases(2, NULL), "C1 a1");
	assert_string_equal(databases(2, "a1"), "b1");
	assert_string_equal(databases(2, "b1"), "");
	for (int i = 0; i < 3; i++) {
		u = at->hosts ? user("ann", (const char *[]){ "10.0.0.2", "%",
		    "10.0.0.%" }[i]) : user((const char *[]){ "cid", "ann",
		    "bob" }[i], "%");
		ok(db->user_create(&op, &u));
	}
	assert_string_equal(users(2, NULL), at->hosts ?
	    "ann@% ann@10.0.0.%" : "ann@% bob@%");
	assert_string_equal(users(2, at->hosts ? "ann@10.0.0.%" : "bob@%"),
	    at->hosts ? "ann@10.0.0.2" : "cid@%");
}

static void
users_are_pairs_of_name_and_host_or_have_one_host_each(void **state)
{
	struct db_user everywhere = user("ann", "%"),
	    there = user("ann", "10.0.0.1");

	(void)state;
	ok(db->user_create(&op, &everywhere));
	assert_int_equal(db->user_create(&op, &there),
	    at->hosts ? OK : ERR_CONFLICT);
	assert_int_equal(db->user_create(&op, &there), ERR_CONFLICT);
	ok(db->user_delete(&op, &everywhere));
	assert_int_equal(db->user_delete(&op, &everywhere), ERR_NOT_FOUND);
	if (!at->hosts)
		ok(db->user_create(&op, &there));
	assert_string_equal(users(0, NULL), "ann@10.0.0.1");
}

static void
grants_are_listed_given_and_taken_back(void **state)
{
	struct db_user u = user("ann", "%");

	(void)state;
	create("app");
	create("logs");
	u.databases = (const char *const[]){ "app", NULL };
	ok(db->user_create(&op, &u));
	ok(db->grant(&op, &u, "logs"));
	ok(db->grant(&op, &u, "logs"));
	assert_string_equal(users(0, NULL), "ann@%(app,logs)");
	ok(db->revoke(&op, &u, "app"));
	assert_string_equal(users(0, NULL), "ann@%(logs)");
	assert_int_equal(db->revoke(&op, &u, "app"), ERR_NOT_FOUND);
	assert_string_equal(op.why,
	    "Database app cannot be found on the instance.");
}

static void
a_renamed_user_keeps_its_grants(void **state)
{
	struct db_user u = user("ann", "%"), to = { .name = "eve" };
	struct db_user eve = user("eve", "%"), moved = { .host = "10.0.0.1" };

	(void)state;
	create("app");
	u.databases = (const char *const[]){ "app", NULL };
	ok(db->user_create(&op, &u));
	ok(db->user_update(&op, &u, &to));
	assert_string_equal(users(0, NULL), "eve@%(app)");
	ok(db->user_update(&op, &eve, &moved));
	assert_string_equal(users(0, NULL), "eve@10.0.0.1(app)");
}

static void
users_come_and_go_and_are_listed_page_by_page(void **state)
{
	struct db_user ann = user("ann", "%"), bea = user("b@home", "%");
	struct db_user c = user("C1", "%");

	(void)state;
	ok(db->user_create(&op, &bea));
	ok(db->user_create(&op, &ann));
	ok(db->user_create(&op, &c));
	assert_int_equal(db->user_create(&op, &ann), ERR_CONFLICT);
	assert_string_equal(op.why,
	    "A user with the name \"ann\" already exists.");
	assert_string_equal(users(0, NULL), "C1@% ann@% b@home@%");
	assert_string_equal(users(2, NULL), "C1@% ann@%");
	assert_string_equal(users(2, "ann@%"), "b@home@%");
	ok(db->user_delete(&op, &ann));
	assert_string_equal(users(0, NULL), "C1@% b@home@%");
	assert_int_equal(db->user_delete(&op, &ann), ERR_NOT_FOUND);
	assert_string_equal(op.why,
	    "User ann cannot be found on the instance.");
	assert_int_equal(db->user_show(&op, &ann, NULL, NULL), ERR_NOT_FOUND);
	assert_int_equal(db->user_update(&op, &ann, &bea), ERR_NOT_FOUND);
}

static void
a_name_that_is_taken_is_not_taken_over(void **state)
{
	struct db_user ann = user("ann", "%"), eve = user("eve", "%");
	struct db_user to = { .name = "eve" };

	(void)state;
	ok(db->user_create(&op, &ann));
	ok(db->user_create(&op, &eve));
	assert_int_equal(db->user_update(&op, &ann, &to), ERR_CONFLICT);
	assert_string_equal(users(0, NULL), "ann@% eve@%");
}

static const char *const odd_names[] = {
	"back`tick", "quote'quote", "double\"quote", "semi;colon", "per%cent",
	"under_score", "b\\slash", "naïve", "имя", "a'; DROP DATABASE keep; -- x",
	"x` ; DROP DATABASE keep ; -- x", "*", "a.b", "%", "_", "--", "/**/",
};

/* Names the API would refuse: the engine must not read them as anything else. */
static void
odd_names_stay_data(void **state)
{
	(void)state;
	create("keep");
	for (size_t i = 0; i < ROWS(odd_names); i++) {
		const char *name = odd_names[i];
		size_t most = at->user_most != 0 ? at->user_most : 80;
		struct db_user u = user(op_strndup(&op, name,
		    strnlen(name, most)), "%");
		const char *listed[] = { name, NULL };

		u.databases = listed;
		create(name);
		ok(db->user_create(&op, &u));
		ok(db->database_show(&op, name));
		assert_string_equal(users(0, NULL), op_printf(&op, "%s@%%(%s)",
		    u.name, name));
		ok(db->revoke(&op, &u, name));
		ok(db->user_delete(&op, &u));
		ok(db->database_delete(&op, name));
		assert_string_equal(databases(0, NULL), "keep");
	}
}

static void
root_is_enabled_and_disabled_and_never_listed(void **state)
{
	(void)state;
	ok(db->root_enable(&op, "root-Secret1"));
	ok(db->root_enable(&op, "root-Secret2"));
	assert_string_equal(users(0, NULL), "");
	ok(db->root_disable(&op));
	ok(db->root_disable(&op));
}

/* --- who comes in -------------------------------------------------------------- */

/* One with a place to go, where there are such. */
static struct db_user
somebody(const char *name)
{
	static const char *const app[] = { "app", NULL };
	struct db_user u = user(name, "%");

	if (db->database_create != NULL) {
		if (db->database_show(&op, "app") != OK)
			create("app");
		u.databases = app;
	}
	ok(db->user_create(&op, &u));
	return u;
}

static void
a_changed_password_is_the_one_that_counts(void **state)
{
	struct db_user ann = somebody("ann");
	struct db_user to = { .password = "other-Secret2" };

	(void)state;
	assert_true(at->lets_in("ann", ann.password));
	ok(db->user_update(&op, &ann, &to));
	for (int i = 0; i < 2; i++) {
		assert_false(at->lets_in("ann", ann.password));
		assert_true(at->lets_in("ann", to.password));
		if (i == 0)
			start_again();
	}
}

static void
a_renamed_user_keeps_the_password_and_leaves_nobody(void **state)
{
	struct db_user ann = somebody("ann"), to = { .name = "bea" };

	(void)state;
	ok(db->user_update(&op, &ann, &to));
	assert_string_equal(users(0, NULL), db->database_create != NULL ?
	    "bea@%(app)" : "bea@%");
	assert_true(at->lets_in("bea", ann.password));
	assert_false(at->lets_in("ann", ann.password));
}

static void
a_deleted_user_s_sessions_end(void **state)
{
	struct db_user ann = somebody("ann");
	pid_t pid = at->stays("ann", ann.password);

	(void)state;
	ok(db->user_delete(&op, &ann));
	assert_int_not_equal(engine_wait(pid), 0);
	assert_false(at->lets_in("ann", ann.password));
}

static void
root_comes_in_while_enabled_with_the_last_password(void **state)
{
	(void)state;
	(void)somebody("ann");
	ok(db->root_enable(&op, "root-Secret1"));
	ok(db->root_enable(&op, "root-Secret2"));
	assert_true(at->lets_in(at->root, "root-Secret2"));
	assert_false(at->lets_in(at->root, "root-Secret1"));
	ok(db->root_disable(&op));
	for (int i = 0; i < 2; i++) {
		assert_false(at->lets_in(at->root, "root-Secret2"));
		if (i == 0)
			start_again();
	}
}

/* --- lists --------------------------------------------------------------------- */

const struct CMUnitTest of_all_users[] = {
	TEST(a_name_that_is_taken_is_not_taken_over),
	TEST(users_come_and_go_and_are_listed_page_by_page),
	TEST(root_is_enabled_and_disabled_and_never_listed),
	{ 0 }
};

const struct CMUnitTest of_databases[] = {
	TEST(a_database_is_there_between_its_creation_and_its_deletion),
	TEST(a_second_database_of_a_name_is_a_conflict),
	TEST(what_is_not_there_is_not_found),
	TEST(listings_come_page_by_page_in_order_of_name),
	TEST(users_are_pairs_of_name_and_host_or_have_one_host_each),
	TEST(grants_are_listed_given_and_taken_back),
	TEST(a_renamed_user_keeps_its_grants),
	TEST(odd_names_stay_data),
	{ 0 }
};

const struct CMUnitTest of_clients[] = {
	TEST(a_changed_password_is_the_one_that_counts),
	TEST(a_renamed_user_keeps_the_password_and_leaves_nobody),
	TEST(a_deleted_user_s_sessions_end),
	TEST(root_comes_in_while_enabled_with_the_last_password),
	{ 0 }
};
