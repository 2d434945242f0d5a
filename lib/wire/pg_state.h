/*
 * pg_state - what SQLSTATEs mean to us: PostgreSQL's, and those that our own
 * statements raise.
 */
#ifndef LIB_WIRE_PG_STATE_H
#define LIB_WIRE_PG_STATE_H

#include "lib/base/op.h"

#include <stdbool.h>

enum err	 pg_state_err(const char *state);	/* ERR_INTERNAL: any other */
/* The server rolled everything back, and the same may work next time. */
bool		 pg_state_again(const char *state);
/* Prepared for a schema that changed since, or prepared no longer. */
bool		 pg_state_stale(const char *state);
/* No such table, column or function. */
bool		 pg_state_no_schema(const char *state);

#endif
