# coffer-api: everything but its main stands in a library, for the unit tests.
noinst_LIBRARIES += fcgi/libapi.a
fcgi_libapi_a_SOURCES = \
	fcgi/api.h fcgi/handlers.h \
	fcgi/auth.c fcgi/auth.h \
	fcgi/fields.c fcgi/fields.h fcgi/fields_kinds.c fcgi/fields_kinds.h \
	fcgi/identity_static.c fcgi/identity_v3.c \
	fcgi/limits.c \
	fcgi/query.c fcgi/query.h \
	fcgi/ratelimit.c fcgi/ratelimit.h \
	fcgi/reply.c \
	fcgi/route.c fcgi/route.h fcgi/routes.c \
	fcgi/serve.c \
	fcgi/shared.c fcgi/shared.h \
	fcgi/versions.c \
	fcgi/view_identity.c fcgi/view_identity.h

sbin_PROGRAMS += coffer-api
coffer_api_SOURCES = fcgi/main.c fcgi/request.c fcgi/request.h
coffer_api_LDADD = $(API) $(FCGI_LIBS)

# The API's own floor on top of all the others.
API = fcgi/libapi.a lib/msg/libmsg.a lib/store/libstore.a \
	lib/wire/libwireredis.a lib/wire/libwirepg.a \
	$(BASE) $(HIREDIS_LIBS) $(PQ_LIBS)
