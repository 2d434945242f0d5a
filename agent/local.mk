# The agent is a library, so that tests reach each part of it.
noinst_LIBRARIES += agent/libagent.a
agent_libagent_a_SOURCES = \
	agent/aside.c agent/aside.h \
	agent/bodies.c agent/bodies.h \
	agent/certificate.c agent/certificate.h \
	agent/db.h agent/db_logs.c agent/db_logs.h agent/datastore.h agent/datastores.c agent/disk.c agent/disk.h \
	agent/duties.c agent/duties.h \
	agent/failing.c \
	agent/fence.c agent/fence.h \
	agent/figures.c agent/figures.h \
	agent/file.c agent/file.h \
	agent/host.c agent/host.h agent/host_tool.c \
	agent/journal.c agent/journal.h \
	agent/log_job.c agent/log_job.h agent/log_pieces.c agent/log_pieces.h \
	agent/logs.c agent/logs.h \
	agent/look.c agent/look.h \
	agent/mariadb.c agent/mariadb.h \
	agent/mariadb_backup.c agent/mariadb_conf.c agent/mariadb_dialect.c agent/mariadb_dump.c agent/mariadb_dump.h agent/mariadb_load.c \
	agent/mariadb_dialect.h agent/mariadb_logs.c agent/mysql.c \
	agent/mariadb_room.c agent/postgresql_room.c agent/redis_room.c \
	agent/mariadb_schemas.c agent/mariadb_settings.c \
	agent/mariadb_sql.c agent/mariadb_tls.c agent/mariadb_users.c agent/mariadb_verify.c \
	agent/memory.c agent/memory.h \
	agent/modules.c agent/modules.h \
	agent/names.c agent/names.h \
	agent/null.c \
	agent/orders.c agent/orders.h \
	agent/postgresql.c agent/postgresql.h \
	agent/postgresql_admin.c agent/postgresql_backup.c agent/postgresql_birth.c agent/postgresql_birth.h \
	agent/postgresql_apply.c agent/postgresql_conf.c \
	agent/postgresql_delta.c agent/postgresql_delta.h agent/postgresql_seen.c \
	agent/postgresql_spaces.c \
	agent/postgresql_databases.c agent/postgresql_hosts.c \
	agent/postgresql_logs.c agent/postgresql_old.c agent/postgresql_old.h agent/postgresql_roles.c \
	agent/postgresql_settings.c agent/postgresql_sql.c \
	agent/postgresql_tls.c \
	agent/postgresql_look.c agent/postgresql_look.h \
	agent/postgresql_session.h agent/postgresql_verify.c \
	agent/redis_server.c agent/redis_server.h \
	agent/redis_conf.c agent/redis_mend.c agent/redis_logs.c agent/redis_rdb.c agent/redis_settings.c \
	agent/redis_talk.c agent/redis_tls.c agent/redis_users.c agent/redis_verify.c \
	agent/report.c agent/report.h \
	agent/server.c agent/server.h \
	agent/settings.c agent/settings.h \
	agent/supervisor.c agent/supervisor.h \
	agent/tls.c agent/tls.h agent/tls_files.c agent/tls_files.h \
	agent/objects.h agent/transfer.c agent/transfer.h \
	agent/transfer_job.c agent/transfer_job.h \
	agent/tar.c agent/tar.h \
	agent/untar.c agent/untar.h \
	lib/msg/channel.c lib/msg/channel.h
agent_libagent_a_CPPFLAGS = $(AM_CPPFLAGS) $(MARIADB_CFLAGS) $(PQ_CFLAGS) \
	$(CRYPTO_CFLAGS)
AGENT = agent/libagent.a $(MSG) $(MARIADB_LIBS) $(PQ_LIBS) $(CRYPTO_LIBS) -lm

pkglibexec_PROGRAMS += agent/coffer-agent
agent_coffer_agent_SOURCES = agent/main.c
agent_coffer_agent_LDADD = $(AGENT)

