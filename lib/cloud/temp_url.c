#include "lib/cloud/temp_url.h"
#include "lib/base/seal.h"
#include "lib/base/text.h"

#include <string.h>

#define SIG_HEX (2 * SEAL_HASH)

static const char *
sign(struct op *op, const struct temp_url *t, const char *method, bool prefix)
{
	unsigned char mac[SEAL_HASH];
	char *hex = op_alloc(op, SIG_HEX + 1);

	seal_hmac(mac, t->key, strlen(t->key), op_printf(op, "%s\n%lld\n%s/v1/%s/%s/%s",
	    method, (long long)t->expires, prefix ? "prefix:" : "",
	    t->account, t->container, t->object));
	text_hex(hex, mac, sizeof(mac));
	return hex;
}

const char *
temp_url_query(struct op *op, const struct temp_url *t)
{
	return op_printf(op, "temp_url_sig=%s&temp_url_expires=%lld"
	    "&temp_url_prefix=%s", sign(op, t, t->method, true),
	    (long long)t->expires, text_escape(op, t->object));
}

static enum err
refuse(struct op *op, const char *why)
{
	return op_fail(op, ERR_UNAUTHORIZED, "Temp URL: %s.", why);
}

enum err
temp_url_check(struct op *op, const struct temp_url *t,
    const struct temp_url_asked *asked, int64_t now)
{
	static const char *const looks[] = { "HEAD", "GET", "PUT", NULL };
	const char *const own[] = { t->method, NULL };
	const char *const *m = strcmp(t->method, "HEAD") == 0 ? looks : own;
	struct temp_url signed_url = *t;
	bool good = false;

	if (asked->sig == NULL || asked->expires == NULL ||
	    strlen(asked->sig) != SIG_HEX ||
	    !text_number(asked->expires, 1, INT64_MAX / 2,
	    &signed_url.expires))
		return refuse(op, "it is not complete");
	if (asked->prefix != NULL) {
		if (strncmp(t->object, asked->prefix,
		    strlen(asked->prefix)) != 0)
			return refuse(op, "it is not for this object");
		signed_url.object = asked->prefix;
	}
	for (; *m != NULL; m++)
		good |= seal_equal(sign(op, &signed_url, *m,
		    asked->prefix != NULL), asked->sig, SIG_HEX);
	if (!good)
		return refuse(op, "its signature is wrong");
	return signed_url.expires > now ? OK : refuse(op, "it has expired");
}

const char *
temp_url_path(struct op *op, const char *account, const char *container,
    const char *object)
{
	return op_printf(op, "/v1/%s/%s/%s", text_escape(op, account),
	    text_escape(op, container), text_escape_path(op, object));
}

const char *
temp_url_key(struct op *op, const char *tenant)
{
	char *hex = op_alloc(op, 2 * SEAL_KEY + 1);
	struct key key;

	seal_derive(&key, seal_master(), "temporary URLs", tenant, 0);
	text_hex(hex, key.b, SEAL_KEY);
	seal_wipe(&key, sizeof(key));
	return hex;
}
