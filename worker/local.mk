# worker

# A library of its own, so that tests can turn its crank.
noinst_LIBRARIES += worker/libconductor.a
worker_libconductor_a_SOURCES = worker/conductor.c worker/conductor.h \
	worker/conductor_admit.c worker/conductor_floods.c \
	worker/conductor_reports.c \
	worker/conductor_roll.c worker/conductor_roll.h \
	worker/conductor_shards.c \
	worker/conductor_writes.c
sbin_PROGRAMS += worker/coffer-conductor
worker_coffer_conductor_SOURCES = worker/conductor_main.c
worker_coffer_conductor_LDADD = worker/libconductor.a $(MSG) $(STORE)

CONDUCTOR_TEST = t/unit/test.h \
	t/unit/conductor_fixture.c t/unit/conductor_fixture.h \
	t/unit/pg_fixture.c t/unit/pg_fixture.h \
	t/unit/redis_fixture.c t/unit/redis_fixture.h
CONDUCTOR_TEST_LIBS = worker/libconductor.a $(MSG) $(STORE) $(CMOCKA_LIBS)
if HAVE_CMOCKA
check_PROGRAMS += t/unit/conductor_test t/unit/conductor_floods_test \
	t/unit/conductor_failures_test t/unit/roll_test
endif
t_unit_conductor_test_SOURCES = t/unit/conductor_test.c $(CONDUCTOR_TEST)
t_unit_conductor_test_LDADD = $(CONDUCTOR_TEST_LIBS)
t_unit_conductor_floods_test_SOURCES = t/unit/conductor_floods_test.c $(CONDUCTOR_TEST)
t_unit_conductor_floods_test_LDADD = $(CONDUCTOR_TEST_LIBS)
t_unit_conductor_failures_test_SOURCES = t/unit/conductor_failures_test.c $(CONDUCTOR_TEST)
t_unit_conductor_failures_test_LDADD = $(CONDUCTOR_TEST_LIBS)
t_unit_roll_test_SOURCES = t/unit/roll_test.c t/unit/test.h
t_unit_roll_test_LDADD = $(CONDUCTOR_TEST_LIBS)

noinst_LIBRARIES += worker/libworker.a
worker_libworker_a_SOURCES = worker/flow.h worker/flows.c \
	worker/flow_ends.c worker/runner.c worker/runner.h \
	worker/backup.c worker/backup.h worker/steps_backup.c \
	worker/restore_old.c worker/restore_old.h \
	worker/steps_collect.c worker/steps_restore.c \
	worker/steps_logs.c worker/duty_logs.c worker/logs.h \
	worker/steps_cloud.c worker/steps_guest.c worker/steps_resize.c \
	worker/steps_verify.c worker/duty_verify.c \
	worker/agent_conf.c worker/event_log.c \
	worker/duties.c worker/duties.h worker/duty_backups.c \
	worker/duty_schedules.c worker/later.c worker/later.h
sbin_PROGRAMS += worker/coffer-worker
worker_coffer_worker_SOURCES = worker/worker.c
worker_coffer_worker_LDADD = worker/libworker.a $(CLOUD) $(MSG) $(STORE) $(CRYPTO_LIBS)

# The fixture stands in for the local drivers, so none of theirs is linked.
WORKER_TEST = t/unit/test.h t/unit/pg_fixture.c t/unit/pg_fixture.h \
	t/unit/redis_fixture.c t/unit/redis_fixture.h \
	t/unit/worker_fixture.c t/unit/worker_fixture.h
WORKER_TEST_LIBS = worker/libworker.a $(CLOUD) $(MSG) $(STORE) $(CRYPTO_LIBS) $(CMOCKA_LIBS)
if HAVE_CMOCKA
check_PROGRAMS += t/unit/flows_test t/unit/runner_test t/unit/duties_test \
	t/unit/operator_flows_test t/unit/backup_flow_test \
	t/unit/restore_flow_test t/unit/backup_result_test \
	t/unit/schedules_test t/unit/verify_test
endif
t_unit_flows_test_SOURCES = t/unit/flows_test.c $(WORKER_TEST)
t_unit_flows_test_LDADD = $(WORKER_TEST_LIBS)
t_unit_operator_flows_test_SOURCES = t/unit/operator_flows_test.c $(WORKER_TEST)
t_unit_operator_flows_test_LDADD = $(WORKER_TEST_LIBS)
BACKUP_FLOW = t/unit/backup_flow_fixture.c t/unit/backup_flow_fixture.h
t_unit_backup_flow_test_SOURCES = t/unit/backup_flow_test.c t/unit/packed.h \
	$(BACKUP_FLOW) $(WORKER_TEST)
t_unit_backup_flow_test_LDADD = $(WORKER_TEST_LIBS)
t_unit_restore_flow_test_SOURCES = t/unit/restore_flow_test.c $(BACKUP_FLOW) $(WORKER_TEST)
t_unit_restore_flow_test_LDADD = $(WORKER_TEST_LIBS)
t_unit_backup_result_test_SOURCES = t/unit/backup_result_test.c \
	t/unit/packed.h t/unit/test_op.h $(WORKER_TEST)
t_unit_backup_result_test_LDADD = $(WORKER_TEST_LIBS)
t_unit_verify_test_SOURCES = t/unit/verify_test.c t/unit/test_op.h $(WORKER_TEST)
t_unit_verify_test_LDADD = $(WORKER_TEST_LIBS)
t_unit_schedules_test_SOURCES = t/unit/schedules_test.c $(WORKER_TEST)
t_unit_schedules_test_LDADD = $(WORKER_TEST_LIBS)
t_unit_duties_test_SOURCES = t/unit/duties_test.c $(WORKER_TEST)
t_unit_duties_test_LDADD = $(WORKER_TEST_LIBS)
t_unit_runner_test_SOURCES = t/unit/runner_test.c $(WORKER_TEST)
t_unit_runner_test_LDADD = $(WORKER_TEST_LIBS)