# What moves backups has libraries that an agent at rest shall not hold.
noinst_LIBRARIES += agent/libtransfer.a
agent_libtransfer_a_SOURCES = agent/boxes.c agent/boxes.h \
	agent/log_ship.c agent/objects.c agent/stream.c agent/stream.h \
	agent/stream_old.c agent/stream_old.h \
	agent/transfer_in.c agent/transfer_out.c agent/transfer_ways.h
agent_libtransfer_a_CPPFLAGS = $(AM_CPPFLAGS) $(ZSTD_CFLAGS) $(ZLIB_CFLAGS)
TRANSFER = agent/libtransfer.a $(AGENT) lib/wire/libwirehttp.a $(BASE) \
	$(CURL_LIBS) $(ZSTD_LIBS) $(ZLIB_LIBS) $(CRYPTO_LIBS) -lpthread
pkglibexec_PROGRAMS += agent/coffer-transfer
agent_coffer_transfer_SOURCES = agent/transfer_main.c
agent_coffer_transfer_LDADD = $(TRANSFER)

# Plays the control plane to one guest; not installed.
noinst_PROGRAMS += t/tools/guestctl
t_tools_guestctl_SOURCES = t/tools/guestctl.c
t_tools_guestctl_LDADD = $(MSG)

if HAVE_CMOCKA
check_PROGRAMS += t/unit/answers_test t/unit/digest_test t/unit/engine_test t/unit/orders_test \
	t/unit/guest_names_test t/unit/host_test
endif
if HAVE_CMOCKA
check_PROGRAMS += t/unit/agent_modules_test t/unit/postgresql_delta_test t/unit/postgresql_old_test \
	t/unit/untar_test \
	t/unit/certificate_test t/unit/tls_test \
	t/unit/disk_test
endif
t_unit_certificate_test_SOURCES = t/unit/certificate_test.c t/unit/test_op.h
t_unit_certificate_test_LDADD = $(AGENT) $(CMOCKA_LIBS)
t_unit_tls_test_SOURCES = t/unit/tls_test.c t/unit/test_data.h
t_unit_tls_test_LDADD = $(AGENT) $(CMOCKA_LIBS)
t_unit_disk_test_SOURCES = t/unit/disk_test.c t/unit/test.h
t_unit_disk_test_LDADD = $(AGENT) $(CMOCKA_LIBS)
t_unit_postgresql_delta_test_SOURCES = t/unit/postgresql_delta_test.c t/unit/test.h
t_unit_postgresql_delta_test_LDADD = $(AGENT) $(CMOCKA_LIBS)
t_unit_postgresql_old_test_SOURCES = t/unit/postgresql_old_test.c t/unit/test_data.h t/unit/test_op.h
t_unit_postgresql_old_test_LDADD = $(AGENT) $(CMOCKA_LIBS)
t_unit_untar_test_SOURCES = t/unit/untar_test.c t/unit/test.h
t_unit_untar_test_LDADD = $(AGENT) $(CMOCKA_LIBS)
# They start agent/coffer-transfer, which is built before any test runs.
if HAVE_CMOCKA
check_PROGRAMS += t/unit/log_test t/unit/stream_test t/unit/transfer_test \
	t/unit/mariadb_backup_test t/unit/postgresql_backup_test
endif
if HAVE_CMOCKA
check_PROGRAMS += t/unit/stream_old_test
endif
t_unit_stream_old_test_SOURCES = t/unit/stream_old_test.c t/unit/test_op.h
t_unit_stream_old_test_LDADD = $(TRANSFER) $(CMOCKA_LIBS)
t_unit_log_test_SOURCES = t/unit/log_test.c t/unit/test_data.h \
	t/unit/object_fixture.c t/unit/object_fixture.h
