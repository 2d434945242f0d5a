/*
 * origin - a backup that was taken elsewhere, as it lies in this cloud's object
 * storage.  Its address only names it: account, container and object are taken
 * from it and looked for in the tenant's own account.  No address that a
 * stranger gives is ever connected to.
 */
#ifndef LIB_CLOUD_ORIGIN_H
#define LIB_CLOUD_ORIGIN_H

#include "lib/cloud/storage.h"

struct origin {
	const char	*container, *name;
	const char	*etag;		/* what storage calls the whole: hex, of an MD5 */
	bool		 in_parts;	/* ... of n digests, "hex-n", and none of them is known */
	int64_t		 bytes;
	/* What it is incremental upon, as its metadata say; NULL: nothing. */
	const char	*parent_location, *parent_checksum;
	struct object	*part;		/* in order, with bytes and md5 each; no names; in_parts: one, without */
	int		 n;
};

/*
 * By the API, as it starts: while it may still read its keys, and because it
 * does not open the driver.
 */
enum err	 origin_open(struct op *);
/*
 * Container and name.  ERR_NOT_FOUND: no address of an object of this tenant;
 * ERR_NOT_BUILT: the storage driver cannot.
 */
enum err	 origin_place(struct op *, const char *tenant, const char *url,
		    struct origin *);
/*
 * The rest.  token: that of the tenant's user, whom storage has to let read it;
 * NULL: ours.  ERR_NOT_FOUND; ERR_FORBIDDEN; ERR_CLOUD: it is nothing that can
 * be read back; ERR_UNAVAILABLE.
 */
enum err	 origin_look(struct op *, const char *tenant,
		    const char *token, struct origin *);
/* Its first n bytes, and n is small; ERR_CLOUD: it has fewer. */
enum err	 origin_begin(struct op *, const char *tenant,
		    const struct origin *, unsigned char *, size_t n);

#endif
