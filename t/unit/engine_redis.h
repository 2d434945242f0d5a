/* engine_redis - what the stories of Redis share. */
#ifndef T_UNIT_ENGINE_REDIS_H
#define T_UNIT_ENGINE_REDIS_H

#include "t/unit/engine_test.h"
#include "agent/redis_server.h"

#define ARGV(...) ((const char *const[]){ __VA_ARGS__, NULL })
#define MINE(f) cmocka_unit_test_setup_teardown(f, engine_begin, redis_end)

int		 redis_end(void **state);	/* engine_end(); nor are there data or a root */
/* What a test holds of the op stays, unlike start_again(). */
void		 restart(void);
void		 kill_and_start(void);
struct redis	*client(const char *name, const char *password);
/* What the server says, as text; the refusal where it refuses. */
const char	*says(struct redis *, const char *const *argv);
bool		 begins(const char *s, const char *with);
const char	*file_text(const char *name);	/* below agent.data */

extern const struct CMUnitTest redis_slow_log[], redis_backups[];

#endif
