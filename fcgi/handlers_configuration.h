/* handlers_configuration - those of configuration groups; see handlers.h. */
#ifndef FCGI_HANDLERS_CONFIGURATION_H
#define FCGI_HANDLERS_CONFIGURATION_H

#include "fcgi/api.h"
#include "fcgi/fields.h"

/* configurations.c */
extern const struct field configuration_new_fields[],
    configuration_put_fields[], configuration_patch_fields[];
enum err	 configurations_list(struct request *);
enum err	 configuration_create(struct request *);
enum err	 configuration_show(struct request *);
enum err	 configuration_instances_list(struct request *);
enum err	 configuration_patch(struct request *);
enum err	 configuration_put(struct request *);
enum err	 configuration_delete(struct request *);

/* instance_defaults.c */
enum err	 instance_defaults(struct request *);

/* parameters.c */
extern const struct field parameter_fields[];
enum err	 parameters_list(struct request *);
enum err	 parameter_show(struct request *);
enum err	 version_parameters_list(struct request *);	/* without a datastore in the path */
enum err	 version_parameter_show(struct request *);
enum err	 mgmt_parameters_list(struct request *);
enum err	 mgmt_parameter_create(struct request *);
enum err	 mgmt_parameter_show(struct request *);
enum err	 mgmt_parameter_update(struct request *);
enum err	 mgmt_parameter_delete(struct request *);

#endif
