/*
 * auth - whose token it is, whether the path is theirs, and whether their role
 * may do this.
 */
#ifndef FCGI_AUTH_H
#define FCGI_AUTH_H

#include "fcgi/api.h"
#include "lib/base/seal.h"
#include "lib/cloud/identity.h"

#define TOKEN_HEX (2 * SEAL_HASH + 1)

extern const struct identity_driver identity_static;

enum err	 auth_open(struct op *);	/* picks the driver of identity.driver; once per process */
bool		 auth_is_static(void);

/* Fill in r->caller from r->token; ERR_UNAUTHORIZED, with the header that says where to log in. */
enum err	 auth_token(struct request *);
/* The tenant of the path is that of the token: ERR_FORBIDDEN. */
enum err	 auth_tenant(struct request *);
/* The route's line in routes.c: ERR_FORBIDDEN, or ERR_UNAUTHORIZED for MGMT. */
enum err	 auth_policy(struct request *);

/* What a token is stored as. */
void		 token_hash(const char *token, char hex[TOKEN_HEX]);
/* Where clients log in and find the API: api.public_url, or http:// and the host. */
const char	*auth_base(struct request *);

#endif
