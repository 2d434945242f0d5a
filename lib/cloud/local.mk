noinst_LIBRARIES += lib/cloud/libcloud.a
lib_cloud_libcloud_a_SOURCES = lib/cloud/cloud.h
