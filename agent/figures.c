/* What the agent knows of its machine and of itself, from /proc. */
#include "agent/figures.h"

#include "lib/base/conf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The machine has what its flavor gave it, whatever the host holds. */
void
figures_machine(const struct db_figures *f, struct jsonw *w)
{
	if (f != NULL) {
		jsonw_kint(w, "mem_total", f->mem_total);
		jsonw_kint(w, "num_cpus", f->num_cpus);
		return;
	}
	jsonw_kint(w, "mem_total", (int64_t)conf_int("agent.memory_mb") * 1024);
	jsonw_kint(w, "num_cpus", sysconf(_SC_NPROCESSORS_ONLN));
}

static const struct { const char *line, *key; } wanted[] = {
	{ "FDSize:",  "fdSize" },
	{ "VmPeak:",  "vmPeak" },
	{ "VmSize:",  "vmSize" },
	{ "VmHWM:",   "vmHwm" },
	{ "VmRSS:",   "vmRss" },
	{ "Threads:", "threads" },
};

static void
rehearsed(const struct db_figures *f, struct jsonw *w)
{
	jsonw_kstr(w, "version", f->version);
	jsonw_kint(w, "threads", f->threads);
	jsonw_kint(w, "fdSize", f->fdsize);
	jsonw_kint(w, "vmSize", f->vmsize);
	jsonw_kint(w, "vmPeak", f->vmpeak);
	jsonw_kint(w, "vmRss", f->vmrss);
	jsonw_kint(w, "vmHwm", f->vmhwm);
}

enum err
figures_process(struct op *op, const struct db_figures *said,
    struct jsonw *w)
{
	char line[256];
	FILE *f;

	if (said != NULL) {
		rehearsed(said, w);
		return OK;
	}
	if ((f = fopen("/proc/self/status", "re")) == NULL)
		return op_fail(op, ERR_GUEST, "/proc cannot be read.");
	jsonw_kstr(w, "version", PACKAGE_VERSION);
	while (fgets(line, sizeof line, f) != NULL)
		for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
			size_t n = strlen(wanted[i].line);

			if (strncmp(line, wanted[i].line, n) == 0)
				jsonw_kint(w, wanted[i].key,
				    strtoll(line + n, NULL, 10));
		}
	fclose(f);
	return OK;
}
