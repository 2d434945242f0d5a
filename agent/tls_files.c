#include "agent/tls_files.h"
#include "agent/aside.h"
#include "agent/certificate.h"
#include "agent/file.h"
#include "lib/base/clock.h"
#include "lib/base/conf.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STATE		"agent/tls.state"
#define AUTHORITY	"agent/tls.authority"	/* its key, its certificate */
#define ADDRESSES_MOST	16
#define DAY_S		86400

const char *const tls_modes[] = { "off", "basic", "enforced", "mtls", NULL };

enum tls_mode
tls_mode_find(const char *word)
{
	int m = TLS_OFF;

	while (m < TLS__MAX && (word == NULL ||
	    strcmp(tls_modes[m], word) != 0))
		m++;
	return (enum tls_mode)m;
}

/* --- the wish ------------------------------------------------------------------------ */

enum err
tls_addresses(struct op *op, const struct json *j, const char *const **out)
{
	unsigned char bytes[sizeof(struct in6_addr)];
	const char **list;
	size_t n = json_count(j);

	if (n > ADDRESSES_MOST)
		return op_fail(op, ERR_BAD_REQUEST, "At most %d addresses.",
		    ADDRESSES_MOST);
	list = op_alloc(op, (n + 1) * sizeof(*list));
	for (size_t i = 0; i < n; i++) {
		const char *s = json_str(json_at(j, i));

		if (s == NULL || (inet_pton(AF_INET, s, bytes) != 1 &&
		    inet_pton(AF_INET6, s, bytes) != 1))
			return op_fail(op, ERR_BAD_REQUEST,
			    "An address is none.");
		list[i] = op_strdup(op, s);
	}
	*out = list;
	return OK;
}

static void
write_members(struct jsonw *w, const struct tls *t)
{
	jsonw_kstr(w, "mode", tls_modes[t->mode]);
	jsonw_key(w, "addresses");
	jsonw_list(w);
	for (const char *const *a = t->addresses; *a != NULL; a++)
		jsonw_str(w, *a);
	jsonw_list_end(w);
	jsonw_kstr(w, "clients", t->clients);
	jsonw_kint(w, "ends", t->ends);
}

enum err
tls_keep(struct op *op, const struct tls *now, const struct tls *before)
{
	struct jsonw w;

	jsonw_begin(&w, op, 1024);
	jsonw_map(&w);
	write_members(&w, now);
	if (before != NULL && before->mode != TLS__MAX) {
		jsonw_key(&w, "before");
		jsonw_map(&w);
		write_members(&w, before);
		jsonw_map_end(&w);
	}
	jsonw_map_end(&w);
	return file_put(op, file_data(op, STATE), w.out.s, w.out.len);
}

static enum err
read_members(struct op *op, const struct json *j, struct tls *t)
{
	t->mode = tls_mode_find(json_str(json_get(j, "mode")));
	t->clients = json_str(json_get(j, "clients"));
	t->ends = json_int(json_get(j, "ends"));
	TRY(tls_addresses(op, json_get(j, "addresses"), &t->addresses));
	return t->mode != TLS__MAX ? OK : op_fail(op, ERR_INTERNAL,
	    STATE " is damaged");
}

enum err
tls_kept(struct op *op, struct tls *now, struct tls *before)
{
	static const char *const nowhere[] = { NULL };
	const struct json *j;
	const char *bytes;
	size_t len;
	enum err e;

	*now = *before = (struct tls){ .addresses = nowhere };
	before->mode = TLS__MAX;
	e = file_get(op, file_data(op, STATE), &bytes, &len);
	if (e == ERR_NOT_FOUND)
		return OK;
	TRY(e);
	if (json_parse(op, bytes, len, &j) != OK)
		return op_fail(op, ERR_INTERNAL, STATE " is damaged");
	TRY(read_members(op, j, now));
	return json_has(j, "before") ?
	    read_members(op, json_get(j, "before"), before) : OK;
}

/* --- the files ------------------------------------------------------------------------- */

/* It must outlast what it signs; else clients have to learn of a new one. */
static enum err
authority(struct op *op, const char *name, const char **pem)
{
	const char *path = file_data(op, AUTHORITY);
	int64_t lasts;
	size_t len;

	if (file_get(op, path, pem, &len) == OK &&
	    certificate_lasts(op, *pem, &lasts) == OK &&
	    lasts > (int64_t)conf_int("agent.certificate_days") * DAY_S)
		return OK;
	TRY(certificate_authority(op, op_printf(op, "Coffer %s", name), pem));
	return file_put(op, path, *pem, strlen(*pem));
}

/* In a child: its memory goes with it. */
static enum err
make(struct op *op, void *arg, const char **ends)
{
	const char *name = conf_str("agent.instance"), *ca, *pem;
	const struct tls *t = arg;
	int64_t end;

	if (t->clients != NULL) {
		TRY(certificate_clients(op, t->clients, &pem));
		TRY(file_put(op, file_data(op, TLS_CLIENTS), pem,
		    strlen(pem)));
	}
	TRY(authority(op, name, &ca));
	TRY(certificate_issue(op, ca, name, t->addresses,
	    conf_int("agent.certificate_days"), &pem, &end));
	*ends = op_printf(op, "%" PRId64, end);
	return file_put(op, file_data(op, TLS_SERVER), pem, strlen(pem));
}

enum err
tls_files_make(struct op *op, struct tls *t)
{
	struct aside a;
	const char *ends;

	TRY(file_directory(op, file_data(op, TLS_DIRECTORY)));
	TRY(aside_begin(op, make, t, &a));
	TRY(aside_end(op, &a, &ends));
	t->ends = ends != NULL ? strtoll(ends, NULL, 10) : 0;
	return OK;
}

static enum err
public_part(struct op *op, const char *name, struct text *t)
{
	static const char first[] = "-----BEGIN CERTIFICATE-----\n",
	    last[] = "-----END CERTIFICATE-----\n";
	const char *bytes, *from, *to;
	size_t len;

	TRY(file_get(op, file_data(op, name), &bytes, &len));
	if ((from = strstr(bytes, first)) == NULL ||
	    (to = strstr(from, last)) == NULL)
		return op_fail(op, ERR_INTERNAL, "%s is damaged", name);
	text_addn(t, from, (size_t)(to - from) + sizeof(last) - 1);
	return OK;
}

enum err
tls_certificate(struct op *op, const char **pem)
{
	struct text t;

	text_begin(&t, op, 2048);
	TRY(public_part(op, TLS_SERVER, &t));
	TRY(public_part(op, AUTHORITY, &t));
	*pem = t.s;
	return OK;
}
