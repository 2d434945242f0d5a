#include "agent/certificate.h"
#include "lib/base/text.h"

#include <arpa/inet.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <time.h>

#define AUTHORITY_DAYS	3650
#define EARLIER_S	3600		/* clients' clocks are behind */
#define SERIAL		16
#define DAY_S		86400

struct pair { EVP_PKEY *key; X509 *cert; };

static void
pkey_clear(void *p)
{
	EVP_PKEY_free(p);
}

static void
x509_clear(void *p)
{
	X509_free(p);
}

static void
bio_clear(void *p)
{
	BIO_free(p);
}

static enum err
failed(struct op *op, const char *what)
{
	unsigned long e = ERR_get_error();
	const char *why = e != 0 ? ERR_reason_error_string(e) : NULL;

	ERR_clear_error();
	return op_fail(op, ERR_INTERNAL, "certificate: %s: %s", what,
	    why != NULL ? why : "failed");
}

/* --- text ------------------------------------------------------------------------- */

static enum err
bio_of(struct op *op, const char *pem, BIO **out)
{
	*out = pem != NULL ? BIO_new_mem_buf(pem, -1) : BIO_new(BIO_s_mem());
	if (*out == NULL)
		return failed(op, "memory");
	op_defer(op, bio_clear, *out);
	return OK;
}

static const char *
written(struct op *op, BIO *b)
{
	char *bytes;
	long n = BIO_get_mem_data(b, &bytes);

	return op_strndup(op, bytes, (size_t)n);
}

static enum err
pair_write(struct op *op, const struct pair *p, const char **pem)
{
	BIO *b;

	TRY(bio_of(op, NULL, &b));
	if (PEM_write_bio_PrivateKey(b, p->key, NULL, NULL, 0, NULL, NULL) !=
	    1 || PEM_write_bio_X509(b, p->cert) != 1)
		return failed(op, "writing");
	*pem = written(op, b);
	return OK;
}

static enum err
pair_read(struct op *op, const char *pem, struct pair *p)
{
	BIO *b;

	TRY(bio_of(op, pem, &b));
	p->key = PEM_read_bio_PrivateKey(b, NULL, NULL, NULL);
	if (p->key == NULL)
		return failed(op, "no key");
	op_defer(op, pkey_clear, p->key);
	p->cert = PEM_read_bio_X509(b, NULL, NULL, NULL);
	if (p->cert == NULL)
		return failed(op, "no certificate");
	op_defer(op, x509_clear, p->cert);
	return X509_check_private_key(p->cert, p->key) == 1 ? OK :
	    failed(op, "another's key");
}

/* --- certificates ------------------------------------------------------------------ */

struct extension { int nid; const char *value; };

static const struct extension of_authority[] = {
	{ NID_basic_constraints,        "critical,CA:TRUE,pathlen:0" },
	{ NID_key_usage,                "critical,keyCertSign,cRLSign" },
	{ NID_subject_key_identifier,   "hash" },
	{ 0 }
};
static const struct extension of_server[] = {
	{ NID_basic_constraints,        "critical,CA:FALSE" },
	{ NID_key_usage,                "critical,digitalSignature" },
	{ NID_ext_key_usage,            "serverAuth" },
	{ NID_subject_key_identifier,   "hash" },
	{ NID_authority_key_identifier, "keyid:always" },
	{ 0 }
};

static enum err
extend(struct op *op, X509 *cert, X509 *issuer, int nid, const char *value)
{
	X509_EXTENSION *e;
	X509V3_CTX ctx;
	int added;

	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
	e = X509V3_EXT_nconf_nid(NULL, &ctx, nid, value);
	if (e == NULL)
		return failed(op, OBJ_nid2sn(nid));
	added = X509_add_ext(cert, e, -1);
	X509_EXTENSION_free(e);
	return added == 1 ? OK : failed(op, OBJ_nid2sn(nid));
}

/* Two of one issuer must not have one number: it is drawn. */
static bool
number(X509 *cert)
{
	unsigned char bytes[SERIAL];
	ASN1_INTEGER *to = X509_get_serialNumber(cert);

	if (RAND_bytes(bytes, sizeof(bytes)) != 1)
		return false;
	bytes[0] = (bytes[0] & 0x7f) | 0x40;
	return ASN1_STRING_set(to, bytes, sizeof(bytes)) == 1;
}

static bool
named(X509 *cert, const char *name)
{
	X509_NAME *n = X509_get_subject_name(cert);

	return X509_NAME_add_entry_by_txt(n, "CN", MBSTRING_UTF8,
	    (const unsigned char *)name, -1, -1, 0) == 1;
}

