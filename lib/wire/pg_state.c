#include "lib/wire/pg_state.h"

#include <string.h>

/* SQLSTATEs, or classes of them; the first that fits. */
static const struct { const char *state; enum err e; } sqlstates[] = {
	{ "CF404", ERR_NOT_FOUND },
	{ "CF409", ERR_CONFLICT },
	{ "CF413", ERR_OVER_LIMIT },
	{ "CF422", ERR_UNPROCESSABLE },
	{ "CF503", ERR_UNAVAILABLE },
	{ "CFFEN", ERR_FENCED },
	{ "23503", ERR_CONFLICT },	/* foreign key: something names it, or it is gone */
	{ "CFREP", ERR_REPEATED },
	{ "23505", ERR_CONFLICT },	/* unique */
	{ "08",    ERR_UNAVAILABLE },	/* connection */
	{ "25006", ERR_UNAVAILABLE },	/* read only: a standby */
	{ "40",    ERR_UNAVAILABLE },	/* serialization, deadlock */
	{ "53",    ERR_UNAVAILABLE },	/* disk full, too many connections */
	{ "55P03", ERR_UNAVAILABLE },	/* lock not available */
	{ "57",    ERR_UNAVAILABLE },	/* shutdown, timeout */
};

enum err
pg_state_err(const char *state)
{
	for (size_t i = 0; i < sizeof(sqlstates) / sizeof(sqlstates[0]); i++)
		if (strncmp(state, sqlstates[i].state,
		    strlen(sqlstates[i].state)) == 0)
			return sqlstates[i].e;
	return ERR_INTERNAL;
}

bool
pg_state_again(const char *state)
{
	static const char *const states[] = { "40001", "40P01" };

	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
		if (strcmp(state, states[i]) == 0)
			return true;
	return false;
}

bool
pg_state_stale(const char *state)
{
	return strcmp(state, "26000") == 0 || strcmp(state, "0A000") == 0;
}

bool
pg_state_no_schema(const char *state)
{
	return strcmp(state, "42P01") == 0 || strcmp(state, "42703") == 0 ||
	    strcmp(state, "42883") == 0;
}
