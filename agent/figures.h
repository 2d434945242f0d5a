/* figures - numbers that operators ask a guest for; members of a map. */
#ifndef AGENT_FIGURES_H
#define AGENT_FIGURES_H

#include "lib/base/jsonw.h"
#include "lib/base/op.h"

void		 figures_machine(struct jsonw *);	/* mem_total in kB, num_cpus */
enum err	 figures_process(struct op *, struct jsonw *);	/* of the agent; sizes in kB */

#endif
