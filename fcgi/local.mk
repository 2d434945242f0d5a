# coffer-api: everything but its main stands in a library, for the unit tests.
noinst_LIBRARIES += fcgi/libapi.a
fcgi_libapi_a_SOURCES = \
	fcgi/api.h fcgi/handlers.h fcgi/handlers_backups.h \
	fcgi/access.c \
	fcgi/accounts.c fcgi/accounts.h \
	fcgi/attempt.c fcgi/attempt.h \
	fcgi/auth.c fcgi/auth.h \
	fcgi/backups.c fcgi/backup_schedules.c fcgi/backup_strategies.c \
	fcgi/bodies.c \
	fcgi/configurations.c fcgi/configurations.h \
	fcgi/handlers_configuration.h \
	fcgi/events.c \
	fcgi/cluster_create.c fcgi/clusters.c \
	fcgi/containers.c fcgi/handlers_objects.h fcgi/objects.c \
	fcgi/object_admit.c fcgi/object_admit.h fcgi/stream.h \
	fcgi/view_objects.c fcgi/view_objects.h \
	fcgi/databases.c \
	fcgi/datastores.c fcgi/datastores.h \
	fcgi/elsewhere.c fcgi/elsewhere.h \
	fcgi/engines.c fcgi/engines.h \
	fcgi/fields.c fcgi/fields.h fcgi/fields_kinds.c fcgi/fields_kinds.h \
	fcgi/flavors.c \
	fcgi/guest.c fcgi/guest.h \
	fcgi/identity_static.c fcgi/identity_v3.c \
	fcgi/instance_actions.c fcgi/instance_create.c fcgi/instance_update.c \
	fcgi/instances.c \
	fcgi/instance_configure.c \
	fcgi/instance_defaults.c \
	fcgi/defaults.c fcgi/defaults.h fcgi/defaults.tbl.h \
	fcgi/instance_modules.c fcgi/instance_modules.h fcgi/instances.h \
	fcgi/limits.c \
	fcgi/logs.c \
	fcgi/media.c fcgi/media.h \
	fcgi/handlers_mgmt.h fcgi/mgmt.h fcgi/mgmt_actions.c fcgi/mgmt_hosts.c \
	fcgi/mgmt_instances.c fcgi/mgmt_quotas.c fcgi/mgmt_versions.c \
	fcgi/modules.c \
	fcgi/openapi.c fcgi/openapi_body.c fcgi/openapi_body.h \
	fcgi/openapi.tbl.h fcgi/view_openapi.c fcgi/view_openapi.h \
	fcgi/names.c fcgi/names.h fcgi/charsets.tbl.h \
	fcgi/parameters.c \
	fcgi/query.c fcgi/query.h \
	fcgi/ratelimit.c fcgi/ratelimit.h \
	fcgi/replicas.c fcgi/replicas.h \
	fcgi/reply.c \
	fcgi/root.c \
	fcgi/route.c fcgi/route.h fcgi/routes.c \
	fcgi/security.c fcgi/security.h fcgi/view_security.c fcgi/view_ssl.c \
	fcgi/serve.c \
	fcgi/ssl.c fcgi/ssl.h \
	fcgi/settings.c fcgi/settings.h \
	fcgi/shared.c fcgi/shared.h \
	fcgi/status.c fcgi/status.h \
	fcgi/tasks.c \
	fcgi/users.c fcgi/users.h \
	fcgi/versions.c \
	fcgi/view_attempt.c fcgi/view_attempt.h \
	fcgi/view_account.c fcgi/view_backup.c fcgi/view_catalog.c fcgi/view_cluster.c \
	fcgi/view_mgmt.c \
	fcgi/volume_types.c fcgi/volume_types.h \
	fcgi/view_configuration.c \
	fcgi/view_identity.c fcgi/view_identity.h \
	fcgi/view_instance.c fcgi/view_module.c fcgi/view_order.c fcgi/view_task.c fcgi/views.h \
	fcgi/wishes.c fcgi/wishes.h \
	fcgi/xmlw.c fcgi/xmlw.h fcgi/xml_names.tbl.h

sbin_PROGRAMS += coffer-api
coffer_api_SOURCES = fcgi/main.c fcgi/request.c fcgi/request.h
coffer_api_LDADD = $(API) $(FCGI_LIBS)

# The API's own floor on top of all the others.
API = fcgi/libapi.a lib/msg/libmsg.a lib/store/libstore.a \
	lib/wire/libwireredis.a lib/wire/libwirepg.a \
	lib/cloud/libcloud.a lib/wire/libwirehttp.a \
	$(BASE) $(HIREDIS_LIBS) $(PQ_LIBS) $(CURL_LIBS) $(XML_LIBS)

# The tables as lines, for tests; they need Python.
noinst_PROGRAMS += t/tools/apitables
t_tools_apitables_SOURCES = t/tools/apitables.c
t_tools_apitables_LDADD = $(API)
dist_check_SCRIPTS += t/unit/openapi.t

# What clients see of instances, and the rules of what they may ask for.
if HAVE_CMOCKA
check_PROGRAMS += t/unit/status_test t/unit/api_names_test \
	t/unit/api_bodies_test t/unit/views_test t/unit/instances_test \
	t/unit/instance_handlers_test
