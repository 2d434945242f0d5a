noinst_LIBRARIES += lib/cloud/libcloud.a
lib_cloud_libcloud_a_SOURCES = lib/cloud/cloud.c lib/cloud/cloud.h \
	lib/cloud/null.c lib/cloud/null.h lib/cloud/failing.c
