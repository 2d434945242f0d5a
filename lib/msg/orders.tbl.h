/*
 * Every order an agent can be given: name, word, how it is kept.
 * TASK: carried out once per order id, however often it arrives; the outcome
 *       stands in the next reports.  ASK: reads, and answers at once.
 * Bodies and answers are JSON maps; users are {name, host, password, databases}.
 */
/*     name             word                kept   body -> answer */
ORDER(PREPARE,         "prepare",          TASK)  /* databases, users, values, modules -> */
ORDER(RESTART,         "restart",          TASK)  /* -> */
ORDER(STOP,            "stop",             TASK)  /* -> */
ORDER(START,           "start",            TASK)  /* -> */
ORDER(RETUNE,          "retune",           TASK)  /* memory_mb -> */
ORDER(DATABASE_CREATE, "database_create",  TASK)  /* databases: [{name, character_set, collate}] -> */
ORDER(DATABASE_DELETE, "database_delete",  TASK)  /* name -> */
ORDER(USER_CREATE,     "user_create",      TASK)  /* users -> */
ORDER(USER_DELETE,     "user_delete",      TASK)  /* name, host -> */
ORDER(USER_UPDATE,     "user_update",      TASK)  /* name, host, to: {name, host, password} -> */
ORDER(USER_PASSWORDS,  "user_passwords",   TASK)  /* users -> */
ORDER(GRANT,           "grant",            TASK)  /* name, host, databases: [{name}] -> */
ORDER(REVOKE,          "revoke",           TASK)  /* name, host, database -> */
ORDER(CONFIGURE,       "configure",        TASK)  /* values: all that a tenant sets -> */
ORDER(ROOT_ENABLE,     "root_enable",      TASK)  /* password -> */
ORDER(ROOT_DISABLE,    "root_disable",     TASK)  /* -> */
ORDER(LOG_SET,         "log_set",          TASK)  /* name, on -> */
ORDER(LOG_FORGET,      "log_forget",       TASK)  /* name -> ; nothing of it is published */
ORDER(LOG_PUBLISH,     "log_publish",      TASK)  /* name, at (us), expiry (s), put: {socket, before, after, signed} -> */
ORDER(TLS,             "tls",              TASK)  /* mode, addresses, clients (PEM of their authority, or null) -> */
ORDER(MODULE_APPLY,    "module_apply",     TASK)  /* modules: [{id, name, type, md5, contents}] -> */
ORDER(MODULE_REMOVE,   "module_remove",    TASK)  /* id -> */
ORDER(BACKUP,          "backup",           TASK)  /* backup, key (hex), segment_bytes, since (mark or null), digest_ms, put: {socket, before, after} -> */
ORDER(RESTORE,         "restore",          TASK)  /* chain: [{backup, key, bytes, segments: [{name, bytes, md5}], get: {socket, before, after}}], the full one first; of an older Trove, in place of key and names, old: {gzip, opens (hex or null)} -> */
ORDER(VERIFY,          "verify",           TASK)  /* digest (lib/msg/digest.h, or null): the data are sound, and as they were -> */
ORDER(CANCEL,          "cancel",           TASK)  /* what runs of the three above ends, as failed -> */
ORDER(AGENT_RENEW,     "agent_renew",      TASK)  /* -> ; the agent ends, and the next one takes over its server */
ORDER(DATABASES,       "databases",        ASK)   /* limit, marker -> databases: [{name}], next */
ORDER(USERS,           "users",            ASK)   /* limit, marker -> users: [{name, host, databases}], next */
ORDER(USER,            "user",             ASK)   /* name, host -> name, host, databases; NOT_FOUND */
ORDER(ACCESS,          "access",           ASK)   /* name, host -> databases: [{name}]; NOT_FOUND */
ORDER(MODULES,         "modules",          ASK)   /* -> modules: [{id, md5, status, message, created, updated}] */
ORDER(VOLUME,          "volume",           ASK)   /* -> used_bytes, total_bytes */
ORDER(LOGS,            "logs",             ASK)   /* -> logs: [{name, system, on, published, pending (bytes), moved, last (us), again (name)}] */
ORDER(TLS_SHOW,        "tls_show",         ASK)   /* -> on, at_start, mode, clients, before: {mode, clients}, certificate: {cn, ends, addresses, pem} */
ORDER(HWINFO,          "hwinfo",           ASK)   /* -> mem_total (kB), num_cpus */
ORDER(DIAGNOSTICS,     "diagnostics",      ASK)   /* of the agent -> version, threads, fdSize, vmSize, vmPeak, vmRss, vmHwm (kB) */
ORDER(PING,            "ping",             ASK)   /* -> version */
