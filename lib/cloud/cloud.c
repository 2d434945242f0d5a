#include "lib/cloud/cloud.h"
#include "lib/base/conf.h"
#include "lib/cloud/storage.h"

#include <assert.h>
#include <string.h>

/* Every driver on one page. */
static const struct compute_driver *const computes[] = {
	&compute_local, &compute_null, &compute_failing, &compute_fake,
	NULL
};
static const struct volume_driver *const volumes[] = {
	&volume_local, &volume_null, &volume_failing, &volume_fake,
	NULL
};
static const struct network_driver *const networks[] = {
	&network_local, &network_null, &network_failing, &network_fake,
	NULL
};

static const struct storage_driver *const storages[] = {
	&storage_file, &storage_swift, &storage_s3, &storage_none,
	&storage_failing, NULL
};

static const struct compute_driver *compute;
static const struct volume_driver *volume;
static const struct network_driver *network;
static const struct storage_driver *storage;

/* The one of this name in a list; each kind of driver has its name first. */
#define FIND(list, key, found) do {					\
	size_t i_ = 0;							\
	while ((list)[i_] != NULL &&					\
	    strcmp((list)[i_]->name, conf_str(key)) != 0)		\
		i_++;							\
	if (((found) = (list)[i_]) == NULL)				\
		return op_fail(op, ERR_BAD_REQUEST, "%s: no driver %s",	\
		    key, conf_str(key));				\
} while (0)

enum err
cloud_open(struct op *op)
{
	FIND(computes, "compute.driver", compute);
	FIND(volumes, "volume.driver", volume);
	FIND(networks, "network.driver", network);
	FIND(storages, "storage.driver", storage);
	TRY(compute->open(op));
	TRY(volume->open(op));
	TRY(network->open(op));
	return storage->open(op);
}

const struct compute_driver *
cloud_compute(void)
{
	assert(compute != NULL);
	return compute;
}

const struct volume_driver *
cloud_volume(void)
{
	assert(volume != NULL);
	return volume;
}

const struct network_driver *
cloud_network(void)
{
	assert(network != NULL);
	return network;
}

const struct storage_driver *
cloud_storage(void)
{
	assert(storage != NULL);
	return storage;
}

int
storage_look_ms(int most)
{
	int ms = conf_int("task.lease") * 1000 / 3 * 2;

	return ms < most ? ms : most;
}
