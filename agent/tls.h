/*
 * tls - TLS between a database and its users: what is wanted, kept over starts,
 * and the files of it.  The instance is its own authority: clients trust that,
 * so that a certificate can be made anew without them.  No key leaves the guest,
 * and the authority's is out of the server's reach.
 */
#ifndef AGENT_TLS_H
#define AGENT_TLS_H

#include "agent/datastore.h"
#include "lib/base/json.h"
#include "lib/base/jsonw.h"
#include "lib/base/text.h"

/* Below agent.data.  The directory is the server's to read. */
#define TLS_DIRECTORY	"agent/tls"
#define TLS_SERVER	"agent/tls/server.pem"	/* its key, its certificate */
#define TLS_CLIENTS	"agent/tls/clients.pem"	/* the clients' authority */

enum tls_mode {
	TLS_OFF,
	TLS_BASIC,			/* offered to whoever wants it */
	TLS_ENFORCED,			/* nobody comes over TCP without it */
	TLS_MUTUAL,			/* ... nor without a certificate of his own */
	TLS__MAX
};
struct tls {
	enum tls_mode	 mode;
	const char	*const *addresses;	/* in the certificate; ends with NULL */
	const char	*clients;	/* PEM of their authority; NULL: none */
	int64_t		 ends;		/* of the certificate, since 1970; 0: there is none */
};

struct tls_ways {			/* of an engine */
	/*
	 * As it is wanted, with files that are there; idempotent.  The agent's
	 * own way in is a socket.  ERR_UNPROCESSABLE: not before a start.
	 */
	enum err	(*apply)(struct op *, const struct tls *);
	enum err	(*on)(struct op *, bool *);	/* it is offered now */
	enum err	(*asks)(struct op *, bool *);	/* ... and clients for certificates; NULL: whenever that is wanted */
	bool		 at_start;	/* the server takes and loses it only then: no failure */
	bool		 mutual;	/* it can ask all clients for certificates */
};

/* TLS_OFF where nothing was ever wanted. */
enum err	 tls_read(struct op *, struct tls *);
/* The same for a start of the server: with files that are there and hold this address. */
enum err	 tls_start(struct op *, struct tls *);

/* A server began to answer: what an agent that died left half done is finished. */
void		 tls_settle(struct op *, const struct datastore *);
/* While it answers: a certificate that nears its end is made anew. */
void		 tls_turn(struct op *, const struct datastore *);

/* Duties (duties.h): switch it, all or nothing; tell of it. */
enum err	 tls_check(struct op *, const struct json *body);
enum err	 tls_switch(struct op *, const struct json *body, bool again,
		    struct jsonw *answer);
enum err	 tls_show(struct op *, const struct json *body, bool again,
		    struct jsonw *answer);

#endif
