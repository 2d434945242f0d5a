#include "fcgi/media.h"

#include "fcgi/fields.h"
#include "fcgi/xmlw.h"
#include "lib/base/conf.h"
#include "lib/base/log.h"
#include "lib/base/xml.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define JSON_TYPE	"application/json"
#define XML_TYPE	"application/xml"
#define VENDOR		"application/vnd.openstack.trove"

/* --- what is wanted ---------------------------------------------------------------- */

size_t
media_suffix(const char *path, size_t len)
{
	static const char *const suffix[] = { ".xml", ".json" };

	for (int i = 0; i < 2; i++) {
		size_t n = strlen(suffix[i]);

		if (len > n && memcmp(path + len - n, suffix[i], n) == 0)
			return n;
	}
	return 0;
}

/* How well an offer is met: by quality, then by how little was left open. */
struct match { double quality; int stars; };

static bool
covers(const char *range, size_t n, const char *type)
{
	static const char any[] = "*/*", all[] = "application/*";

	return (n == strlen(type) && strncasecmp(range, type, n) == 0) ||
	    (n == sizeof(any) - 1 && strncmp(range, any, n) == 0) ||
	    (n == sizeof(all) - 1 && strncasecmp(range, all, n) == 0);
}

static int
stars(const char *range, size_t n)
{
	int found = 0;

	for (size_t i = 0; i < n; i++)
		found += range[i] == '*';
	return found;
}

static double
quality(const char *params)
{
	for (; *params == ';'; params += strcspn(params, ";")) {
		params++;
		params += strspn(params, " \t");
		if (strncasecmp(params, "q=", 2) == 0)
			return strtod(params + 2, NULL);
	}
	return 1;
}

/* One of "type/subtype;q=0.5", or two of them: the vendor's name is as good. */
static void
consider(struct match *best, const char *range, const char *type,
    const char *vendor)
{
	size_t n = strcspn(range, "; \t");
	struct match m = { quality(range + n + strspn(range + n, " \t")),
	    stars(range, n) };

	if (!covers(range, n, type) && !covers(range, n, vendor))
		return;
	if (m.quality > best->quality ||
	    (m.quality == best->quality && m.stars < best->stars))
		*best = m;
}

static bool
prefers_xml(struct op *op, const char *accept)
{
	struct match json = { 0, 3 }, xml = { 0, 3 };

	if (strcasestr(accept, "xml") == NULL)
		return false;
	for (char **range = text_split(op, accept, ","); *range != NULL;
	    range++) {
		consider(&json, *range, JSON_TYPE, VENDOR "+json");
		consider(&xml, *range, XML_TYPE, VENDOR "+xml");
	}
	return xml.quality > json.quality || (xml.quality > 0 &&
	    xml.quality == json.quality && xml.stars < json.stars);
}

static bool
has_version(const char *uri)
{
	return uri[0] == '/' && uri[1] == 'v' &&
	    uri[2] >= '0' && uri[2] <= '9';
}

/* "application/vnd.openstack.trove+xml;version=1.0" in place of "/v1.0". */
static enum err
take_version(struct request *r)
{
	static const char param[] = ";version=";
	const char *v = strstr(r->accept, VENDOR);

	v = v == NULL ? NULL : strstr(v, param);
	if (v == NULL || has_version(r->uri))
		return OK;
	v += sizeof(param) - 1;
	if (strncmp(v, "1.0", 3) != 0 || strspn(v, "0123456789.") != 3)
		return op_fail(&r->op, ERR_NOT_ACCEPTABLE,
		    "version not supported");
	r->uri = op_printf(&r->op, "/v1.0%s", r->uri);
	return OK;
}

/* Keystone's part has no other form than JSON. */
static bool
is_identity(const char *uri)
{
	return strncmp(uri, "/v3", 3) == 0 && strchr("/?", uri[3]) != NULL;
}

