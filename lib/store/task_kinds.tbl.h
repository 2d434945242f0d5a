/*
 * Every kind of task: name, word, seconds until it must have ended (its undo
 * may take as long again).  What a kind does stands in worker/flows.c; the
 * args of those marked "order" are the body of the order they carry.
 */
KIND(CREATE,          "create",          1800)	/* args: databases, users, values, modules */
KIND(DELETE,          "delete",          600)	/* no args */
KIND(RESTART,         "restart",         300)	/* order */
KIND(RESIZE_VOLUME,   "resize_volume",   600)	/* no args: instances.to_gb */
KIND(RESIZE_FLAVOR,   "resize_flavor",   900)	/* no args: instances.to_flavor and its figures */
KIND(UPGRADE,         "upgrade",         900)	/* no args: the version is the instance's */
KIND(DETACH,          "detach",          300)	/* no args */
KIND(PROMOTE,         "promote",         600)	/* no args */
KIND(ACCESS,          "access",          300)	/* args: is_public, allowed_cidrs */
KIND(RECOVER,         "recover",         600)	/* no args: start the server again */
KIND(DATABASE_CREATE, "database_create", 60)	/* order */
KIND(DATABASE_DELETE, "database_delete", 60)	/* order */
KIND(USER_CREATE,     "user_create",     60)	/* order */
KIND(USER_DELETE,     "user_delete",     60)	/* order */
KIND(USER_UPDATE,     "user_update",     60)	/* order */
KIND(USER_PASSWORDS,  "user_passwords",  60)	/* order */
KIND(GRANT,           "grant",           60)	/* order */
KIND(REVOKE,          "revoke",          60)	/* order */
KIND(CONFIGURE,       "configure",       60)	/* order; also the group's id before and after: was, now */
KIND(ROOT_ENABLE,     "root_enable",     60)	/* order */
KIND(ROOT_DISABLE,    "root_disable",    60)	/* order */
KIND(BACKUP,          "backup",          86400)	/* args: name, container */
KIND(VERIFY,          "verify",          86400)	/* no args: instances.verifies */
KIND(LOG_SET,         "log_set",         60)	/* order */
KIND(LOG_PUBLISH,     "log_publish",     900)	/* args: name, account, container, prefix, at (us), again, on, discard, publish */
KIND(TLS,             "tls",             60)	/* order; also restart: it waits for one */
KIND(STOP,            "stop",            180)	/* order: the database server */
KIND(AGENT_RENEW,     "agent_renew",     60)	/* order */
KIND(REBOOT,          "reboot",          600)	/* no args: the whole server */
KIND(REBUILD,         "rebuild",         600)	/* no args: the server from its template */
KIND(MIGRATE,         "migrate",         600)	/* args: host */
KIND(MODULE_APPLY,    "module_apply",    60)	/* order */
KIND(MODULE_REMOVE,   "module_remove",   60)	/* order */
