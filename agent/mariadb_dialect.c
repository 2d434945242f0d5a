/* What MariaDB and MySQL 5.6 have different words for. */
#include "agent/mariadb.h"
#include "agent/mariadb_dialect.h"

#define ADMIN	MARIADB_ADMIN "@localhost"
#define ALL	"GRANT ALL PRIVILEGES ON *.* TO " ADMIN

const struct mariadb_dialect mariadb_dialect = {
	.name = "MariaDB",
	.section = "[mariadbd]\nskip-log-bin\n",
	.session = ", slow_query_log = 0",
	.accounts = "mysql.global_priv",
	.a_user = "COALESCE(JSON_VALUE(Priv, '$.is_role'), '0') "
	    "NOT IN ('1', 'true')",
	.admin = { "CREATE OR REPLACE USER " ADMIN " IDENTIFIED BY '",
	    "';\n" ALL " WITH GRANT OPTION;\n" },
	.uncertified = "UPDATE mysql.global_priv SET Priv = JSON_REMOVE(Priv, "
	    "'$.ssl_type') WHERE JSON_VALUE(Priv, '$.ssl_type') = 2;\n",
	.password = { "ALTER USER", " IDENTIFIED BY ", "" },
	.variables = "SELECT LOWER(VARIABLE_NAME), READ_ONLY, VARIABLE_TYPE, "
	    "GLOBAL_VALUE, NUMERIC_MIN_VALUE, NUMERIC_MAX_VALUE, "
	    "IF(VARIABLE_NAME = 'innodb_buffer_pool_size', "
	    "@@innodb_buffer_pool_chunk_size, NUMERIC_BLOCK_SIZE), "
	    "COMMAND_LINE_ARGUMENT IS NOT NULL AND "
	    "VARIABLE_SCOPE <> 'SESSION ONLY' "
	    "FROM information_schema.SYSTEM_VARIABLES",
	.bound = "max_statement_time = ",
}, mariadb_dialect_mysql = {
	.name = "MySQL",
	.section = "[mysqld]\nexplicit-defaults-for-timestamp\n",
	.session = "",
	.accounts = "mysql.user",
	.a_user = "TRUE",
	.admin = { "DELETE FROM mysql.user WHERE User = '" MARIADB_ADMIN
	    "';\nFLUSH PRIVILEGES;\n" ALL " IDENTIFIED BY '",
	    "' WITH GRANT OPTION;\n" },
	.uncertified = "",
	.password = { "SET PASSWORD FOR", " = PASSWORD(", ")" },
	/* It says neither type nor bounds; sizes are rounded down. */
	.variables = "SELECT LOWER(VARIABLE_NAME), 'NO', CASE "
	    "WHEN VARIABLE_VALUE IN ('ON', 'OFF') THEN 'BOOLEAN' "
	    "WHEN VARIABLE_VALUE REGEXP '^-?[0-9]+$' THEN 'BIGINT' "
	    "WHEN VARIABLE_VALUE REGEXP '^-?[0-9]+[.][0-9]+$' THEN 'DOUBLE' "
	    "ELSE 'VARCHAR' END, VARIABLE_VALUE, NULL, NULL, "
	    "IF(VARIABLE_VALUE REGEXP '^[1-9][0-9]*$' AND "
	    "MOD(VARIABLE_VALUE, 1024) = 0, '4096', '1'), '1' "
	    "FROM information_schema.GLOBAL_VARIABLES",
	.writes = "SELECT GROUP_CONCAT(VARIABLE_VALUE ORDER BY VARIABLE_NAME) "
	    "FROM information_schema.GLOBAL_STATUS WHERE VARIABLE_NAME IN "
	    "('INNODB_ROWS_INSERTED', 'INNODB_ROWS_UPDATED', "
	    "'INNODB_ROWS_DELETED')",
	.rounds_down = true, .checks_aside = true,
};

static const struct mariadb_dialect *spoken = &mariadb_dialect;

void
mariadb_speak(const struct mariadb_dialect *d)
{
	spoken = d;
}

const struct mariadb_dialect *
mariadb_spoken(void)
{
	return spoken;
}