enum err
media_negotiate(struct request *r)
{
	size_t len = strcspn(r->uri, "?");
	size_t suffix = media_suffix(r->uri, len);

	if (is_identity(r->uri))
		return OK;
	if (conf_bool("api.stock"))
		return r->accept != NULL ? take_version(r) : OK;
	if (suffix > 0)
		r->wants_xml = suffix == sizeof(".xml") - 1;
	else if (r->accept != NULL)
		r->wants_xml = prefers_xml(&r->op, r->accept);
	return r->accept != NULL ? take_version(r) : OK;
}

/* --- what is sent ------------------------------------------------------------------- */

/* With parameters or without. */
static bool
is_type(const char *is, const char *type)
{
	size_t n = strlen(type);

	return strncasecmp(is, type, n) == 0 &&
	    (is[n] == '\0' || is[n] == ';' || is[n] == ' ');
}

static const enum json_kind kinds[FIELD__MAX] = {
	[INT] = JSON_INT, [FLAG] = JSON_INT, [NUMBER] = JSON_REAL,
	[BOOL] = JSON_BOOL, [LIST] = JSON_LIST, [MAP] = JSON_MAP,
	[MAP_OR_SIZE] = JSON_MAP,
};

static const struct field *
row_of(const struct field *table, const char *path)
{
	for (; table->path != NULL; table++)
		if (strcmp(table->path, path) == 0)
			return table;
	return NULL;
}

/* Few bodies have no root: in XML they need one, which may have any name. */
static bool
is_bare(const struct field *table)
{
	for (; table->path != NULL; table++)
		if (strchr(table->path, '/') == NULL && *table->path != '\0' &&
		    table->kind != MAP && table->kind != LIST)
			return true;
	return false;
}

/* XML has texts only: the row says what they stand for. */
static struct xml_form
form_of(const void *table, const char *path)
{
	static const char *const lists[] = { "databases", "users", "nics" };
	const char *name = strrchr(path, '/'), *below = strchr(path, '/');
	struct xml_form form = { JSON_STR, false };
	const struct field *f;

	name = name != NULL ? name + 1 : path;
	f = !is_bare(table) ? row_of(table, path) :
	    below != NULL ? row_of(table, below + 1) : NULL;
	for (int i = 0; f == NULL && i < 3; i++)
		if (strcmp(name, lists[i]) == 0)
			form.kind = JSON_LIST;
	if (f == NULL)
		return form;
	if (kinds[f->kind] != JSON_NULL)
		form.kind = kinds[f->kind];
	form.nullable = f->flags & NULLABLE;
	return form;
}

static enum err
body_of_xml(struct request *r)
{
	const struct xml_forms forms = { form_of, r->route->body };
	const char *root;
	void *at = NULL;

	TRY(xml_parse(&r->op, r->raw, r->raw_len, &forms, &r->body));
	if (is_bare(r->route->body))
		json_next(r->body, &at, &root, &r->body);
	return OK;
}

enum err
media_body(struct request *r)
{
	struct op *op = &r->op;
	const char *type = r->content_type != NULL ? r->content_type : "";
	enum err e;

	r->is_xml = is_type(type, XML_TYPE) && !is_identity(r->uri);
	if (is_type(type, JSON_TYPE))
		e = json_parse(op, r->raw, r->raw_len, &r->body);
	else if (r->is_xml)
		e = body_of_xml(r);
	else
		return op_fail(op, ERR_BAD_MEDIA, "Unsupported Content-Type");
	if (e != ERR_BAD_REQUEST)
		return e;
	log_debug(op, "body: %s", op->why);
	if (!r->is_xml)
		return op_fail(op, e, "Malformed request body");
	op->why = NULL;			/* readers of XML know the stock sentence */
	return e;
}

/* --- what is answered --------------------------------------------------------------- */

void
media_answer(struct request *r)
{
	bool fault = r->status >= 400;
	struct text xml;

	if (!r->wants_xml || r->type != NULL)
		return;
	if (r->has_body) {
		if (!xmlw_document(&xml, &r->op, r->out.out.s,
		    r->out.out.len, fault))
			return;
		r->out.out = xml;
	}
	r->type = fault ? XML_TYPE "; charset=UTF-8" : XML_TYPE;
}