endif
t_unit_status_test_SOURCES = t/unit/status_test.c t/unit/test.h
t_unit_status_test_LDADD = $(API) $(CMOCKA_LIBS)
t_unit_api_names_test_SOURCES = t/unit/api_names_test.c t/unit/cost.h \
	t/unit/test.h
t_unit_api_names_test_LDADD = $(API) $(CMOCKA_LIBS)
t_unit_api_bodies_test_SOURCES = t/unit/api_bodies_test.c t/unit/test.h
t_unit_api_bodies_test_LDADD = $(API) $(CMOCKA_LIBS)
if HAVE_CMOCKA
check_PROGRAMS += t/unit/settings_test t/unit/configurations_test
endif
t_unit_settings_test_SOURCES = t/unit/settings_test.c t/unit/test.h
t_unit_settings_test_LDADD = $(API) $(CMOCKA_LIBS)
t_unit_configurations_test_SOURCES = t/unit/configurations_test.c \
	t/unit/test.h t/unit/api_fixture.c t/unit/api_fixture.h \
	t/unit/key_fixture.c t/unit/key_fixture.h \
	t/unit/pg_fixture.c t/unit/pg_fixture.h
t_unit_configurations_test_LDADD = $(API) $(CMOCKA_LIBS)
t_unit_views_test_SOURCES = t/unit/views_test.c t/unit/test.h
t_unit_views_test_LDADD = $(API) $(CMOCKA_LIBS)
INSTANCES_FIXTURE = t/unit/test.h \
	t/unit/instances_fixture.c t/unit/instances_fixture.h \
	t/unit/key_fixture.c t/unit/key_fixture.h \
	t/unit/pg_fixture.c t/unit/pg_fixture.h
t_unit_instance_handlers_test_SOURCES = t/unit/instance_handlers_test.c \
	$(INSTANCES_FIXTURE)
t_unit_instance_handlers_test_LDADD = $(API) $(CMOCKA_LIBS)
# It loses the answer to a COMMIT when told.
t_unit_instances_test_SOURCES = t/unit/instances_test.c $(INSTANCES_FIXTURE)
t_unit_instances_test_LDADD = $(API) $(CMOCKA_LIBS)
t_unit_instances_test_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=pg_run \
	-Wl,--wrap=pg_unsure

if HAVE_CMOCKA
check_PROGRAMS += t/unit/route_test t/unit/fields_test t/unit/ratelimit_test \
	t/unit/shared_test t/unit/serve_test t/unit/identity_test \
	t/unit/media_test t/unit/xmlw_test t/unit/objects_test
endif
t_unit_objects_test_SOURCES = t/unit/objects_test.c t/unit/test.h \
	t/unit/api_fixture.c t/unit/api_fixture.h \
	t/unit/key_fixture.c t/unit/key_fixture.h
t_unit_objects_test_LDADD = $(API) $(CMOCKA_LIBS)
t_unit_route_test_SOURCES = t/unit/route_test.c t/unit/test.h
t_unit_route_test_LDADD = $(API) $(CMOCKA_LIBS)
t_unit_fields_test_SOURCES = t/unit/fields_test.c t/unit/cost.h \
	t/unit/test.h
t_unit_fields_test_LDADD = $(API) $(CMOCKA_LIBS)
t_unit_ratelimit_test_SOURCES = t/unit/ratelimit_test.c t/unit/test.h
t_unit_ratelimit_test_LDADD = $(API) $(CMOCKA_LIBS)
t_unit_shared_test_SOURCES = t/unit/shared_test.c t/unit/test.h
t_unit_shared_test_LDADD = $(API) $(CMOCKA_LIBS)
t_unit_serve_test_SOURCES = t/unit/serve_test.c t/unit/test.h \
	t/unit/api_fixture.c t/unit/api_fixture.h \
	t/unit/key_fixture.c t/unit/key_fixture.h
t_unit_serve_test_LDADD = $(API) $(CMOCKA_LIBS)
t_unit_identity_test_SOURCES = t/unit/identity_test.c t/unit/test.h \
	t/unit/api_fixture.c t/unit/api_fixture.h \
	t/unit/key_fixture.c t/unit/key_fixture.h \
	t/unit/pg_fixture.c t/unit/pg_fixture.h
t_unit_identity_test_LDADD = $(API) $(CMOCKA_LIBS)
t_unit_media_test_SOURCES = t/unit/media_test.c t/unit/test.h \
	t/unit/api_fixture.c t/unit/api_fixture.h \
	t/unit/key_fixture.c t/unit/key_fixture.h
t_unit_media_test_LDADD = $(API) $(CMOCKA_LIBS)
t_unit_xmlw_test_SOURCES = t/unit/xmlw_test.c t/unit/test_op.h
t_unit_xmlw_test_LDADD = $(API) $(CMOCKA_LIBS)
if HAVE_CMOCKA
check_PROGRAMS += t/unit/operator_test
endif
t_unit_operator_test_SOURCES = t/unit/operator_test.c t/unit/test.h \
	t/unit/pg_fixture.c t/unit/pg_fixture.h
t_unit_operator_test_LDADD = $(API) $(CMOCKA_LIBS)
EXTRA_DIST += t/data/routes.tsv t/data/idor.tsv t/data/xml