/* A new key and all but the signature; issuer NULL: its own. */
static enum err
pair_begin(struct op *op, struct pair *p, const char *name, int days,
    X509 *issuer)
{
	if ((p->key = EVP_EC_gen("P-256")) == NULL)
		return failed(op, "making a key");
	op_defer(op, pkey_clear, p->key);
	if ((p->cert = X509_new()) == NULL)
		return failed(op, "memory");
	op_defer(op, x509_clear, p->cert);
	if (X509_set_version(p->cert, X509_VERSION_3) != 1 ||
	    !number(p->cert) || !named(p->cert, name) ||
	    X509_set_issuer_name(p->cert, X509_get_subject_name(
	    issuer != NULL ? issuer : p->cert)) != 1 ||
	    X509_gmtime_adj(X509_getm_notBefore(p->cert), -EARLIER_S) ==
	    NULL || X509_gmtime_adj(X509_getm_notAfter(p->cert),
	    (long)days * DAY_S) == NULL ||
	    X509_set_pubkey(p->cert, p->key) != 1)
		return failed(op, "filling in");
	return OK;
}

enum err
certificate_authority(struct op *op, const char *name, const char **pem)
{
	struct pair p;

	TRY(pair_begin(op, &p, name, AUTHORITY_DAYS, NULL));
	for (const struct extension *e = of_authority; e->value != NULL; e++)
		TRY(extend(op, p.cert, p.cert, e->nid, e->value));
	if (X509_sign(p.cert, p.key, EVP_sha256()) == 0)
		return failed(op, "signing");
	return pair_write(op, &p, pem);
}

static enum err
address_list(struct op *op, const char *const *addresses, const char **out)
{
	unsigned char bytes[sizeof(struct in6_addr)];
	struct text t;

	text_begin(&t, op, 128);
	for (; *addresses != NULL; addresses++) {
		if (inet_pton(AF_INET, *addresses, bytes) != 1 &&
		    inet_pton(AF_INET6, *addresses, bytes) != 1)
			return op_fail(op, ERR_BAD_REQUEST,
			    "%.64s is no address", *addresses);
		text_printf(&t, "%sIP:%s", t.len > 0 ? "," : "", *addresses);
	}
	*out = t.s;
	return t.len > 0 ? OK : op_fail(op, ERR_BAD_REQUEST,
	    "a certificate without an address");
}

static enum err
seconds_left(struct op *op, const X509 *cert, int64_t *out)
{
	int days, seconds;

	if (ASN1_TIME_diff(&days, &seconds, NULL, X509_get0_notAfter(cert)) !=
	    1)
		return failed(op, "its end");
	*out = (int64_t)days * DAY_S + seconds;
	return OK;
}

enum err
certificate_issue(struct op *op, const char *authority, const char *name,
    const char *const *addresses, int days, const char **pem, int64_t *ends)
{
	struct pair issuer, p;
	const char *list = NULL;

	TRY(address_list(op, addresses, &list));
	TRY(pair_read(op, authority, &issuer));
	TRY(pair_begin(op, &p, name, days, issuer.cert));
	for (const struct extension *e = of_server; e->value != NULL; e++)
		TRY(extend(op, p.cert, issuer.cert, e->nid, e->value));
	TRY(extend(op, p.cert, issuer.cert, NID_subject_alt_name, list));
	if (X509_sign(p.cert, issuer.key, EVP_sha256()) == 0)
		return failed(op, "signing");
	TRY(seconds_left(op, p.cert, ends));
	*ends += time(NULL);
	return pair_write(op, &p, pem);
}

enum err
certificate_lasts(struct op *op, const char *authority, int64_t *seconds)
{
	struct pair p;

	TRY(pair_read(op, authority, &p));
	return seconds_left(op, p.cert, seconds);
}

enum err
certificate_clients(struct op *op, const char *given, const char **pem)
{
	BIO *in, *out;
	X509 *cert;
	int n = 0;

	TRY(bio_of(op, given, &in));
	TRY(bio_of(op, NULL, &out));
	while ((cert = PEM_read_bio_X509(in, NULL, NULL, NULL)) != NULL) {
		op_defer(op, x509_clear, cert);
		if (X509_check_ca(cert) == 0)
			return op_fail(op, ERR_BAD_REQUEST, "The certificate "
			    "of the clients' authority is not an authority's.");
		if (PEM_write_bio_X509(out, cert) != 1)
			return failed(op, "writing");
		n++;
	}
	ERR_clear_error();
	if (n == 0)
		return op_fail(op, ERR_BAD_REQUEST, "The clients' "
		    "authority is not a certificate in PEM.");
	*pem = written(op, out);
	return OK;
}
