/* storage_s3 - what the files of the storage driver "s3" share. */
#ifndef LIB_CLOUD_STORAGE_S3_H
#define LIB_CLOUD_STORAGE_S3_H

#include "lib/cloud/storage.h"
#include "lib/wire/http.h"

struct s3_ask {
	const char	*method;
	const char	*key;		/* NULL: the bucket itself */
	const char	*query;		/* escaped, by name, each with "="; NULL: none */
	const char	*const *headers;	/* "x-amz-..." value ..., NULL, by name; may be NULL */
	const char	*body;		/* NULL: none */
	size_t		 len;		/* of it */
};
/* For the API: with the key that may only read, where one is set. */
enum err	 s3_reader_open(struct op *);
bool		 s3_is_open(void);	/* one way or the other */
/*
 * ERR_UNAVAILABLE for what may pass, ERR_FORBIDDEN when the key or the bucket
 * is wrong, ERR_NOT_FOUND, ERR_CLOUD: all that is no good answer, also where
 * only its body says so.
 */
enum err	 s3_send(struct op *, const struct s3_ask *,
		    struct http_answer *);

const char	*s3_key(struct op *, const char *tenant, const char *container,
		    const char *name);
/* Of its address, escaped; NULL: of the bucket. */
const char	*s3_path(struct op *, const char *key);
/* "/bucket/key", as a header that names a source has it. */
const char	*s3_source(struct op *, const char *key);

/*
 * The text of the next <tag>, which holds text or tags; *at goes on behind it;
 * NULL: there is none.
 */
const char	*s3_next(struct op *, const char **at, const char *tag);
/* The first one in a text; never NULL. */
const char	*s3_first(struct op *, const char *in, const char *tag);
/* An ETag as hex digits, without its quotes. */
const char	*s3_etag(struct op *, const char *);

/* S3's own rules; tests make them small. */
extern struct s3_limits { int parts; int64_t group; } s3_limits;

enum err	 s3_join(struct op *, const char *tenant,
		    const char *container, const char *name,
		    const struct object *segment, int n,
		    const char *const *meta, const char **checksum);
enum err	 s3_abandon(struct op *, const char *tenant,
		    const char *container, const char *prefix);

#endif
