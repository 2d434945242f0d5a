#include "agent/report.h"
#include "agent/datastore.h"
#include "agent/disk.h"
#include "agent/journal.h"
#include "agent/supervisor.h"
#include "lib/base/clock.h"
#include "lib/base/conf.h"
#include "lib/msg/channel.h"
#include "lib/msg/guest.h"

#include <sys/statvfs.h>

#define UNHEARD_MS	500		/* nobody listened: say it again soon, then later */
#define SETTLE_MS	1000		/* a prepared server's time to answer first */

static struct {
	const char	*instance;
	const struct key *key;
	enum db_status	 said;		/* DB__MAX: nothing yet */
	int64_t		 next, opened;
	int		 unheard_ms;
} report;

void
report_open(const char *instance, const struct key *key)
{
	report.instance = instance;
	report.key = key;
	report.said = DB__MAX;
	report.opened = clock_ms();
}

void
report_due(void)
{
	report.next = 0;
}

void
report_volume(int64_t *used, int64_t *total)
{
	const struct datastore *engine =
	    datastore_find(conf_str("agent.engine"));
	struct statvfs fs;

	if (engine != NULL && engine->usage != NULL) {
		engine->usage(used, total);
		return;
	}
	*used = *total = -1;
	if (statvfs(conf_str("agent.data"), &fs) == -1)
		return;
	*total = (int64_t)(fs.f_blocks * fs.f_frsize);
	*used = (int64_t)((fs.f_blocks - fs.f_bfree) * fs.f_frsize) -
	    disk_reserved();
}

/* After a reboot the server comes up in a moment: that is no crash to tell of. */
static bool
settling(enum db_status status)
{
	return report.said == DB__MAX && status == DB_CRASHED &&
	    clock_ms() - report.opened < SETTLE_MS;
}

static void
report_say(struct op *op, enum db_status status)
{
	const struct journal_order *last = journal_last();
	struct report r = {
		.seq = guest_seq(),
		.status = db_status_word(status),
		.version = PACKAGE_VERSION,
	};
	const char *bytes;
	size_t len;
	int heard = 0, wait = conf_int("guest.report") * 1000;

	report_volume(&r.used_bytes, &r.total_bytes);
	if (last != NULL) {
		r.order = last->id;
		r.err = err_name(last->err);
		r.why = last->why;
	}
	bytes = guest_write_report(op, report.key, report.instance, &r, &len);
	if (!channel_say(op, bytes, len, &heard) || heard == 0) {
		report.unheard_ms = report.unheard_ms == 0 ? UNHEARD_MS :
		    2 * report.unheard_ms;
		if (wait > report.unheard_ms)
			wait = report.unheard_ms;
	} else
		report.unheard_ms = 0;
	report.said = status;
	report.next = clock_ms() + (wait > 0 ? wait : 1000);
}

void
report_turn(struct op *op)
{
	enum db_status status = supervisor_status();

	if (!channel_up() || settling(status))
		return;
	if (status != report.said)
		report.next = 0;
	if (clock_ms() >= report.next)
		report_say(op, status);
}

int
report_wait_ms(void)
{
	int64_t left = report.next - clock_ms();

	if (!channel_up() || left > 1000)
		return 1000;
	return left < 0 ? 0 : (int)left;
}
