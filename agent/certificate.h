/*
 * certificate - keys and certificates of a database server: the only owner of
 * libcrypto's X.509.  It takes memory that an agent at rest shall not hold, so
 * whoever calls it does that in a process of its own (aside.h).
 */
#ifndef AGENT_CERTIFICATE_H
#define AGENT_CERTIFICATE_H

#include "lib/base/op.h"

#include <stdint.h>

/*
 * Both are PEM: a private key (P-256), then its certificate.  An authority signs
 * itself, for ten years.  *ends: seconds since 1970.
 */
enum err	 certificate_authority(struct op *, const char *name,
		    const char **pem);
/* addresses: IPv4 or IPv6, ends with NULL; what clients hold the server to. */
enum err	 certificate_issue(struct op *, const char *authority,
		    const char *name, const char *const *addresses, int days,
		    const char **pem, int64_t *ends);
/* Seconds until an authority ends; ERR_INTERNAL when it is none. */
enum err	 certificate_lasts(struct op *, const char *authority,
		    int64_t *seconds);

/*
 * What a stranger gave as his authority's certificates, written anew; other
 * things in it are left out.  ERR_BAD_REQUEST.
 */
enum err	 certificate_clients(struct op *, const char *given,
		    const char **pem);

#endif
