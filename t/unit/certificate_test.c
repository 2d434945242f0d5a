#include "t/unit/test_op.h"
#include "agent/certificate.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <time.h>

#define DAY_S	86400

static const char *const addresses[] = { "10.0.0.7", "2001:db8::7", NULL };

static const char *
authority(const char *name)
{
	const char *pem = NULL;

	assert_int_equal(certificate_authority(&op, name, &pem), OK);
	return pem;
}

static const char *
issued(const char *ca, int days, int64_t *ends)
{
	const char *pem = NULL;

	assert_int_equal(certificate_issue(&op, ca, "server", addresses, days,
	    &pem, ends), OK);
	return pem;
}

static void
x509_clear(void *p)
{
	X509_free(p);
}

/* Of a key and its certificate, as a client gets it. */
static X509 *
seen(const char *pem)
{
	BIO *b = BIO_new_mem_buf(pem, -1);
	X509 *x = PEM_read_bio_X509(b, NULL, NULL, NULL);

	BIO_free(b);
	assert_non_null(x);
	op_defer(&op, x509_clear, x);
	return x;
}

static const char *
certificate_in(const char *pem)
{
	return strstr(pem, "-----BEGIN CERTIFICATE-----");
}

/* --- what is made ------------------------------------------------------------------ */

static void
an_authority_signs_itself_and_lasts_ten_years(void **state)
{
	const char *pem = authority("Coffer one");
	X509 *x = seen(pem);
	int64_t lasts = 0;

	(void)state;
	assert_int_equal(X509_check_ca(x), 1);
	assert_int_equal(X509_verify(x, X509_get0_pubkey(x)), 1);
	assert_int_equal(certificate_lasts(&op, pem, &lasts), OK);
	assert_in_range(lasts, 3649LL * DAY_S, 3650LL * DAY_S);
}

static void
a_certificate_is_its_authoritys_and_of_its_addresses_only(void **state)
{
	const char *ca = authority("Coffer one"), *other = authority("Coffer one");
	int64_t ends = 0;
	X509 *x = seen(issued(ca, 90, &ends));

	(void)state;
	assert_int_equal(X509_verify(x, X509_get0_pubkey(seen(ca))), 1);
	assert_int_not_equal(X509_verify(x, X509_get0_pubkey(seen(other))), 1);
	assert_int_equal(X509_check_issued(seen(ca), x), X509_V_OK);
	for (size_t i = 0; addresses[i] != NULL; i++)
		assert_int_equal(X509_check_ip_asc(x, addresses[i], 0), 1);
	assert_int_equal(X509_check_ip_asc(x, "10.0.0.8", 0), 0);
	assert_int_equal(X509_check_host(x, "server", 0,
	    X509_CHECK_FLAG_NEVER_CHECK_SUBJECT, NULL), 0);
	assert_int_equal(X509_check_ca(x), 0);
	assert_int_equal(X509_check_purpose(x, X509_PURPOSE_SSL_SERVER, 0), 1);
	assert_int_equal(X509_check_purpose(x, X509_PURPOSE_SSL_CLIENT, 0), 0);
}

static void
it_ends_when_that_was_said_and_began_before_slow_clocks(void **state)
{
	const char *ca = authority("Coffer one");
	time_t now = time(NULL), ago = now - 1800;
	int64_t ends = 0;
	X509 *x = seen(issued(ca, 30, &ends));

	(void)state;
	assert_in_range(ends, now + 30LL * DAY_S - 60, now + 30LL * DAY_S + 60);
	assert_true(X509_cmp_time(X509_get0_notBefore(x), &ago) < 0);
	issued(ca, -1, &ends);
	assert_true(ends < now);
}

static void
no_two_have_one_number_or_one_key(void **state)
{
	const char *ca = authority("Coffer one");
	int64_t ends;
	X509 *a = seen(issued(ca, 90, &ends)), *b = seen(issued(ca, 90, &ends));

	(void)state;
	assert_int_not_equal(ASN1_INTEGER_cmp(X509_get0_serialNumber(a),
	    X509_get0_serialNumber(b)), 0);
	assert_int_not_equal(EVP_PKEY_eq(X509_get0_pubkey(a),
	    X509_get0_pubkey(b)), 1);
}

