/* Every SQL statement of Coffer, by concern.  STMT(name, parameters, sql) */
#include "lib/store/sql_catalog.tbl.h"
#include "lib/store/sql_identity.tbl.h"
#include "lib/store/sql_instance.tbl.h"
#include "lib/store/sql_backup.tbl.h"
#include "lib/store/sql_task.tbl.h"
#include "lib/store/sql_home.tbl.h"
#include "lib/store/sql_guest.tbl.h"
#include "lib/store/sql_admin.tbl.h"
