/*
 * What each kind of task does, by the names of its steps, and whether the
 * database server is restarted on the way: for who asks before it is done.
 * The steps themselves stand in worker/flows.c; a test compares.
 */
STEPS(CREATE,          false, "slot", "network", "volume", "credentials", "server", "boot", "prepare", "ready")
STEPS(DELETE,          false, "stop", "server", "credentials", "volume", "network", "slot")
STEPS(RESTART,         true,  "restart", "ready")
STEPS(RECOVER,         true,  "credentials", "server", "back")
STEPS(DATABASE_CREATE, false, "order")
STEPS(DATABASE_DELETE, false, "order")
STEPS(USER_CREATE,     false, "order")
STEPS(USER_DELETE,     false, "order")
STEPS(USER_UPDATE,     false, "order")
STEPS(USER_PASSWORDS,  false, "order")
STEPS(GRANT,           false, "order")
STEPS(REVOKE,          false, "order")
STEPS(ROOT_ENABLE,     false, "order")
STEPS(ROOT_DISABLE,    false, "order")
STEPS(BACKUP,          false, "begin", "store")
STEPS(LOG_SET,         false, "order")
STEPS(STOP,            false, "stop")
STEPS(REBOOT,          true,  "stop", "down", "credentials", "server", "start", "ready")
STEPS(REBUILD,         true,  "stop", "down", "credentials", "server", "start", "ready")
STEPS(MIGRATE,         true,  "server", "back")
STEPS(RESIZE_VOLUME,   false, "volume")
STEPS(RESIZE_FLAVOR,   true,  "room", "retune", "ready", "limits")
STEPS(ACCESS,          false, "network")
STEPS(CONFIGURE,       false, "order")
