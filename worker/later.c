#include "worker/later.h"
#include "lib/base/clock.h"

#include <string.h>

#define PLACES 256

static struct { char task[UUID_LEN + 1]; int64_t at; } timers[PLACES];
static int used;

void
later_add(const char *task, int ms)
{
	int i = 0;

	while (i < used && strcmp(timers[i].task, task) != 0)
		i++;
	if (i == PLACES || strlen(task) != UUID_LEN)
		return;
	if (i == used)
		used++;
	memcpy(timers[i].task, task, UUID_LEN + 1);
	timers[i].at = clock_ms() + ms;
}

/* The earliest; -1: none. */
static int
first(void)
{
	int at = -1;

	for (int i = 0; i < used; i++)
		if (at == -1 || timers[i].at < timers[at].at)
			at = i;
	return at;
}

const char *
later_due(void)
{
	static char task[UUID_LEN + 1];
	int i = first();

	if (i == -1 || timers[i].at > clock_ms())
		return NULL;
	memcpy(task, timers[i].task, sizeof(task));
	timers[i] = timers[--used];
	return task;
}

int
later_wait(int limit)
{
	int i = first();
	int64_t left = i == -1 ? limit : timers[i].at - clock_ms();

	return left < 1 ? 1 : left > limit ? limit : (int)left;
}
