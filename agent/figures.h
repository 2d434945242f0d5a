/*
 * figures - numbers that operators ask a guest for; members of a map.
 * An engine may have some of its own (datastore.h).
 */
#ifndef AGENT_FIGURES_H
#define AGENT_FIGURES_H

#include "agent/datastore.h"
#include "lib/base/jsonw.h"

/* What an engine says of machine and agent instead of what /proc says. */
struct db_figures {
	const char	*version;
	int64_t		 mem_total, num_cpus;	/* kB */
	int64_t		 threads, fdsize, vmsize, vmpeak, vmrss, vmhwm;
};

/* mem_total in kB, num_cpus */
void		 figures_machine(const struct db_figures *, struct jsonw *);
/* of the agent; sizes in kB */
enum err	 figures_process(struct op *, const struct db_figures *,
		    struct jsonw *);

#endif
