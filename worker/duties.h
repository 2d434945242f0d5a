/*
 * duties - what workers do beside walking tasks, each at its time.  All of
 * them may do it at once: it is done once, or twice without harm.
 */
#ifndef WORKER_DUTIES_H
#define WORKER_DUTIES_H

#include "lib/base/op.h"

/*
 * Does what is due; ERR_UNAVAILABLE: the store or the bus is away.  A duty's
 * ERR_CLOUD says that storage is: one that waits for it in vain, for each thing
 * that is to be done there, keeps its worker from its tasks, so it comes later.
 */
enum err duties_do(struct op *, const char *host);
/* How one of several things went: it is said and the next one's turn, but for ERR_CLOUD. */
enum err duty_one(struct op *, enum err, const char *what);

enum err duty_sweep(struct op *, const char *host);	/* rings what nobody owns */
enum err duty_recover(struct op *, const char *host);	/* servers that should run */
enum err duty_prune(struct op *, const char *host);	/* what is kept for a time only */
enum err duty_backups(struct op *, const char *host);	/* what is to go from storage */
enum err duty_logs(struct op *, const char *host);	/* published ones that are old */
enum err duty_events(struct op *, const char *host);	/* into the log that is shipped */
enum err duty_verify(struct op *, const char *host);	/* backups that are to be tried */
enum err duty_verifiers(struct op *, const char *host);	/* ... and what is left of such */
enum err duty_schedules(struct op *, const char *host);	/* backups that come by themselves */
enum err duty_host(struct op *, const char *host);	/* what this host has */

#endif
