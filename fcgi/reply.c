/*
 * reply - answers, and the one place where an error becomes a fault.
 */
#include "fcgi/api.h"

#include "lib/base/log.h"

#include <ctype.h>
#include <string.h>

struct jsonw *
reply_json(struct request *r, int status)
{
	r->status = status;
	r->has_body = true;
	jsonw_begin(&r->out, &r->op, 2048);
	return &r->out;
}

enum err
reply_empty(struct request *r, int status)
{
	r->status = status;
	r->has_body = false;
	return OK;
}

/* A value with a line break in it would be two headers. */
void
reply_header(struct request *r, const char *name, const char *value)
{
	if (strpbrk(value, "\r\n") != NULL)
		return;
	text_printf(&r->headers, "%s: %s\r\n", name, value);
}

/* What is said when the error has no text of its own, or must not show it. */
static const struct { int status; const char *title, *text; } defaults[] = {
	{ 400, "Bad Request", "The server could not comply with the request "
	    "since it is either malformed or otherwise incorrect." },
	{ 401, "Unauthorized",
	    "The request you have made requires authentication." },
	{ 403, "Forbidden", "Access was denied to this resource." },
	{ 404, "Not Found", "The resource could not be found." },
	{ 406, "Not Acceptable", "version not supported" },
	{ 408, "Request Timeout", "The request took too long to arrive." },
	{ 409, "Conflict", "The request conflicts with what is there." },
	{ 411, "Length Required", "The length of the body is missing." },
	{ 413, "Request Entity Too Large", "This request was rate-limited." },
	{ 415, "Unsupported Media Type", "Unsupported Content-Type" },
	{ 416, "Requested Range Not Satisfiable",
	    "There is nothing in this range." },
	{ 422, "Unprocessable Entity",
	    "Unable to process the contained request." },
	{ 501, "Not Implemented", "This is not implemented." },
	{ 503, "Service Unavailable", "The service is temporarily "
	    "unavailable. Please try again." },
	{ 507, "Insufficient Storage", "There is no space left to store this." },
	{ 500, "Internal Server Error", "The server has either erred or is "
	    "incapable of performing the requested operation." },
};
#define DEFAULTS (sizeof(defaults) / sizeof(*defaults))

static size_t
default_of(int status)
{
	size_t i = 0;

	while (i < DEFAULTS - 1 && defaults[i].status != status)
		i++;
	return i;
}

const char *
reply_reason(int status)
{
	switch (status) {
	case 200:
		return "OK";
	case 201:
		return "Created";
	case 202:
		return "Accepted";
	case 204:
		return "No Content";
	case 206:
		return "Partial Content";
	default:
		return defaults[default_of(status)].title;
	}
}

/* Of our own failures the caller learns an id, and the log the reason. */
static const char *
message_of(struct request *r, enum err e)
{
	struct op *op = &r->op;
	int status = err_status(e);
	char id[UUID_LEN + 1];

	if (status < 500 || e == ERR_NOT_BUILT)
		return op->why != NULL && e != ERR_RATE_LIMIT ? op->why :
		    defaults[default_of(status)].text;
	if (e == ERR_UNAVAILABLE || e == ERR_NO_SPACE) {
		log_warn(op, "%s", op->why != NULL ? op->why : err_name(e));
		return defaults[default_of(status)].text;
	}
	text_uuid(id);
	log_error(op, "%s %s (%s): %s", err_name(e), r->path, id,
	    op->why != NULL ? op->why : "-");
	return op_printf(op, "Internal Server Error. Please keep this ID to "
	    "help us figure out what went wrong: (%s).", id);
}

static void
retry_write(struct request *r, struct jsonw *w, enum err e)
{
	const char *secs = op_printf(&r->op, "%d", r->retry_after);

	if (e == ERR_RATE_LIMIT) {
		jsonw_kstr(w, "details", r->op.why);
		jsonw_kstr(w, "retryAfter", secs);
	}
	if (e == ERR_RATE_LIMIT || e == ERR_UNAVAILABLE)
		reply_header(r, "Retry-After", secs);
}

/*
 * Clients of /v3 parse Keystone's form, those of the rest Trove's; and who is
 * nobody yet is refused in Keystone's, too.
 */
static bool
is_identity(const struct request *r, enum err e)
{
	if (e == ERR_UNAUTHORIZED && r->caller.user == NULL && !r->wants_xml)
		return true;
	return r->path != NULL && (strcmp(r->path, "/v3") == 0 ||
	    strncmp(r->path, "/v3/", 4) == 0);
}

void
reply_error(struct request *r, enum err e)
{
	bool identity = is_identity(r, e);
	int status = err_status(e);
	const char *message = message_of(r, e);
	struct jsonw *w;

	if (e == ERR_UNAVAILABLE && r->retry_after == 0)
		r->retry_after = 1;
	w = reply_json(r, status);
	jsonw_map(w);
	jsonw_key(w, identity ? "error" : err_fault(e));
	jsonw_map(w);
	jsonw_kint(w, "code", status);
	if (identity)
		jsonw_kstr(w, "title", defaults[default_of(status)].title);
	jsonw_kstr(w, "message", message);
	retry_write(r, w, e);
	jsonw_map_end(w);
	jsonw_map_end(w);
}

/* --- links ---------------------------------------------------------------- */

/* An id that is no UUID or number may hold anything. */
static const char *
safe(struct op *op, const char *id)
{
	const char *s = id;

	while (isxdigit((unsigned char)*s) || *s == '-')
		s++;
	return *s == '\0' ? id : text_escape(op, id);
}

static void
links_begin(struct request *r)
{
	struct op *op = &r->op;

	r->self = op_printf(op, "[{\"href\":\"%s/v1.0/%s/", r->base,
	    r->tenant != NULL ? safe(op, r->tenant) : "");
	r->bookmark = op_printf(op, "\",\"rel\":\"self\"},{\"href\":\"%s/",
	    r->base);
}

/* Written by hand: 40 of these stand in a list of 20 instances. */
void
view_links(struct request *r, const char *path, const char *id)
{
	static const char end[] = "\",\"rel\":\"bookmark\"}]";
	struct text *t = &r->out.out;
	const char *part[7];
	size_t n[7], sum = 0;
	char *p;
	int i;

	if (r->self == NULL)
		links_begin(r);
	id = safe(&r->op, id);
	part[0] = r->self;
	part[1] = part[4] = path;
	part[2] = part[5] = id;
	part[3] = r->bookmark;
	part[6] = end;
	for (i = 0; i < 7; i++)
		sum += n[i] = strlen(part[i]);
	jsonw_key(&r->out, "links");
	p = text_room(t, sum + 2);
	for (i = 0; i < 7; i++) {
		p = (char *)memcpy(p, part[i], n[i]) + n[i];
		if (i == 1 || i == 4)
			*p++ = '/';
	}
	text_end(t, p);
	r->out.comma = true;
}
