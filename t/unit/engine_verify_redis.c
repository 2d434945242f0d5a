/* Damages of what Redis holds; its snapshots are checked when they are loaded. */
#include "t/unit/engine_redis.h"
#include "t/unit/engine_verify.h"

/* A script: it selects databases for itself only. */
static void
redis_say(const char *script)
{
	struct redis_reply r;

	ok(redis_ask(&op, &r, ARGV("EVAL", script, "0")));
}

#define DO(command) "redis.call(" command ") "

static const struct engine_damage redis_damages[] = {
	{ "a key that is lost", DO("'DEL', 'a'"), DO("'SET', 'a', 1"), NULL,
	    "Database db0 has 1 lasting keys, and had 2 when the backup was taken." },
	{ "a key too many", DO("'SET', 'c', 1"), DO("'DEL', 'c'"), NULL,
	    "Database db0 has 3 lasting keys, and had 2" },
	{ "nothing that is known", DO("'FLUSHALL'"), DO("'SET', 'a', 1")
	    DO("'SET', 'b', 1") DO("'SET', 'm', 1, 'EX', 9000")
	    DO("'SELECT', 3") DO("'SET', 'x', 1"), NULL, NULL, .blind = true },
	{ "a key whose end has come", DO("'DEL', 'm'"),
	    DO("'SET', 'm', 1, 'EX', 9000"), NULL, NULL },
	{ "a key that lost its end", DO("'PERSIST', 'm'"),
	    DO("'EXPIRE', 'm', 9000"), NULL,
	    "Database db0 has 3 lasting keys, and had 2" },
	{ "one with an end too many", DO("'SET', 'n', 1, 'EX', 9000"),
	    DO("'DEL', 'n'"), NULL,
	    "Database db0 has 2 keys with an end, and had 1" },
	{ "a database that is lost", DO("'SELECT', 3") DO("'FLUSHDB'"),
	    DO("'SELECT', 3") DO("'SET', 'x', 1"), NULL,
	    "Database db3 has 0 lasting keys, and had 1" },
	{ "a database more", DO("'SELECT', 4") DO("'SET', 'x', 1"),
	    DO("'SELECT', 4") DO("'FLUSHDB'"), NULL, NULL },
	{ "two that changed places", DO("'SWAPDB', 0, 3"),
	    DO("'SWAPDB', 0, 3"), NULL,
	    "Database db0 has 1 lasting keys, and had 2" },
	{ 0 }
};

const struct engine_verify verify_redis = {
	.say = redis_say,
	.fill = DO("'FLUSHALL'") DO("'SET', 'a', 1") DO("'SET', 'b', 1")
	    DO("'SET', 'm', 1, 'EX', 9000") DO("'SELECT', 3")
	    DO("'SET', 'x', 1"),
	.rest = "return 1",
	.stir = DO("'INCR', 'a'") DO("'DECR', 'a'"), .stirred = "db0",
	.empty = DO("'FLUSHALL'"),
	.parts = { "db0", "db3", NULL },
	.damages = redis_damages,
};
