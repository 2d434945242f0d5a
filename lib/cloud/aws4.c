#include "lib/cloud/aws4.h"
#include "lib/base/seal.h"
#include "lib/base/text.h"

#include <string.h>
#include <time.h>

#define ALGORITHM	"AWS4-HMAC-SHA256"
#define WHEN		sizeof("20300101T000000Z")
#define DAY		8		/* of that */

static void
when(char out[WHEN], int64_t now)
{
	time_t t = (time_t)now;
	struct tm tm;

	strftime(out, WHEN, "%Y%m%dT%H%M%SZ", gmtime_r(&t, &tm));
}

static const char *
scope(struct op *op, const struct aws4_key *k, const char *at)
{
	return op_printf(op, "%.*s/%s/s3/aws4_request", DAY, at, k->region);
}

/* "host;x-amz-copy-source" */
static const char *
names(struct op *op, const struct aws4 *a)
{
	struct text t;

	text_begin(&t, op, 64);
	text_add(&t, "host");
	for (const char *const *h = a->headers; h != NULL && *h != NULL; h += 2)
		text_printf(&t, ";%s", h[0]);
	return t.s;
}

const char *
aws4_query(struct op *op, const struct aws4_key *k, const struct aws4 *a)
{
	char at[WHEN];

	when(at, a->now);
	return op_printf(op, "X-Amz-Algorithm=" ALGORITHM
	    "&X-Amz-Credential=%s&X-Amz-Date=%s&X-Amz-Expires=%d"
	    "&X-Amz-SignedHeaders=%s%s%s", text_escape(op, op_printf(op,
	    "%s/%s", k->id, scope(op, k, at))), at, a->seconds,
	    text_escape(op, names(op, a)), *a->query != '\0' ? "&" : "",
	    a->query);
}

static const char *
hashed(struct op *op, const char *text)
{
	unsigned char hash[SEAL_HASH];
	char *hex = op_alloc(op, 2 * SEAL_HASH + 1);

	seal_sha256(hash, text, strlen(text));
	text_hex(hex, hash, sizeof(hash));
	return hex;
}

static const char *
canonical(struct op *op, const struct aws4 *a, const char *query)
{
	struct text t;

	text_begin(&t, op, 1024);
	text_printf(&t, "%s\n%s\n%s\nhost:%s\n", a->method, a->path, query,
	    a->host);
	for (const char *const *h = a->headers; h != NULL && *h != NULL; h += 2)
		text_printf(&t, "%s:%s\n", h[0], h[1]);
	text_printf(&t, "\n%s\nUNSIGNED-PAYLOAD", names(op, a));
	return t.s;
}

/* A key of that day, place and service, made of the secret. */
static void
key_make(struct op *op, const struct aws4_key *k, const char *at,
    unsigned char key[SEAL_HASH])
{
	char *first = op_printf(op, "AWS4%s", k->secret);

	seal_hmac(key, first, strlen(first), op_printf(op, "%.*s", DAY, at));
	seal_hmac(key, key, SEAL_HASH, k->region);
	seal_hmac(key, key, SEAL_HASH, "s3");
	seal_hmac(key, key, SEAL_HASH, "aws4_request");
	seal_wipe(first, strlen(first));
}

const char *
aws4_sign(struct op *op, const struct aws4_key *k, const struct aws4 *a,
    const char *query)
{
	unsigned char key[SEAL_HASH];
	char *hex = op_alloc(op, 2 * SEAL_HASH + 1), at[WHEN];

	when(at, a->now);
	key_make(op, k, at, key);
	seal_hmac(key, key, SEAL_HASH, op_printf(op, ALGORITHM "\n%s\n%s\n%s",
	    at, scope(op, k, at), hashed(op, canonical(op, a, query))));
	text_hex(hex, key, SEAL_HASH);
	seal_wipe(key, sizeof(key));
	return hex;
}