t_unit_log_test_LDADD = $(TRANSFER) $(CMOCKA_LIBS)
t_unit_stream_test_SOURCES = t/unit/stream_test.c t/unit/test.h
t_unit_stream_test_LDADD = $(TRANSFER) $(CMOCKA_LIBS)
SERVER_FIXTURE = t/unit/server_fixture.c t/unit/server_fixture.h
TRANSFER_FIXTURE = t/unit/test.h \
	t/unit/object_fixture.c t/unit/object_fixture.h \
	t/unit/transfer_fixture.c t/unit/transfer_fixture.h
BACKUP_FIXTURE = t/unit/backup_fixture.c t/unit/backup_fixture.h
t_unit_transfer_test_SOURCES = t/unit/transfer_test.c t/unit/test_data.h $(TRANSFER_FIXTURE)
t_unit_transfer_test_LDADD = $(AGENT) $(CMOCKA_LIBS)
t_unit_mariadb_backup_test_SOURCES = t/unit/mariadb_backup_test.c \
	$(BACKUP_FIXTURE) $(TRANSFER_FIXTURE) $(SERVER_FIXTURE) \
	t/unit/mariadb_fixture.c t/unit/mariadb_fixture.h
t_unit_mariadb_backup_test_LDADD = $(AGENT) $(CMOCKA_LIBS)
t_unit_postgresql_backup_test_SOURCES = t/unit/postgresql_backup_test.c \
	$(BACKUP_FIXTURE) $(TRANSFER_FIXTURE) $(SERVER_FIXTURE) \
	t/unit/postgresql_fixture.c t/unit/postgresql_fixture.h
t_unit_postgresql_backup_test_LDADD = $(AGENT) $(CMOCKA_LIBS)
t_unit_agent_modules_test_SOURCES = t/unit/agent_modules_test.c t/unit/test_data.h
t_unit_agent_modules_test_LDADD = $(AGENT) $(CMOCKA_LIBS)
t_unit_digest_test_SOURCES = t/unit/digest_test.c t/unit/test_op.h
t_unit_digest_test_LDADD = $(AGENT) $(CMOCKA_LIBS)
t_unit_answers_test_SOURCES = t/unit/answers_test.c t/unit/answers_test.h \
	t/unit/answers_bodies.c t/unit/answers_reports.c t/unit/test.h
t_unit_answers_test_LDADD = $(AGENT) $(CMOCKA_LIBS)
t_unit_orders_test_SOURCES = t/unit/orders_test.c t/unit/test.h
t_unit_orders_test_LDADD = $(AGENT) $(CMOCKA_LIBS)
t_unit_guest_names_test_SOURCES = t/unit/guest_names_test.c t/unit/test.h
t_unit_guest_names_test_LDADD = $(AGENT) $(CMOCKA_LIBS)
t_unit_host_test_SOURCES = t/unit/host_test.c t/unit/test_data.h
t_unit_host_test_LDADD = $(AGENT) $(CMOCKA_LIBS)
t_unit_engine_test_SOURCES = t/unit/engine_test.c t/unit/engine_test.h \
	t/unit/engine_users.c t/unit/engine_servers.c \
	t/unit/engine_mariadb.c t/unit/engine_mysql.c \
	t/unit/engine_postgresql.c t/unit/engine_postgresql.h \
	t/unit/engine_postgresql_backups.c \
	t/unit/engine_redis.c t/unit/engine_redis.h \
	t/unit/engine_redis_backups.c t/unit/engine_redis_log.c \
	t/unit/engine_tls.c t/unit/engine_verify.c t/unit/engine_verify.h \
	t/unit/engine_verify_redis.c t/unit/engine_verify_sql.c \
	t/unit/test.h $(SERVER_FIXTURE) \
	t/unit/mariadb_fixture.c t/unit/mariadb_fixture.h \
	t/unit/postgresql_fixture.c t/unit/postgresql_fixture.h
t_unit_engine_test_LDADD = $(AGENT) $(CMOCKA_LIBS)

# The agent by itself; it starts its own Redis and MariaDB.
dist_check_SCRIPTS += t/scenario/0010-an-agent-alone.t
