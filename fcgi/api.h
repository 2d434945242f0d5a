/*
 * api - one request from nginx to its answer: what handlers are given and
 * what they may call.  The order of checks is the contract's: token, tenant
 * segment, rate, route, body, fields, then the handler (object, policy on it,
 * state, rules, quota).
 */
#ifndef FCGI_API_H
#define FCGI_API_H

#include "lib/base/json.h"
#include "lib/base/jsonw.h"
#include "lib/base/op.h"
#include "lib/base/text.h"

#include <stdbool.h>
#include <stdint.h>

enum method { GET = 1, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, METHOD_OTHER };
enum pool { MAIN, ASKS_GUEST, STORES };	/* which processes serve it: a dead guest, or a slow reader, can hold up its own pool only */

/* Who may call a route; checked before the handler. */
enum who {
	ANYONE = 1,	/* no token needed */
	ANY_TOKEN,	/* any valid token of the path's project */
	OWNER,		/* GET: reader, member, admin; else member or admin */
	ADMIN,		/* role admin, else 403 "Policy doesn't allow ..." */
	MGMT,		/* role admin, else 401 "User does not have admin privileges." */
	ACCOUNT,	/* of object storage: token of its project, or a temp URL (object_admit.h) */
};

enum only { EVERYWHERE, STATIC_IDENTITY, NOT_STOCK, STORAGE_FILE };	/* where there is such a route: identity.driver static, api.stock off, storage.driver file */
struct field; struct stream; struct request;	/* fields.h, stream.h, below */
struct route {
	enum method	 method;
	const char	*path;		/* "/v1.0/{tenant}/instances/{id}"; {names} fill arg[] in order, tenant first */
	enum pool	 pool;
	enum who	 who;
	const char	*rule;		/* policy name for the 403 text: "instance:create" */
	const struct field *body;	/* NULL: a body is ignored */
	enum err	(*handler)(struct request *);	/* NULL: 501 notImplemented, after auth */
	enum only	 only;
};
extern const struct route routes[];	/* routes.c: the whole API on one page; ends with method 0 */

struct caller {
	const char	*user, *user_name;	/* ids and names of the token */
	const char	*project, *project_name;
	bool		 admin, member, reader, service;
};

struct param { const char *name, *value; };	/* of the query, decoded */
#define ARGS_MAX 6
struct request {
	struct op	 op;		/* first: handlers pass &r->op */
	enum pool	 pool;		/* this process's */
	enum method	 method;
	const char	*uri;		/* REQUEST_URI, raw */
	const char	*path, *query;	/* its parts, raw; query "" when none */
	struct param	*param;		/* the query's parameters */
	int		 params;
	const char	*host, *client;	/* Host header, only letters of a host and port; address of who asks, or NULL */
	const char	*base;		/* of links: api.public_url, or https:// and the host */
	const char	*self, *bookmark;	/* how both links of a resource begin; view_links() keeps them */
	const char	*content_type, *accept;	/* NULL: none was sent */
	bool		 is_xml, wants_xml;	/* the body was XML: all is text where no row says more; the answer will be (media.h) */
	const char	*raw;		/* the body as it came */
	size_t		 raw_len;
	bool		 raw_too_large;	/* more than api.body_max was declared: unread */
	struct stream	*stream;	/* pool STORES: the body, unread; and the answer's */
	const struct route *route;
	const char	*arg[ARGS_MAX];	/* path arguments, each decoded once; arg[0] is the tenant under /v1.0/{tenant} */
	const char	*tenant;	/* = arg[0] there, else NULL */
	struct caller	 caller;
	const char	*token, *repeat_key;	/* X-Auth-Token, Idempotency-Key, or NULL */
	const char	*subject_token, *service_token;	/* X-Subject-Token, X-Service-Token (who passes the request on), or NULL */
	const struct json *body;	/* validated; NULL: none was sent */
	struct attempt	*attempt;	/* how its handler is called (attempt.h); NULL: simply */
	int		 status;	/* from here on: the answer */
	struct jsonw	 out;		/* begun by reply_json() */
	bool		 has_body;
	const char	*type;		/* of the body; NULL: application/json */
	struct text	 headers;	/* further "Name: value\r\n" lines */
	int		 retry_after;	/* seconds, with RATE_LIMIT and UNAVAILABLE; 0 none */
};

/* From a request line, headers and raw body to the answer; never fails. */
void		 request_serve(struct request *);

/* --- answering: one of these, once ----------------------------------------- */
struct jsonw	*reply_json(struct request *, int status);	/* then write the document */
enum err	 reply_empty(struct request *, int status);	/* returns OK */
void		 reply_header(struct request *, const char *name, const char *value);
/* For serve.c and request.c: the fault of an error, and the words after a status. */
void		 reply_error(struct request *, enum err);
const char	*reply_reason(int status);

/* --- asking the request ------------------------------------------------------ */
const struct json *body(const struct request *, const char *path);	/* json_get on the body */
const char	*body_str(const struct request *, const char *path);
int64_t		 body_int(const struct request *, const char *path);	/* also of digit strings */
/* One query parameter, decoded; NULL when absent, "" when it has no value.  ERR_BAD_REQUEST is raised before the handler for a query that does not decode. */
const char	*query(const struct request *, const char *name);

/* limit and marker of a key-paginated list: limit is clamped to api.page_size; bad ones are ERR_BAD_REQUEST. */
struct page { int limit; const char *marker; };
enum err	 page_of(struct request *, struct page *);
/* Those of lists that are paged by counting rows: limit has no cap but ROWS_MOST, and 0 is one. */
#define ROWS_MOST 10000
struct row_page { int limit; int64_t offset; };
enum err	 row_page_of(struct request *, struct row_page *);
/* page_links(), when the page is full: n rows are on it. */
void		 row_page_links(struct request *, const char *coll, const struct row_page *, int n);
/* Is this parameter of the query a word for yes? */
bool		 query_true(const struct request *, const char *name);
/* "links" and "<coll>_links" with rel next; call inside the top-level map when there is a next page. */
void		 page_links(struct request *, const char *coll, const char *next_marker);
/* The two links of a resource, key "links" included: self and bookmark. */
void		 view_links(struct request *, const char *path, const char *id);

#endif
