/*
 * ratelimit - so many requests a minute per project and method, counted for
 * all processes together.  A leaky bucket of 60 seconds: each request pours
 * in 60/rate seconds, one second leaks out per second, and what would run
 * over is refused (contract of the v1.0 API, quotas and limits, section 5).
 */
#ifndef FCGI_RATELIMIT_H
#define FCGI_RATELIMIT_H

#include "fcgi/api.h"

struct rate { enum method method; const char *setting; };
extern const struct rate rates[];	/* in the order of GET limits; ends with method 0 */

extern const struct rate rate_mgmt;	/* told of there as well; it counts nothing of its own */

/*
 * Count one more.  0: let it through; else seconds, rounded up, until the
 * next would be.  rate <= 0: no limit.
 */
int	 ratelimit_take(const char *who, enum method, int rate);
/* How many more would be let through now. */
int	 ratelimit_left(const char *who, enum method, int rate);

/* The request's own: ERR_RATE_LIMIT with its text and r->retry_after. */
enum err ratelimit_check(struct request *);

#endif
