/* local_network - the bridge that instances hang on; shared by the drivers. */
#ifndef LIB_CLOUD_LOCAL_NETWORK_H
#define LIB_CLOUD_LOCAL_NETWORK_H

#include "lib/base/op.h"

/* Bridge and firewall are there, and stay until the op ends. */
enum err	 network_hold(struct op *);

#endif
