/* The bodies that are accepted, each beside the routes it belongs to. */
#include "fcgi/handlers.h"

/* POST /instances.  More keys are let through, but not inside a nic. */
const struct field instance_new_fields[] = {
	{ "instance",                       MAP,    REQUIRED },
	{ "instance/name",                  NES,    REQUIRED },
	{ "instance/flavorRef",             FLAVOR },
	{ "instance/volume",                MAP },
	{ "instance/volume/size",           SIZE,   REQUIRED },
	{ "instance/volume/type",           NES,    NULLABLE },
	{ "instance/datastore",             MAP,    CLOSED },
	{ "instance/datastore/type",        NES },
	{ "instance/datastore/version",     NES },
	{ "instance/datastore/version_number", NES },
	{ "instance/databases",             LIST },
	{ "instance/databases[]",           MAP },
	{ "instance/databases[]/name",      NES,    REQUIRED },
	{ "instance/databases[]/character_set", NES },
	{ "instance/databases[]/collate",   NES },
	{ "instance/users",                 LIST },
	{ "instance/users[]",               MAP },
	{ "instance/users[]/name",          NES,    REQUIRED },
	{ "instance/users[]/password",      NES,    REQUIRED | HIDDEN },
	{ "instance/users[]/host",          HOST },
	{ "instance/users[]/databases",     LIST,   UNIQUE },
	{ "instance/users[]/databases[]",   MAP },
	{ "instance/users[]/databases[]/name", NES, REQUIRED },
	{ "instance/restorePoint",          MAP },
	{ "instance/restorePoint/backupRef", UUID,  REQUIRED },
	{ "instance/replica_of",            UUID },
	{ "instance/replica_count",         INT,    0, 1, 3 },
	{ "instance/configuration",         STR,    NULLABLE, 0, 255 },
	{ "instance/configuration_id",      UUID,   NULLABLE },
	{ "instance/availability_zone",     NES },
	{ "instance/nics",                  LIST,   0, 0, 1 },
	{ "instance/nics[]",                MAP,    CLOSED },
	{ "instance/nics[]/net-id",         UUID },
	{ "instance/nics[]/network_id",     UUID },
	{ "instance/nics[]/subnet_id",      UUID },
	{ "instance/nics[]/ip_address",     IPV4 },
	{ "instance/modules",               LIST },
	{ "instance/modules[]",             MAP },
	{ "instance/modules[]/id",          UUID,   REQUIRED },
	{ "instance/region_name",           NES },
	{ "instance/locality",              NES },
	{ "instance/access",                MAP },
	{ "instance/access/is_public",      BOOL },
	{ "instance/access/allowed_cidrs",  LIST,   UNIQUE },
	{ "instance/access/allowed_cidrs[]", CIDR },
	{ 0 }
};

/* PUT /instances/{id}: {"instance": {}} detaches the configuration. */
const struct field instance_put_fields[] = {
	{ "instance",                       MAP,    REQUIRED | CLOSED },
	{ "instance/name",                  NES },
	{ "instance/replica_of",            ANY },
	{ "instance/configuration",         UUID,   NULLABLE },
	{ "instance/datastore_version",     NES },
	{ "instance/access",                MAP,    CLOSED },
	{ "instance/access/is_public",      BOOL },
	{ "instance/access/allowed_cidrs",  LIST,   UNIQUE },
	{ "instance/access/allowed_cidrs[]", CIDR },
	{ 0 }
};

const struct field instance_patch_fields[] = {
	{ "instance",                       MAP,    REQUIRED | CLOSED },
	{ "instance/name",                  NES },
	{ "instance/replica_of",            ANY },
	{ "instance/slave_of",              ANY },
	{ "instance/configuration",         UUID,   NULLABLE },
	{ "instance/datastore_version",     NES },
	{ 0 }
};

/* POST /instances/{id}/action: exactly one of these (instance_actions.c). */
const struct field action_fields[] = {
	{ "restart",                        MAP,    NULLABLE },
	{ "reset_status",                   MAP,    NULLABLE },
	{ "resize",                         MAP },
	{ "resize/volume",                  MAP_OR_SIZE },
	{ "resize/volume/size",             SIZE,   REQUIRED },
	{ "resize/flavorRef",               FLAVOR },
	{ "promote_to_replica_source",      MAP,    NULLABLE },
	{ "eject_replica_source",           MAP,    NULLABLE },
	{ 0 }
};

/* POST .../databases; openstacksdk sends {"database": {...}}. */
const struct field databases_new_fields[] = {
	{ "databases",                      LIST,   EITHER | ONE_OR_LIST },
	{ "databases[]",                    MAP },
	{ "databases[]/name",               NES,    REQUIRED },
	{ "databases[]/character_set",      NES },
	{ "databases[]/collate",            NES },
	{ "database",                       MAP,    EITHER },
	{ "database/name",                  NES,    REQUIRED },
	{ "database/character_set",         NES },
	{ "database/collate",               NES },
	{ 0 }
};

/* POST .../users; openstacksdk sends {"users": {...}}. */
const struct field users_new_fields[] = {
	{ "users",                          LIST,   REQUIRED | ONE_OR_LIST },
	{ "users[]",                        MAP },
	{ "users[]/name",                   NES,    REQUIRED },
	{ "users[]/password",               NES,    REQUIRED | HIDDEN },
	{ "users[]/host",                   HOST },
	{ "users[]/databases",              LIST,   UNIQUE },
	{ "users[]/databases[]",            MAP },
	{ "users[]/databases[]/name",       NES,    REQUIRED },
	{ 0 }
};

/* PUT .../users: new passwords for users that are there. */
const struct field users_password_fields[] = {
	{ "users",                          LIST,   REQUIRED | ONE_OR_LIST },
	{ "users[]",                        MAP },
	{ "users[]/name",                   NES,    REQUIRED },
	{ "users[]/password",               NES,    REQUIRED | HIDDEN },
	{ "users[]/host",                   HOST },
	{ 0 }
};

/* PUT .../users/{user} */
const struct field user_update_fields[] = {
	{ "user",                           MAP,    REQUIRED, 1 },
	{ "user/name",                      NES },
	{ "user/password",                  NES,    HIDDEN },
	{ "user/host",                      HOST },
	{ 0 }
};

/* PUT .../users/{user}/databases */
const struct field access_grant_fields[] = {
	{ "databases",                      LIST,   REQUIRED },
	{ "databases[]",                    MAP },
	{ "databases[]/name",               NES,    REQUIRED },
	{ 0 }
};

/* POST .../root: no body will do, and a number is a password, too. */
const struct field root_fields[] = {
	{ "",                               ANY },
	{ "password",                       ANY,    NULLABLE | HIDDEN },
	{ 0 }
};
