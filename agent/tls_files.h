/*
 * tls_files - what tls.c keeps: the wish, and the files that a server reads.
 * Each is whole at any moment, old or new.
 */
#ifndef AGENT_TLS_FILES_H
#define AGENT_TLS_FILES_H

#include "agent/tls.h"

extern const char *const tls_modes[];	/* words of them: "off" ... */
enum tls_mode	 tls_mode_find(const char *word);	/* TLS__MAX: none */

/* A list of an order's, each an address; ends with NULL. */
enum err	 tls_addresses(struct op *, const struct json *,
		    const char *const **);
/* before: what holds until now, for whoever wants to go back; may be NULL. */
enum err	 tls_keep(struct op *, const struct tls *now,
		    const struct tls *before);
/* What tls_keep() was given; before->mode TLS__MAX: nothing was before. */
enum err	 tls_kept(struct op *, struct tls *now, struct tls *before);

/* A new key and certificate, t->ends, and the clients' authority if there is one. */
enum err	 tls_files_make(struct op *, struct tls *t);
/* The certificate and whose it is, without any key. */
enum err	 tls_certificate(struct op *, const char **pem);

#endif
