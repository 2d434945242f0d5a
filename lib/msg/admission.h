/*
 * admission - who may come to Redis, as a whole.  Users made by ACL SETUSER live
 * in its memory; so under coffer:admitted:<digit> stands the id of the Redis
 * that knows all guests whose ids begin with this digit.  One that was started
 * anew has another id.
 */
#ifndef LIB_MSG_ADMISSION_H
#define LIB_MSG_ADMISSION_H

#include "lib/base/seal.h"

#include <stdbool.h>

#define ADMISSION_ID 48
/* The id of this start of Redis. */
enum err	 admission_server(struct op *, char out[ADMISSION_ID]);
enum err	 admission_known(struct op *, int digit, const char *server,
		    bool *known);
enum err	 admission_note(struct op *, int digit, const char *server);

/* As guest_admit(), for many in one round trip. */
struct admission { const char *instance; int epoch; };
enum err	 admission_make(struct op *, const struct key *master,
		    const struct admission *, int n);

#endif
