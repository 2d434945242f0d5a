/*
 * answers_test - each order an agent can be told: what it answers, whatever its
 * body says and however its engine fares.  Orders come as sealed bytes, and what
 * the agent says is opened again; nothing of Redis is there.
 */
#ifndef T_UNIT_ANSWERS_TEST_H
#define T_UNIT_ANSWERS_TEST_H

#include "t/unit/test.h"
#include "agent/datastore.h"
#include "lib/base/json.h"
#include "lib/msg/guest.h"

#include <stdbool.h>

extern struct op op;
extern char data[64];			/* agent.data; gone after each test */
extern struct datastore engine;		/* of the agent at hand; may be changed */

/* What the channel is like, and what was said on it. */
extern int listeners, spoken;
extern bool up;
struct report	 reported(void);

int		 begin(void **state);	/* an agent of the null engine, with some in it */
int		 end(void **state);
void		 agent_of(const struct datastore *);
void		 clean(void);		/* no databases, no users */

struct said { enum err err; const char *why, *body; };
/* NULL: it is no order at all. */
const struct said *told(enum order_kind, const char *body);
const struct json *parsed(const char *);

struct row {
	enum order_kind	 kind;
	const char	*body;
	enum err	 err;
	const char	*said;		/* the answer; or what stands in the reason */
};
void		 rows_check(const struct row *, size_t n);

/* Values that stand where others should, as JSON; end with NULL. */
extern const char *const odd[];

/* Each ends with no name. */
extern const struct CMUnitTest of_bodies[], of_reports[];
#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

#endif
