noinst_LIBRARIES += lib/cloud/libcloud.a
lib_cloud_libcloud_a_SOURCES = lib/cloud/cloud.c lib/cloud/cloud.h lib/cloud/storage.h \
	lib/cloud/objects.c lib/cloud/objects.h lib/cloud/objects_draft.c \
	lib/cloud/objects_file.c lib/cloud/objects_file.h lib/cloud/objects_read.c \
	lib/cloud/storage.c lib/cloud/storage_file.c lib/cloud/storage_none.c \
	lib/cloud/storage_s3.c lib/cloud/storage_s3.h \
	lib/cloud/storage_s3_join.c lib/cloud/storage_swift.c \
	lib/cloud/aws4.c lib/cloud/aws4.h \
	lib/cloud/origin.c lib/cloud/origin.h lib/cloud/origin_drivers.h \
	lib/cloud/origin_file.c lib/cloud/origin_s3.c lib/cloud/origin_swift.c \
	lib/cloud/temp_url.c lib/cloud/temp_url.h \
	lib/cloud/identity.h lib/cloud/identity_keystone.c \
	lib/cloud/keystone.c lib/cloud/keystone.h \
	lib/cloud/null.c lib/cloud/null.h lib/cloud/failing.c lib/cloud/fake.c \
	lib/cloud/local_mode.c lib/cloud/local.h lib/cloud/local_place.c \
	lib/cloud/local_cgroup.c lib/cloud/local_cgroup.h \
	lib/cloud/local_compute.c \
	lib/cloud/local_door.c lib/cloud/local_door.h \
	lib/cloud/local_file.c lib/cloud/local_tree.c lib/cloud/local_tree.h \
	lib/cloud/local_firewall.c lib/cloud/local_firewall.h \
	lib/cloud/local_image.c lib/cloud/local_image.h \
	lib/cloud/local_link.c lib/cloud/local_link.h \
	lib/cloud/local_lock.c lib/cloud/local_lock.h \
	lib/cloud/local_network.c lib/cloud/local_network.h \
	lib/cloud/local_run.c lib/cloud/local_run.h \
	lib/cloud/local_sandbox.c lib/cloud/local_sandbox.h \
	lib/cloud/local_sandbox_clone.c lib/cloud/local_sandbox_landlock.c \
	lib/cloud/local_template.c lib/cloud/local_template.h \
	lib/cloud/local_volume.c

# Starts one instance and stays with it; links nothing that speaks to a network.
pkglibexec_PROGRAMS += coffer-sandbox
coffer_sandbox_SOURCES = \
	lib/cloud/local_sandbox_main.c \
	lib/cloud/local_sandbox_init.c lib/cloud/local_sandbox_jail.c \
	lib/cloud/local_sandbox_view.c
coffer_sandbox_LDADD = $(CLOUD)

noinst_PROGRAMS += t/tools/storagectl
t_tools_storagectl_SOURCES = t/tools/storagectl.c
t_tools_storagectl_LDADD = $(CLOUD)

# The test names its own local drivers, so that none of theirs is linked.
if HAVE_CMOCKA
check_PROGRAMS += t/unit/cloud_test t/unit/keystone_test \
	t/unit/storage_test t/unit/swift_test t/unit/temp_url_test \
	t/unit/s3_test
endif
t_unit_swift_test_SOURCES = t/unit/swift_test.c t/unit/test_op.h \
	t/unit/http_fixture.c t/unit/http_fixture.h \
	t/unit/key_fixture.c t/unit/key_fixture.h
t_unit_swift_test_LDADD = $(CLOUD) $(CMOCKA_LIBS)
t_unit_s3_test_SOURCES = t/unit/s3_test.c t/unit/test_op.h \
	t/unit/http_fixture.c t/unit/http_fixture.h \
	t/unit/key_fixture.c t/unit/key_fixture.h
t_unit_s3_test_LDADD = $(CLOUD) $(CMOCKA_LIBS)
t_unit_storage_test_SOURCES = t/unit/storage_test.c t/unit/test_op.h \
	t/unit/key_fixture.c t/unit/key_fixture.h
t_unit_storage_test_LDADD = $(CLOUD) $(CMOCKA_LIBS)
t_unit_temp_url_test_SOURCES = t/unit/temp_url_test.c t/unit/test.h \
	t/unit/key_fixture.c t/unit/key_fixture.h