/* --- what is refused --------------------------------------------------------------- */

static void
addresses_that_are_none_get_no_certificate(void **state)
{
	static const char *const wrong[][3] = {
		{ NULL }, { "" }, { "database.example" }, { "10.0.0.256" },
		{ "10.0.0.7,DNS:example.org" }, { "10.0.0.7", "x" },
		{ "10.0.0.7\nIP:10.0.0.8" }, { "10.0.0.0/8" }, { "*" },
	};
	const char *ca = authority("Coffer one"), *pem = NULL;
	int64_t ends = 0;

	(void)state;
	for (size_t i = 0; i < ROWS(wrong); i++)
		assert_int_equal(certificate_issue(&op, ca, "server", wrong[i],
		    90, &pem, &ends), ERR_BAD_REQUEST);
	assert_null(pem);
}

/* A file that was cut, mixed up or emptied: the agent makes another. */
static void
an_authority_that_is_none_signs_nothing(void **state)
{
	const char *ca = authority("Coffer one"), *other = authority("Coffer two");
	const char *cert = certificate_in(ca), *pem = NULL;
	const char *wrong[] = { "", "x", cert,
	    op_strndup(&op, ca, (size_t)(cert - ca)),
	    op_strndup(&op, ca, strlen(ca) / 2),
	    op_printf(&op, "%.*s%s", (int)(cert - ca), ca,
	    certificate_in(other)) };
	int64_t n = 0;

	(void)state;
	for (size_t i = 0; i < ROWS(wrong); i++) {
		assert_int_equal(certificate_lasts(&op, wrong[i], &n),
		    ERR_INTERNAL);
		assert_int_equal(certificate_issue(&op, wrong[i], "server",
		    addresses, 90, &pem, &n), ERR_INTERNAL);
		assert_null(strstr(op.why, "PRIVATE"));
	}
	assert_null(pem);
}

/* --- the clients' ------------------------------------------------------------------ */

static void
of_what_a_stranger_gives_only_authorities_are_kept(void **state)
{
	const char *a = authority("theirs"), *b = authority("theirs, new");
	const char *pem = NULL;

	(void)state;
	assert_int_equal(certificate_clients(&op, op_printf(&op,
	    "# a remark\n%s\nssl_key_file = '/etc/shadow'\n%s", a, b), &pem), OK);
	assert_string_equal(pem, op_printf(&op, "%s%s", certificate_in(a),
	    certificate_in(b)));
	assert_null(strstr(pem, "PRIVATE"));
	assert_null(strstr(pem, "shadow"));
}

static void
who_is_no_authority_is_not_the_clients(void **state)
{
	const char *ca = authority("theirs"), *pem = NULL;
	const char *cert = certificate_in(ca);
	int64_t ends;
	const char *const wrong[] = { "", "x", "-----BEGIN CERTIFICATE-----\n",
	    op_strndup(&op, ca, (size_t)(cert - ca)),
	    op_strndup(&op, cert, strlen(cert) / 2),
	    certificate_in(issued(ca, 90, &ends)),
	    op_printf(&op, "%s%s", cert, certificate_in(issued(ca, 90, &ends))) };

	(void)state;
	for (size_t i = 0; i < ROWS(wrong); i++)
		assert_int_equal(certificate_clients(&op, wrong[i], &pem),
		    ERR_BAD_REQUEST);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(an_authority_signs_itself_and_lasts_ten_years),
		TEST(a_certificate_is_its_authoritys_and_of_its_addresses_only),
		TEST(it_ends_when_that_was_said_and_began_before_slow_clocks),
		TEST(no_two_have_one_number_or_one_key),
		TEST(addresses_that_are_none_get_no_certificate),
		TEST(an_authority_that_is_none_signs_nothing),
		TEST(of_what_a_stranger_gives_only_authorities_are_kept),
		TEST(who_is_no_authority_is_not_the_clients),
	};

	return cmocka_run_group_tests_name("certificate", tests, NULL, NULL);
}
