/* security - an instance's access, as older clients know it. */
#ifndef FCGI_SECURITY_H
#define FCGI_SECURITY_H

#include "fcgi/api.h"
#include "lib/store/instances.h"

struct security_rule { const char *id, *cidr; };
struct security_group {
	struct instance	 in;
	const char	*id;
	struct security_rule *rule;
	int		 rules;
};

void	 view_security_group(struct request *, const struct security_group *);
/* A list: clients of the last release that had it expect one per port. */
void	 view_security_rule_new(struct request *,
	    const struct security_group *, const struct security_rule *);

#endif
