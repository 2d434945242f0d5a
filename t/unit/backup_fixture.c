#include "t/unit/test.h"
#include "t/unit/backup_fixture.h"
#include "agent/supervisor.h"
#include "agent/transfer.h"

#include <unistd.h>

struct op op;

int
backup_fixture_begin(void **state)
{
	static bool begun;

	op_begin(&op, "test");
	if (!begun)
		transfer_fixture_begin(&op, *state);
	begun = true;
	return 0;
}

int
backup_fixture_end(void **state)
{
	(void)state;
	object_fixture_behave("");
	op_end(&op);
	return 0;
}

int
backup_fixture_over(void **state)
{
	struct op last;

	op_begin(&last, "test");
	transfer_kill();
	supervisor_end(&last);
	op_end(&last);
	return object_fixture_stop(state);
}

void
fresh(void)
{
	op_end(&op);
	op_begin(&op, "test");
}

void
done(const char *id, enum order_kind kind, const char *body)
{
	const struct journal_order *o;

	give(id, kind, body);
	o = await(id);
	if (o->err != OK)
		fail_msg("%s: %s", id, o->why);
}

const char *
mark_of(const char *backup)
{
	return json_str(json_get(transfer_fixture_result(&op, backup), "mark"));
}

int64_t
bytes_of(const char *backup)
{
	return json_int(json_get(transfer_fixture_result(&op, backup), "bytes"));
}

int64_t
plain_of(const char *backup)
{
	return json_int(json_get(transfer_fixture_result(&op, backup),
	    "plain_bytes"));
}

const char *
chain(int n)
{
	const char *const all[] = { FULL, MORE, THIRD, NULL };
	const char *some[4] = { NULL };

	for (int i = 0; i < n; i++)
		some[i] = all[i];
	return transfer_fixture_restore(&op, some);
}

int
mover(void)
{
	return transfer_fixture_child(getpid(), "coffer-transfer");
}
