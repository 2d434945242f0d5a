/* What every engine that has TLS does: it is switched, and the agent stays inside. */
#include "t/unit/engine_test.h"
#include "agent/tls.h"
#include "agent/tls_files.h"
#include "lib/base/conf.h"

#include <string.h>

/* The instance's own, which stands last, is as good as another. */
static const char *
authority(void)
{
	const char *pem, *next;

	ok(tls_certificate(&op, &pem));
	while ((next = strstr(pem + 1, "-----BEGIN CERTIFICATE")) != NULL)
		pem = next;
	return pem;
}

/* As an order does it, by a start where the server wants one. */
static void
tls_becomes(enum tls_mode mode)
{
	const char *const addresses[] = { conf_str("agent.address"), NULL };
	struct tls t = { .mode = mode, .addresses = addresses }, was;

	ok(tls_start(&op, &was));	/* a place for its files */
	if (mode == TLS_MUTUAL)
		t.clients = authority();
	if (mode != TLS_OFF)
		ok(tls_files_make(&op, &t));
	ok(tls_keep(&op, &t, NULL));
	if (db->tls->at_start)
		start_again();
	ok(tls_read(&op, &t));
	assert_int_equal(t.mode, mode);
	ok(db->tls->apply(&op, &t));
	ok(db->tls->apply(&op, &t));	/* told again */
}

static void
tls_is(enum tls_mode mode)
{
	bool on, asks = mode == TLS_MUTUAL;

	ok(db->tls->on(&op, &on));
	assert_int_equal(on, mode != TLS_OFF);
	if (on && db->tls->asks != NULL)
		ok(db->tls->asks(&op, &asks));
	assert_int_equal(asks, mode == TLS_MUTUAL);
	wait_until_it_answers();
	assert_string_equal(users(0, NULL), db->database_create != NULL ?
	    "ann@%(app)" : "ann@%");
}

/* Clients here have no certificate; Redis' have no TLS and find no door then. */
static void
each_mode_of_tls_is_taken_and_taken_back(void **state)
{
	static const enum tls_mode modes[] = { TLS_BASIC, TLS_ENFORCED,
	    TLS_MUTUAL, TLS_OFF };
	const char *const app[] = { "app", NULL };
	struct db_user ann = user("ann", "%");

	(void)state;
	if (db->tls == NULL)
		skip();
	if (db->database_create != NULL) {
		create("app");
		ann.databases = app;
	}
	ok(conf_set(&op, "agent", "instance",	/* in the certificate */
	    "7f0e1111-2222-4333-8444-555566667777"));
	ok(db->user_create(&op, &ann));
	for (size_t i = 0; i < ROWS(modes); i++) {
		if (modes[i] == TLS_MUTUAL && !db->tls->mutual)
			continue;
		tls_becomes(modes[i]);
		tls_is(modes[i]);
		if (modes[i] == TLS_OFF)
			assert_true(at->lets_in("ann", ann.password));
		else if (modes[i] == TLS_MUTUAL && db->database_create != NULL)
			assert_false(at->lets_in("ann", ann.password));
	}
}

const struct CMUnitTest of_tls[] = {
	TEST(each_mode_of_tls_is_taken_and_taken_back),
	{ 0 }
};
