/*
 * Backups whose turn it is to be tried, chosen or asked for, and hidden instances that something has
 * left behind: none of them is there for long.
 */
#include "worker/backup.h"
#include "worker/duties.h"
#include "lib/base/conf.h"
#include "lib/base/log.h"
#include "lib/msg/bus.h"
#include "lib/store/verify.h"

enum err
duty_verify(struct op *op, const char *host)
{
	int slots = verify_slots();
	const char *task = "";

	(void)host;
	for (int i = 0; i < slots && task != NULL; i++) {
		TRY(verify_begin(op, slots, conf_str("coffer.region"), &task));
		if (task != NULL)
			TRY(bus_ring(op, &task, 1));
	}
	return OK;
}

enum err
duty_verifiers(struct op *op, const char *host)
{
	const char **tasks;
	int n;

	(void)host;
	TRY(verify_prune(op));
	TRY(verify_sweep(op, &tasks, &n));
	if (n == 0)
		return OK;
	log_warn(op, "%d instances that tried backups are removed again", n);
	return bus_ring(op, tasks, n);
}
