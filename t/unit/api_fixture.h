/* api_fixture - requests to coffer-api without nginx, and tokens without a database. */
#ifndef T_UNIT_API_FIXTURE_H
#define T_UNIT_API_FIXTURE_H

#include "fcgi/api.h"

#define PROJECT "11111111111111111111111111111111"
#define OTHER_PROJECT "22222222222222222222222222222222"

/*
 * Group setup: the static driver, no Redis, and no PostgreSQL either unless
 * pg_fixture_start() ran before.
 */
int		 api_fixture_start(void **state);

/* A token that is cached for this project (NULL: unscoped) with these roles: "admin member reader". */
const char	*token_for(const char *project, const char *roles);

/* One request; json NULL: no body.  The answer stays until the next. */
struct request	*ask(enum method, const char *uri, const char *token,
		    const char *json);
int		 ask_status(enum method, const char *uri, const char *token,
		    const char *json);
const char	*answer(void);		/* its body, "" when none */
const char	*answer_header(const char *name);	/* "" when it has none */
/* A text of the answer by path: "versions" is a list and gives NULL. */
const char	*answer_str(const char *path);
const struct json *answer_json(void);

#endif
