/* origin_drivers - between the parts of origin: how each storage is asked. */
#ifndef LIB_CLOUD_ORIGIN_DRIVERS_H
#define LIB_CLOUD_ORIGIN_DRIVERS_H

#include "lib/cloud/origin.h"
#include "lib/wire/http.h"

struct origin_driver {
	const char	*name;		/* storage.driver */
	enum err	(*open)(struct op *);	/* as origin_open(); or NULL */
	/* "/v1/AUTH_x": where the tenant's containers begin in an address. */
	enum err	(*account)(struct op *, const char *tenant,
			    const char **path);
	enum err	(*look)(struct op *, const char *tenant,
			    const char *token, struct origin *);
	enum err	(*begin)(struct op *, const char *tenant,
			    const struct origin *, unsigned char *, size_t n);
};
extern const struct origin_driver origin_file, origin_swift, origin_s3;

/* For them: it is one part, all of it; md5 NULL: of which nobody kept a digest. */
void		 origin_whole(struct op *, struct origin *, const char *md5);
/* The first n bytes of what storage answered; ERR_CLOUD: it has fewer. */
enum err	 origin_bytes(struct op *, const struct origin *,
		    const struct http_answer *, unsigned char *, size_t n);

#define ORIGIN_PARENT_LOCATION "Parent-Location"
#define ORIGIN_PARENT_CHECKSUM "Parent-Checksum"

#endif
