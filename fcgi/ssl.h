/*
 * ssl - TLS of an instance: what its guest says of it, or what it is about to
 * say; shown, and told to the guest.
 */
#ifndef FCGI_SSL_H
#define FCGI_SSL_H

#include "fcgi/api.h"

struct ssl_said {
	const struct json *answer;
	bool		 on, at_start;	/* it is offered now; switched only at a start */
	bool		 asks;		/* clients for certificates, where mtls is wanted */
	const char	*mode, *clients;	/* wanted: "off" ...; PEM, or NULL */
};
bool	 ssl_waits(const struct ssl_said *);	/* for a restart */
/* NULL: its engine has none. */
void	 view_ssl(struct request *, const struct ssl_said *, bool payload);
void	 view_ssl_switched(struct request *, const struct ssl_said *,
	    bool rollback);
const char *order_ssl(struct op *, const struct ssl_said *,
	    const char *const *addresses);

#endif
