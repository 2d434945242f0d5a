/*
 * Every way to fail: name, HTTP status, fault name in the API.
 * Statuses and names: contract of the v1.0 API, errors.
 */
ERR(BAD_REQUEST,   400, "badRequest")		/* the caller's data is wrong */
ERR(GUEST,         400, "badRequest")		/* the guest refused, or did not answer in time */
ERR(UNAUTHORIZED,  401, "unauthorized")
ERR(FORBIDDEN,     403, "forbidden")
ERR(NOT_FOUND,     404, "itemNotFound")
ERR(NOT_ACCEPTABLE, 406, "notAcceptable")
ERR(CONFLICT,      409, "conflict")
ERR(OVER_LIMIT,    413, "overLimit")		/* quota or size */
ERR(RATE_LIMIT,    413, "overLimit")		/* too many requests; carries Retry-After */
ERR(NO_LENGTH,     411, "badRequest")		/* these three and NO_SPACE: of storage only */
ERR(BAD_RANGE,     416, "badRequest")
ERR(TOO_SLOW,      408, "requestTimeout")	/* or broke off */
ERR(BAD_MEDIA,     415, "badMediaType")
ERR(UNPROCESSABLE, 422, "unprocessableEntity")	/* not in this state */
ERR(NOT_BUILT,     501, "notImplemented")	/* this driver or engine cannot, or not written yet */
ERR(CLOUD,         500, "serverError")		/* compute, volume or network said no */
ERR(INTERNAL,      500, "instanceFault")
ERR(UNAVAILABLE,   503, "serviceUnavailable")	/* PostgreSQL or Redis is away: try again */
ERR(NO_SPACE,      507, "insufficientStorage")	/* a disk is full */
ERR(FENCED,        500, "instanceFault")	/* the lease went to another worker: stop at once */
ERR(REPEATED,      409, "conflict")		/* an Idempotency-Key that another request has taken */
ERR(FORGED,        400, "badRequest")		/* a seal does not open */