t_unit_temp_url_test_LDADD = $(CLOUD) $(CMOCKA_LIBS)
t_unit_cloud_test_SOURCES = t/unit/cloud_test.c t/unit/test.h
t_unit_cloud_test_LDADD = $(CLOUD) $(CMOCKA_LIBS)
t_unit_keystone_test_SOURCES = t/unit/keystone_test.c t/unit/test_op.h \
	t/unit/http_fixture.c t/unit/http_fixture.h
t_unit_keystone_test_LDADD = $(CLOUD) $(CMOCKA_LIBS)

# One program per mode: which one is found out once per process.
LOCAL_TESTS = t/unit/local_full_test t/unit/local_userns_test \
	t/unit/local_landlock_test t/unit/local_plain_test \
	t/unit/walls_full_test t/unit/walls_userns_test \
	t/unit/walls_landlock_test t/unit/walls_plain_test
if HAVE_CMOCKA
check_PROGRAMS += $(LOCAL_TESTS) t/unit/cgroup_test t/unit/local_change_test
endif
LOCAL_FIXTURE = t/unit/test.h \
	t/unit/local_fixture.c t/unit/local_fixture.h
t_unit_local_full_test_SOURCES = t/unit/local_test.c $(LOCAL_FIXTURE)
t_unit_local_full_test_CPPFLAGS = $(AM_CPPFLAGS) -DMODE='"full"'
t_unit_local_full_test_LDADD = $(CLOUD) $(CMOCKA_LIBS)
t_unit_local_userns_test_SOURCES = t/unit/local_test.c $(LOCAL_FIXTURE)
t_unit_local_userns_test_CPPFLAGS = $(AM_CPPFLAGS) -DMODE='"userns"'
t_unit_local_userns_test_LDADD = $(CLOUD) $(CMOCKA_LIBS)
t_unit_local_landlock_test_SOURCES = t/unit/local_test.c $(LOCAL_FIXTURE)
t_unit_local_landlock_test_CPPFLAGS = $(AM_CPPFLAGS) -DMODE='"landlock"'
t_unit_local_landlock_test_LDADD = $(CLOUD) $(CMOCKA_LIBS)
t_unit_local_plain_test_SOURCES = t/unit/local_test.c $(LOCAL_FIXTURE)
t_unit_local_plain_test_CPPFLAGS = $(AM_CPPFLAGS) -DMODE='"plain"'
t_unit_local_plain_test_LDADD = $(CLOUD) $(CMOCKA_LIBS)
t_unit_walls_full_test_SOURCES = t/unit/local_walls_test.c $(LOCAL_FIXTURE)
t_unit_walls_full_test_CPPFLAGS = $(AM_CPPFLAGS) -DMODE='"full"'
t_unit_walls_full_test_LDADD = $(CLOUD) $(CMOCKA_LIBS)
t_unit_walls_userns_test_SOURCES = t/unit/local_walls_test.c $(LOCAL_FIXTURE)
t_unit_walls_userns_test_CPPFLAGS = $(AM_CPPFLAGS) -DMODE='"userns"'
t_unit_walls_userns_test_LDADD = $(CLOUD) $(CMOCKA_LIBS)
t_unit_walls_landlock_test_SOURCES = t/unit/local_walls_test.c $(LOCAL_FIXTURE)
t_unit_walls_landlock_test_CPPFLAGS = $(AM_CPPFLAGS) -DMODE='"landlock"'
t_unit_walls_landlock_test_LDADD = $(CLOUD) $(CMOCKA_LIBS)
t_unit_walls_plain_test_SOURCES = t/unit/local_walls_test.c $(LOCAL_FIXTURE)
t_unit_walls_plain_test_CPPFLAGS = $(AM_CPPFLAGS) -DMODE='"plain"'
t_unit_walls_plain_test_LDADD = $(CLOUD) $(CMOCKA_LIBS)
t_unit_local_change_test_SOURCES = t/unit/local_change_test.c $(LOCAL_FIXTURE)
t_unit_local_change_test_LDADD = $(CLOUD) $(CMOCKA_LIBS)
t_unit_cgroup_test_SOURCES = t/unit/cgroup_test.c t/unit/test.h
t_unit_cgroup_test_LDADD = $(CLOUD) $(CMOCKA_LIBS)
