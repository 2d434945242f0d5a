/* What every kind of task does, on one page. */
#include "worker/flow.h"

static const struct step create[] = {
	/* name          run             undo            s    blamed on */
	{ "slot",        slot_ensure,    slot_remove,    60,  "BUILDING_ERROR_SERVER" },
	{ "network",     port_ensure,    port_remove,    120, "BUILDING_ERROR_PORT" },
	{ "volume",      volume_ensure,  volume_remove,  300, "BUILDING_ERROR_VOLUME" },
	{ "credentials", guest_in,       guest_out,      60,  "BUILDING_ERROR_SERVER" },
	{ "server",      server_ensure,  server_remove,  120, "BUILDING_ERROR_SERVER" },
	{ "boot",        guest_boot,     NULL,           120, "BUILDING_ERROR_TIMEOUT_GA" },
	{ "restore",     guest_restore,  NULL,           600, "BUILDING_ERROR_TIMEOUT_GA" },
	{ "prepare",     guest_prepare,  NULL,           600, "BUILDING_ERROR_TIMEOUT_GA" },
	{ "ready",       guest_settle,   NULL,           300, "BUILDING_ERROR_TIMEOUT_GA" },
	{ 0 }
};

/* A step that cannot remove its thing is tried again until its patience ends. */
static const struct step delete[] = {
	{ "stop",        guest_stop,     NULL,           60  },
	{ "server",      server_remove,  NULL,           120 },
	{ "credentials", guest_out,      NULL,           60  },
	{ "volume",      volume_remove,  NULL,           120 },
	{ "network",     port_remove,    NULL,           120 },
	{ "slot",        slot_remove,    NULL,           60  },
	{ 0 }
};

static const struct step restart[] = {
	{ "restart",     guest_order,    NULL,           180 },
	{ "ready",       guest_ready,    NULL,           120 },
	{ 0 }
};

static const struct step resize_volume[] = {
	{ "volume",      volume_grow,    NULL,           300 },
	{ 0 }
};

static const struct step resize_flavor[] = {
	{ "room",        limits_most,    limits_old,     60  },
	{ "retune",      guest_retune,   guest_retune_back, 180 },
	{ "ready",       guest_ready,    NULL,           120 },
	{ "limits",      limits_new,     limits_most,    60  },
	{ 0 }
};

/* Of what no engine does yet. */
static const struct step rehearsal[] = {
	{ "engine",      rehearse,       NULL,           120 },
	{ 0 }
};

static const struct step access[] = {
	{ "network",     port_access,    port_access_back, 60 },
	{ 0 }
};

static const struct step recover[] = {
	{ "credentials", guest_in,       NULL,           60  },
	{ "server",      server_ensure,  NULL,           120 },
	{ "back",        guest_back,     NULL,           300 },
	{ 0 }
};

static const struct step renew[] = {
	{ "renew",       guest_order,    NULL,           45  },
	{ 0 }
};

static const struct step reboot[] = {
	{ "stop",        guest_stop,     NULL,           60  },
	{ "down",        server_remove,  NULL,           120 },
	{ "credentials", guest_in,       NULL,           60  },
	{ "server",      server_ensure,  NULL,           120 },
	{ "start",       guest_start,    NULL,           300 },
	{ "ready",       guest_ready,    NULL,           120 },
	{ 0 }
};

static const struct step migrate[] = {
	{ "server",      server_move,    NULL,           300 },
	{ "ready",       guest_ready,    NULL,           300 },
	{ 0 }
};

static const struct step order[] = {
	{ "order",       guest_order,    NULL,           45  },
	{ 0 }
};

static const struct step stop[] = {
	{ "stop",        guest_order,    NULL,           120 },
	{ 0 }
};

static const struct step root_enable[] = {
	{ "order",       guest_root,     NULL,           45  },
	{ 0 }
};

static const struct step backup[] = {
	{ "begin",       backup_begin,   backup_clear,   120   },
	{ "order",       backup_order,   backup_cancel,  86400 },
	{ "collect",     backup_collect, NULL,           600   },
	{ "tidy",        backup_tidy,    NULL,           60    },
	{ 0 }
};

/* Its end leaves a task that removes the instance, whatever came of it. */
static const struct step verify[] = {
	{ "slot",        slot_ensure,    NULL,           60  },
	{ "network",     port_ensure,    NULL,           120 },
	{ "volume",      volume_ensure,  NULL,           300 },
	{ "credentials", guest_in,       NULL,           60  },
	{ "server",      server_ensure,  NULL,           120 },
	{ "boot",        guest_boot,     NULL,           120 },
	{ "restore",     verify_restore, NULL,           600 },
	{ "prepare",     guest_prepare,  NULL,           600 },
	{ "check",       verify_check,   NULL,           600 },
	{ 0 }
};

static const struct step publish[] = {
	{ "switch",      log_switch,     NULL,           45  },
	{ "forget",      log_forget,     NULL,           45  },
	{ "clear",       log_clear,      NULL,           120 },
	{ "publish",     log_publish,    log_cancel,     600 },
	{ 0 }
};

const struct flow flows[TASK__MAX] = {
	[TASK_CREATE]          = { create, create_ended },
	[TASK_DELETE]          = { delete, delete_ended },
	[TASK_RESTART]         = { restart, restart_ended },
	[TASK_RESIZE_VOLUME]   = { resize_volume, resize_ended },
	[TASK_RESIZE_FLAVOR]   = { resize_flavor, resize_ended },
	[TASK_UPGRADE]         = { rehearsal, upgrade_ended },
	[TASK_DETACH]          = { rehearsal, detach_ended },
	[TASK_PROMOTE]         = { rehearsal, promote_ended },
	[TASK_ACCESS]          = { access, access_ended },
	[TASK_RECOVER]         = { recover, recover_ended },
	[TASK_DATABASE_CREATE] = { order, NULL },
	[TASK_DATABASE_DELETE] = { order, NULL },
	[TASK_USER_CREATE]     = { order, NULL },
	[TASK_USER_DELETE]     = { order, NULL },
	[TASK_USER_UPDATE]     = { order, NULL },
	[TASK_USER_PASSWORDS]  = { order, NULL },
	[TASK_GRANT]           = { order, NULL },
	[TASK_REVOKE]          = { order, NULL },
	[TASK_CONFIGURE]       = { order, configure_ended },
	[TASK_ROOT_ENABLE]     = { root_enable, root_enable_ended },
	[TASK_ROOT_DISABLE]    = { order, root_disable_ended },
	[TASK_MODULE_APPLY]    = { order, modules_ended },
	[TASK_MODULE_REMOVE]   = { order, module_gone },
	[TASK_BACKUP]          = { backup, backup_done },
	[TASK_VERIFY]          = { verify, verify_ended },
	[TASK_LOG_SET]         = { order, NULL },
	[TASK_LOG_PUBLISH]     = { publish, NULL },
	[TASK_TLS]             = { order, tls_ended },
	[TASK_STOP]            = { stop, NULL },
	[TASK_AGENT_RENEW]     = { renew, NULL },
	[TASK_REBOOT]          = { reboot, restart_ended },
	[TASK_REBUILD]         = { reboot, rebuild_ended },
	[TASK_MIGRATE]         = { migrate, migrate_ended },
};
